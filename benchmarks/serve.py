"""The server under four times its load, beside other servers of the same classifier.

    python benchmarks/serve.py [MODEL PICTURE] [--python PEERS/bin/python] [--seconds 60] [--only clearsight fastapi litserve bentoml]

Capacity is the rate of answers to 16 clients that ask again at once, and nominal the 99th percentile of their times. Then requests come
at four times that rate, each on a connection of its own, whether or not there are answers; one counts if it comes within two seconds.
The clients work on the first core and the server on the others, in both measurements and for every contestant (--together: all on all
cores): four times the requests cost the clients four times the processor, and on two cores they would take it from the server.
MODEL is an artefact or an origin (`package:efficientnet_lite0`); without one it is LeNet-5, trained on the digits. LitServe and BentoML
are left out where the interpreter of --python does not have them. Figures of each contestant are appended to --rows as they come.
About 90 s for each contestant; what clients with bad intentions can do is counted by serve_faults.py.
"""

import argparse
import base64
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from common import CLEARSIGHT, CONTESTANTS, ROOT, Row, alone, compare, finish, load_check, parser, say

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
DEADLINE, CLIENTS, OVER, WARM = 2.0, 16, 4, 3.0
START = 180.0  # seconds for a server to begin
NAMES = {
    "capacity": "capacity", "nominal_p99": "99th percentile of the time of an answer at capacity",
    "goodput": "good answers under overload", "p99": "99th percentile of the time of an answer under overload",
    "grown_mb": "memory grown under overload",
}  # fmt: skip
LIBRARIES = {"clearsight": "", "fastapi": "", "litserve": "litserve", "bentoml": "bentoml"}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def request_of(name: str, picture: bytes) -> bytes:
    """A whole request, as a contestant takes it."""
    path, kind, body = "/classify", "image/jpeg", picture
    text = base64.b64encode(picture).decode()
    if name == "clearsight":
        path = "/v1/models/m/classify"
    elif name != "fastapi":
        kind, body = "application/json", json.dumps({"picture": text} if name == "litserve" else {"pictures": [text]}).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def command(name: str, model: str, port: int, python: str) -> list[str]:
    if name == "clearsight":
        return [*CLEARSIGHT, "serve", f"m={model}", "--port", str(port), "--lame-duck", "0.2"]
    if name == "bentoml":
        return [python, "-m", "bentoml", "serve", "bento:Classify", "--host", "127.0.0.1", "--port", str(port)]
    return [python, str(CONTESTANTS / ("lit.py" if name == "litserve" else "serving.py")), model, str(port)]


@contextmanager
def running(name: str, given: argparse.Namespace, request: Path) -> Iterator[tuple[int, int]]:
    """Number of the process and port of a server that has answered a request."""
    port = free_port()
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1", "MODEL": given.model, "BENTOML_DO_NOT_TRACK": "1"}
    words = [*on(given, CORES[1:]), *command(name, given.model, port, given.python if LIBRARIES[name] else sys.executable)]
    with subprocess.Popen(
        words, env=env, cwd=CONTESTANTS, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            end = time.monotonic() + START
            while not any(row[0] == 200 for row in load(given, request, port, 0.5, "--clients", 1)["rows"]):
                if time.monotonic() > end or process.poll() is not None:
                    raise TimeoutError(f"{name} does not answer")
                time.sleep(0.5)
            yield process.pid, port
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def on(given: argparse.Namespace, cores: list[int]) -> list[str]:
    """What to write before a command line that shall run on these cores."""
    return [] if given.together or len(CORES) < 2 else ["taskset", "--cpu-list", ",".join(map(str, cores))]


def load(given: argparse.Namespace, request: Path, port: int, seconds: float, *how: Any) -> dict[str, Any]:
    """What the light client found, in a process of its own."""
    words = [*on(given, CORES[:1]), sys.executable, str(CONTESTANTS / "load.py"), str(request), str(port), str(seconds), *map(str, how)]
    return dict(json.loads(subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout))


def session(pid: int) -> Iterator[Path]:
    """The folders in /proc of the processes of a session."""
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError):
            if os.getpgid(int(path.name)) == pid:
                yield path


