"""The server under four times its load, beside other servers of the same classifier; its end under load; damaged bodies.

    python benchmarks/serve.py [MODEL PICTURE] [--seconds 60] [--only clearsight fastapi litserve] [--ends 200] [--bodies 10000]

Capacity is measured with as many clients as a batch has pictures, then requests come at four times that rate, whether or not there are
answers. An answer counts if it comes within two seconds. Without a MODEL it is LeNet-5, trained on
the digits. LitServe needs an environment that has it: --python.
"""

import argparse
import asyncio
import base64
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from common import CLEARSIGHT, CONTESTANTS, ROOT, Row, alone, compare, finish, load_check, parser, say

DEADLINE, CLIENTS, OVER = 2.0, 10, 4
NAMES = {
    "capacity": "capacity", "goodput": "good answers under overload", "p99": "99th percentile of the time of an answer under overload",
    "grown_mb": "memory grown under overload",
}  # fmt: skip
MOST_OPEN = 400  # requests without an answer, so that a server without a bound does not take the machine


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def running(name: str, model: str, python: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The server, once it answers."""
    port, env = free_port(), {**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
    words = [*CLEARSIGHT, "serve", f"m={model}", "--port", str(port), "--lame-duck", "0.2"]
    if name != "clearsight":
        words = [python, str(CONTESTANTS / "serving.py"), name, model, str(port)]
    with subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            for _ in range(1200):
                with socket.socket() as trial:
                    if not trial.connect_ex(("127.0.0.1", port)):
                        break
                time.sleep(0.1)
            yield process, port
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


async def ask(port: int, request: bytes) -> tuple[int, float]:
    """Status (0: no answer) and seconds of one request on a connection of its own."""
    start = time.monotonic()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        line = await asyncio.wait_for(reader.readline(), 30)
        await reader.read()
        writer.close()
        return int(line.split()[1]), time.monotonic() - start
    except (OSError, IndexError, TimeoutError):
        return 0, time.monotonic() - start


def request_of(name: str, body: bytes) -> bytes:
    path, kind = ("/v1/models/m/classify", "image/jpeg") if name == "clearsight" else ("/classify", "image/jpeg")
    if name == "litserve":
        body, kind = json.dumps({"picture": base64.b64encode(body).decode()}).encode(), "application/json"
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def closed(port: int, request: bytes, seconds: float) -> list[tuple[int, float]]:
    """Answers to clients that ask again as soon as they have one."""
    end, found = time.monotonic() + seconds, []

    async def client() -> None:
        while time.monotonic() < end:
            found.append(await ask(port, request))

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return found


async def open_loop(port: int, request: bytes, rate: float, seconds: float) -> list[tuple[int, float]]:
    """Answers to requests that come at this rate."""
    start, tasks, waiting = time.monotonic(), [], set()
    for i in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, start + i / rate - time.monotonic()))
        if len(waiting) < MOST_OPEN:
            task = asyncio.ensure_future(ask(port, request))
            tasks.append(task)
            waiting.add(task)
            task.add_done_callback(waiting.discard)
    return list(await asyncio.gather(*tasks))


def memory(pid: int) -> float:
    """Resident MB of a process and its children."""
    pages = 0
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(path.name)) == pid:
                pages += int((path / "statm").read_text().split()[1])
        except (OSError, ValueError):
            continue
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def p99(values: list[float]) -> float:
    return sorted(values)[int(0.99 * (len(values) - 1))] if values else float("nan")


def measured(name: str, given: argparse.Namespace, body: bytes) -> dict[str, Any]:
    """Capacity, and what overload does to it."""
    with running(name, given.model, given.python if name == "litserve" else sys.executable) as (process, port):
        request = request_of(name, body)
        asyncio.run(closed(port, request, 3))
        calm = asyncio.run(closed(port, request, given.seconds / 4))
        capacity = sum(status == 200 for status, _ in calm) / (given.seconds / 4)
        before = memory(process.pid)
        answers = asyncio.run(open_loop(port, request, OVER * max(capacity, 1), given.seconds))
        good = [seconds for status, seconds in answers if status == 200]
        return {
            "capacity": capacity, "nominal_p99": p99([seconds for _, seconds in calm]), "p99": p99(good),
            "goodput": sum(seconds <= DEADLINE for seconds in good) / given.seconds, "grown_mb": memory(process.pid) - before,
            "statuses": dict(Counter(str(status) for status, _ in answers)),
        }  # fmt: skip


def ends(given: argparse.Namespace, body: bytes) -> dict[str, int]:
    """Ends by SIGTERM under load: how many exit with 0, and the statuses that clients saw; 0 is a connection that was refused or closed."""
    found: Counter[str] = Counter()
    for _ in range(given.ends):
        with running("clearsight", given.model, "") as (process, port):

            async def load(process: subprocess.Popen[bytes] = process, port: int = port) -> list[tuple[int, float]]:
                asking = asyncio.ensure_future(closed(port, request_of("clearsight", body), 2.5))
                await asyncio.sleep(1)
                process.terminate()
                return await asking

            answers = asyncio.run(load())
            found[f"exit {process.wait(60)}"] += 1
            found.update(f"status {status}" for status, _ in answers if status)
    return dict(found)


def damaged(given: argparse.Namespace, body: bytes) -> dict[str, int]:
    """Statuses for bodies with bytes changed, cut and doubled."""
    draw, found = random.Random(0), Counter()
    with running("clearsight", given.model, "") as (_, port):
        for _ in range(given.bodies):
            data = bytearray(body[: draw.randrange(1, len(body) + 1)] if draw.random() < 0.3 else body)
            for _ in range(draw.randrange(0, 20)):
                data[draw.randrange(len(data))] = draw.randrange(256)
            found[str(asyncio.run(ask(port, request_of("clearsight", bytes(data))))[0])] += 1
    return dict(found)


def main() -> None:
    words = parser(__doc__, rounds=1)
    words.add_argument("model", nargs="?", default="")
    words.add_argument("picture", type=Path, nargs="?")
    words.add_argument("--seconds", type=float, default=60.0)
    words.add_argument("--only", nargs="+", default=["clearsight", "fastapi"])
    words.add_argument("--python", default=sys.executable)
    words.add_argument("--ends", type=int, default=0)
    words.add_argument("--bodies", type=int, default=0)
    given = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if not given.model:
            line = [*CLEARSIGHT, "train", "digits", "--model", "lenet5", "--epochs", "2", "--quiet", "--out", f"{folder}/digits"]
            subprocess.run(line, check=True, stdout=subprocess.DEVNULL)
            given.model, given.picture = f"{folder}/digits", Path(folder, "digits", "golden", "00.png")
        report(given)


def report(given: argparse.Namespace) -> None:
    """Measure everything, and print it."""
    notes, body, rows = load_check(), given.picture.read_bytes(), []
    figures: dict[str, list[dict[str, Any]]] = {name: [] for name in given.only}
    for _ in range(given.rounds):
        for name in given.only:
            figures[name].append(measured(name, given, body))
            say(f"{name}: {figures[name][-1]}")
            notes.append(f"{name}: statuses under overload {figures[name][-1]['statuses']}")
    ours = figures.pop("clearsight", [])
    for figure, unit, less in (
        ("capacity", "answers/s", False),
        ("goodput", "answers/s", False),
        ("p99", "s", True),
        ("grown_mb", "MB", True),
    ):
        rows += _rows(figure, unit, less, ours, figures)
    if ours:
        rows.append(alone("p99 of answers under overload / at capacity", [one["p99"] / one["nominal_p99"] for one in ours], ""))
        rows.append(alone("goodput / capacity", [one["goodput"] / one["capacity"] for one in ours], ""))
    if given.ends:
        notes.append(f"{given.ends} ends under load: {ends(given, body)}")
    if given.bodies:
        notes.append(f"{given.bodies:,} damaged bodies: statuses {damaged(given, body)}")
    finish(given, "The server at four times its capacity", rows, notes, {})


def _rows(figure: str, unit: str, less: bool, ours: list[dict[str, Any]], peers: dict[str, list[dict[str, Any]]]) -> list[Row]:
    """Ours against each peer; each alone where a peer has none, as of good answers under overload."""
    values = {name: [one[figure] for one in row] for name, row in (("clearsight", ours), *peers.items()) if row}
    if figure != "grown_mb" and len(values) > 1 and all(value > 0 for row in values.values() for value in row):
        mine = values.pop("clearsight")
        return [compare(NAMES[figure], mine, row, unit, against=name, less=less) for name, row in values.items()]
    return [alone(f"{NAMES[figure]}, {name}", row, unit) for name, row in values.items()]


if __name__ == "__main__":
    main()
