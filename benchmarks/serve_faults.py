"""What clients with bad intentions, dying children and signals do to the server: counts, which should be zeros.

    python benchmarks/serve_faults.py [ends bodies children slow hosts] [--ends 200] [--bodies 10000] [--rows FILE]

`ends`: SIGTERM at a random moment under load. `bodies`: pictures, archives and tensors damaged at random, and the corpus of tests/rubbish
with its bombs. `children`: decoding processes of an exposed server are killed under load. `slow`: connections that send a byte a second,
beside clients that are answered. `hosts`: headers Host, Origin and Sec-Fetch-Site of other sites. The server is LeNet-5 with random
weights; each starts as a fork of this process, which has imported everything. A line of JSON for each part, also in --rows.
"""

import argparse
import asyncio
import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

from common import CONTESTANTS, ROOT, say

sys.path.insert(0, str(ROOT))
SIDE, CLIENTS = 28, 8
CLASSIFY = "/v1/models/m/classify"
LOOPBACK = "127.0.0.1"


def artefact(folder: Path) -> Path:
    """A classifier with golden samples."""
    import numpy as np

    from clearsight import models
    from clearsight.classifier import Classifier, save
    from clearsight.images.preprocess import Preprocessing

    network = models.build("lenet5", 3, channels=1, height=SIDE, width=SIDE, seed=0)
    made = Classifier(network, Preprocessing(1, SIDE, SIDE), ("cat", "dog", "eel"), architecture="lenet5")
    save(made, folder / "m", [np.full((SIDE, SIDE, 1), 80 * n, np.uint8) for n in range(3)])
    return folder / "m"


def png() -> bytes:
    """A small picture with noise."""
    import numpy as np
    from PIL import Image

    stream = BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)).save(stream, "PNG")
    return stream.getvalue()


@contextlib.contextmanager
def running(model: Path, **options: Any) -> Iterator[tuple[int, int]]:
    """Number of the process and port of a server that listens."""
    from clearsight.serving import Options, server

    with server.bound(LOOPBACK, 0) as trial:
        port = trial.getsockname()[1]
    pid = os.fork()
    if not pid:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os._exit(server.serve([f"m={model}"], Options(port=port, **{"lame_duck": 0.2, **options})))
    try:
        while asked(port, "GET", "/readyz")[0] != 200:
            time.sleep(0.05)
        yield pid, port
    finally:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def asked(port: int, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, str]:
    """Status (0: no connection, -1: no answer) and Retry-After."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=60)
    try:
        connection.connect()
    except OSError:
        return 0, ""
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("Retry-After") or ""
    except (OSError, http.client.HTTPException):
        return -1, ""
    finally:
        connection.close()


def loaded(request: Path, port: int, seconds: float) -> subprocess.Popen[bytes]:
    """Clients that ask again at once, in a process of their own."""
    words = [sys.executable, str(CONTESTANTS / "load.py"), str(request), str(port), str(seconds), "--clients", str(CLIENTS)]
    return subprocess.Popen(words, stdout=subprocess.PIPE)


def statuses(load: subprocess.Popen[bytes]) -> Counter[str]:
    """The statuses that they saw."""
    out, _ = load.communicate()
    return Counter(str(row[0]) for row in json.loads(out)["rows"])


def request_of(folder: Path, body: bytes) -> Path:
    head = f"POST {CLASSIFY} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    (folder / "request").write_bytes(head.encode() + body)
    return folder / "request"


def ends(model: Path, request: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Exit codes (1: an admitted picture was not answered) and statuses; of -1, the server had not read the request or is at fault."""
    draw, codes, found = random.Random(0), Counter[str](), Counter[str]()
    for _ in range(given.ends):
        with running(model) as (pid, port):
            load = loaded(request, port, 1.2)
            time.sleep(draw.uniform(0.2, 0.9))
            os.kill(pid, signal.SIGTERM)
            codes[str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))] += 1
            found += statuses(load)
    return {"ends": given.ends, "exit codes": codes, "statuses": found}


def damaged(draw: random.Random, data: bytes) -> bytes:
    """Bytes changed, cut, doubled, or others in their place."""
    body = bytearray(data[: draw.randrange(1, len(data) + 1)] if draw.random() < 0.3 else data)
    for _ in range(draw.randrange(0, 20)):
        body[draw.randrange(len(body))] = draw.randrange(256)
    if draw.random() < 0.1:
        place = draw.randrange(len(body))
        body[place:place] = body[place : place + draw.randrange(1, 5000)]
    return draw.randbytes(draw.randrange(1, 3000)) if draw.random() < 0.05 else bytes(body)