def memory(pid: int) -> float:
    """Resident MB of the processes of a session."""
    pages = 0
    for path in session(pid):
        with suppress(OSError):
            pages += int((path / "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu(pid: int) -> float:
    """CPU seconds that the processes of a session have taken."""
    ticks = 0
    for path in session(pid):
        with suppress(OSError):
            ticks += sum(map(int, (path / "stat").read_text().rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def watched(pid: int) -> Iterator[list[float]]:
    """Memory every two seconds, in MB."""
    found, ended = [memory(pid)], threading.Event()

    def watch() -> None:
        while not ended.wait(2.0):
            found.append(memory(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield found
    finally:
        ended.set()
        watcher.join()


def p99(values: list[float]) -> float:
    return sorted(values)[int(0.99 * (len(values) - 1))] if values else float("nan")


def measured(name: str, given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Capacity, and what overload does to it."""
    request = folder / name
    request.write_bytes(request_of(name, given.picture.read_bytes()))
    with running(name, given, request) as (pid, port):
        load(given, request, port, WARM, "--clients", CLIENTS)
        spent = [cpu(pid)]
        calm = [row[2] for row in load(given, request, port, given.seconds / 4, "--clients", CLIENTS)["rows"] if row[0] == 200]
        capacity = len(calm) / (given.seconds / 4)
        spent.append(cpu(pid))
        with watched(pid) as megabytes:
            found = load(given, request, port, given.seconds, "--rate", OVER * max(capacity, 1))
        spent.append(cpu(pid))
    rows = found["rows"]
    good = [row[2] for row in rows if row[0] == 200]
    quarter = max(1, len(megabytes) // 4)  # the first one fills buffers, and a batch that is computed at the moment is not growth
    grown = statistics.median(megabytes[-quarter:]) - statistics.median(megabytes[quarter : 2 * quarter] or megabytes)
    return {
        "name": name, "capacity": capacity, "nominal_p99": p99(calm), "p99": p99(good), "p50": statistics.median(good) if good else None,
        "goodput": sum(seconds <= DEADLINE for seconds in good) / given.seconds, "grown_mb": grown, "memory_mb": megabytes[-1],
        "statuses": dict(Counter(str(row[0]) for row in rows)), "no_retry_after": sum(row[0] == 503 and not row[3] for row in rows),
        "unsent": found["unsent"], "client_cores": found["cpu_s"] / given.seconds,
        "cpu_ms": [1e3 * (spent[i + 1] - spent[i]) / max(len(answers), 1) for i, answers in enumerate((calm, good))],
    }  # fmt: skip


def has(name: str, python: str) -> bool:
    """Whether the interpreter for a contestant has its library."""
    library = LIBRARIES[name]
    return not library or not subprocess.run([python, "-c", f"import {library}"], stderr=subprocess.DEVNULL).returncode


def artefact(given: argparse.Namespace, folder: str) -> None:
    """Make `given.model` an artefact, which every contestant can load, and `given.picture` a picture."""
    if not given.model:
        line = [*CLEARSIGHT, "train", "digits", "--model", "lenet5", "--epochs", "2", "--quiet", "--out", f"{folder}/digits"]
        subprocess.run(line, check=True, stdout=subprocess.DEVNULL)
        given.model, given.picture = f"{folder}/digits", Path(folder, "digits", "golden", "00.png")
    elif not Path(given.model).exists():
        code = "import sys; from clearsight.classifier import save; from clearsight.exports.open import open_classifier; "
        code += "save(open_classifier(sys.argv[1]), sys.argv[2])"
        subprocess.run([sys.executable, "-c", code, given.model, f"{folder}/model"], check=True)
        given.model = f"{folder}/model"
    given.model, given.picture = str(Path(given.model).resolve()), given.picture.resolve()


def main() -> None:
    words = parser(__doc__, rounds=1)
    words.add_argument("model", nargs="?", default="")
    words.add_argument("picture", type=Path, nargs="?")
    words.add_argument("--seconds", type=float, default=60.0)
    words.add_argument("--only", nargs="+", choices=LIBRARIES, default=list(LIBRARIES))
    words.add_argument("--together", action="store_true", help="clients and server on all cores")
    words.add_argument("--python", default=sys.executable)
    words.add_argument("--rows", type=Path, default=ROOT / "build" / "performance" / "serve.jsonl")
    given = words.parse_args()
    if given.model and not given.picture:
        words.error("MODEL goes with a PICTURE")
    with tempfile.TemporaryDirectory() as folder:
        artefact(given, folder)
        report(given, Path(folder))


def report(given: argparse.Namespace, folder: Path) -> None:
    """Measure everything, and print it."""
    notes, figures = load_check(), {name: [] for name in given.only if has(name, given.python)}
    notes += [f"{name} is not installed in the environment of --python" for name in given.only if name not in figures]
    given.rows.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(given.rounds):
        for name in list(figures):
            try:
                row = measured(name, given, folder)
            except TimeoutError as error:
                notes.append(str(error))
                del figures[name]
                continue
            figures[name].append(row)
            with given.rows.open("a", encoding="utf-8") as rows:
                rows.write(json.dumps(row) + "\n")
            say(json.dumps(row))
            notes.append(
                f"{name}: statuses under overload {row['statuses']}, of 503 without Retry-After {row['no_retry_after']}, "
                f"unsent {row['unsent']} (900 were open); p99 {row['p99'] / row['nominal_p99']:.2f} of nominal"
            )
    finish(given, "The server at four times its capacity", rows_of(figures), notes, {})


def rows_of(figures: dict[str, list[dict[str, Any]]]) -> list[Row]:
    """Ours against each peer, and ours against our own capacity."""
    peers, rows = dict(figures), []
    ours = peers.pop("clearsight", [])
    for figure, unit, less in (
        ("capacity", "answers/s", False), ("nominal_p99", "s", True), ("goodput", "answers/s", False), ("p99", "s", True),
        ("grown_mb", "MB", True),
    ):  # fmt: skip
        rows += _rows(figure, unit, less, ours, peers)
    if ours:
        rows.append(alone("p99 of answers under overload / at capacity", [one["p99"] / one["nominal_p99"] for one in ours], ""))
        rows.append(alone("goodput / capacity", [one["goodput"] / one["capacity"] for one in ours], ""))
        rows.append(
            alone(
                "server's CPU time for a good answer, at capacity / under overload",
                [one["cpu_ms"][0] / one["cpu_ms"][1] for one in ours],
                "",
            )
        )
    best = max((statistics.median(one["goodput"] for one in row) for row in peers.values() if row), default=0.0)
    if ours and best > 0:
        rows.append(alone("goodput / best peer's", [one["goodput"] / best for one in ours], ""))
    return rows


def _rows(figure: str, unit: str, less: bool, ours: list[dict[str, Any]], peers: dict[str, list[dict[str, Any]]]) -> list[Row]:
    """Ours against each peer; each alone where a peer has none, as of good answers under overload."""
    values = {name: [one[figure] for one in row] for name, row in (("clearsight", ours), *peers.items()) if row}
    if figure != "grown_mb" and len(values) > 1 and all(value > 0 for row in values.values() for value in row):
        mine = values.pop("clearsight", None)
        if mine:
            return [compare(NAMES[figure], mine, row, unit, against=name, less=less) for name, row in values.items()]
    return [alone(f"{NAMES[figure]}, {name}", row, unit) for name, row in values.items()]


if __name__ == "__main__":
    main()