def bodies(model: Path, request: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Statuses for damaged bodies of every route, in this process and, a tenth, with decoding in children."""
    from tests.rubbish.bad import EITHER, REFUSED

    whole = [png(), *(data for data, _ in REFUSED.values() if 0 < len(data) < 2**20), *(make() for make in EITHER.values())]
    frames = b"".join(len(one).to_bytes(4, "big") + one for one in whole[:8])
    tensor = json.dumps({"inputs": [{"name": "x", "datatype": "UINT8", "shape": [1, 2, 2, 1], "data": [1, 2, 3, 4]}]}).encode()
    kinds = [(CLASSIFY, whole), ("/v1/models/m/classify-many", [frames]), ("/v2/models/m/infer", [tensor])]

    def one(i: int) -> str:
        draw = random.Random(i)
        path, samples = kinds[0] if draw.random() < 0.7 else draw.choice(kinds[1:])
        if i < len(whole):
            return str(asked(port, "POST", CLASSIFY, whole[i])[0])
        return str(asked(port, "POST", path, damaged(draw, draw.choice(samples)))[0])

    found: dict[str, Any] = {"bodies": given.bodies}
    for isolate, n in ((False, given.bodies - given.bodies // 10), (True, given.bodies // 10)):
        with running(model, isolate=isolate, deadline=20.0) as (_, port), ThreadPoolExecutor(4) as pool:
            counts = Counter(pool.map(one, range(n)))
            healthy = asked(port, "POST", CLASSIFY, png())[0]
        found["in children" if isolate else "here"] = {"statuses": counts, "a whole picture after it": healthy}
    return found


def children(model: Path, request: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Statuses under load while decoding processes are killed, and how many were."""
    killed = 0
    with running(model, isolate=True) as (pid, port):
        load, end = loaded(request, port, 20.0), time.monotonic() + 18.0
        while time.monotonic() < end:
            time.sleep(2.0)
            alive = " ".join(path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")).split()
            if alive:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(random.choice(alive)), signal.SIGKILL)
                    killed += 1
        found = statuses(load)
    return {"killed": killed, "statuses": found}


def slow(model: Path, request: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Statuses beside 300 connections that send a byte a second, in their headers or in their body, and those that are still open later."""

    async def dawdle(port: int, head: bytes) -> bool:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        try:
            writer.write(head)
            for _ in range(25):
                await asyncio.sleep(1.0)
                writer.write(b"x")
                await writer.drain()
                if reader.at_eof():
                    return False
            return True
        except OSError:
            return False
        finally:
            writer.close()

    async def every(port: int) -> int:
        heads = [b"", b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "]
        heads.append(f"POST {CLASSIFY} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20000000\r\n\r\n".encode())
        return sum(await asyncio.gather(*(dawdle(port, heads[n % 3]) for n in range(300))))

    with running(model) as (_, port):
        left: list[int] = []
        dawdlers = threading.Thread(target=lambda: left.append(asyncio.run(every(port))))
        dawdlers.start()
        time.sleep(1.0)
        found = statuses(loaded(request, port, 20.0))
        dawdlers.join()
    return {"statuses": found, "open after 25 s": left[0]}


def hosts(model: Path, request: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Statuses by case, of headers that must be refused and of those that must not."""
    wrong = ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil@localhost", "localhost@evil", "localhost/evil"]
    wrong += ["localhost?x", "localhost#x", "localhost, evil", "localhost evil", "localhost:x", "localhost:99999", "10.0.0.1", "0.0.0.0"]
    wrong += [
        "[::]",
        "[::1",
        "2130706433",
        "0x7f.1",
        "127.1",
        "pets.example",
        "localhost\\evil",
        "",
        "localhost:80:80",
        "metadata.internal",
    ]
    right = ["localhost", "localhost:8000", "LOCALHOST", "localhost.", "127.0.0.1", "127.8.8.8", "[::1]", "[::1]:80"]
    cases = [({"Host": host}, (421, 400)) for host in wrong] + [({"Host": host}, (200,)) for host in right]
    own = {"Host": "localhost:8000"}
    for origin in ("http://evil.example", "null", "http://localhost:9000", "http://[bad", ""):
        cases.append((own | {"Origin": origin}, (403,)))
    for site in ("cross-site", "same-site"):
        cases.append((own | {"Sec-Fetch-Site": site}, (403,)))
    cases += [(own | {"Origin": "http://localhost:8000"}, (200,)), (own | {"Sec-Fetch-Site": "same-origin"}, (200,))]
    with running(model) as (_, port):
        found = [(headers, asked(port, "POST", CLASSIFY, png(), headers)[0], allowed) for headers, allowed in cases]
    return {"cases": len(cases), "unexpected": [f"{headers}: {status}" for headers, status, allowed in found if status not in allowed]}


PARTS = {"ends": ends, "bodies": bodies, "children": children, "slow": slow, "hosts": hosts}


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (default: all)")
    words.add_argument("--ends", type=int, default=200)
    words.add_argument("--bodies", type=int, default=10000)
    words.add_argument("--rows", type=Path, default=ROOT / "build" / "performance" / "serve_faults.jsonl")
    given = words.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        words.error(f"there is: {', '.join(PARTS)}. Got {', '.join(sorted(unknown))}.")
    os.environ["OMP_NUM_THREADS"] = "1"
    given.rows.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model, request = artefact(folder), request_of(folder, png())
        for part in given.parts or PARTS:
            start = time.monotonic()
            row = {"part": part, **PARTS[part](model, request, given), "minutes": round((time.monotonic() - start) / 60, 1)}
            with given.rows.open("a", encoding="utf-8") as rows:
                rows.write(json.dumps(row) + "\n")
            print(json.dumps(row), flush=True)
            say(f"{part}: done")


if __name__ == "__main__":
    main()
