"""A process that imports everything once and then forks a child for each run that is asked for, one JSON line each.

A request is `{"words": [...], "scope": folder, "out": file, "log": file, "ranks": n, "fault": {...}, "seconds": s, "mutation": [...]}`:
what follows `clearsight`, the folder that is watched, and what happens to it (`counter.py`); `seconds` is when the last
rank is killed. The answer is `{"codes": [...]}`, an exit code or the negative signal for each rank.
"""

import gc
import json
import os
import signal
import socket
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import matplotlib.backends.backend_svg  # noqa: F401
import sklearn.datasets  # noqa: F401
import torch
import torch._dynamo

import clearsight.reports.figures.risk_coverage
import clearsight.reports.of_run
import clearsight.training.api  # noqa: F401
from clearsight import cli
from clearsight.training import loop
from clearsight.training.storage import checkpoint
from tests.faults.counter import Counter
from tests.undrawn import undraw

HUNG, BROKEN = 86, 87  # exit codes of a child that had to be ended, and of one that failed outside of the run
LIMIT = 120.0  # seconds after which a child hangs


SOURCES: dict[str, str] = {}


def mutate(module_name: str, old: str, new: str) -> None:
    """Run `module_name` again with `old` replaced by `new` in its source; who has imported from it gets the new functions."""
    module = sys.modules[module_name]
    source = SOURCES.get(module_name) or Path(str(module.__file__)).read_text(encoding="utf-8")
    assert source.count(old) == 1, f"{module_name} has {source.count(old)} times {old!r}"
    SOURCES[module_name] = source.replace(old, new)
    before = dict(vars(module))
    exec(compile(SOURCES[module_name], str(module.__file__), "exec"), vars(module))
    for other in [other for name, other in sys.modules.items() if name.startswith("clearsight") and other is not module]:
        for name, value in list(vars(other).items()):
            if callable(value) and value is before.get(name):
                setattr(other, name, vars(module)[name])


def watch(request: dict[str, Any], rank: int) -> None:
    """Stop the clock, install the counter, and note each checkpoint that the run counts on from now on."""
    time.time = time.perf_counter = lambda: 0.0
    fault = request.get("fault")
    counter = Counter(request["scope"], request.get("log", ""), fault if fault and fault.get("rank", 0) == rank else None)
    counter.install()
    save, step = checkpoint.save, loop._step

    def saved(*words: Any) -> Path:
        path = save(*words)
        counter.note("saved", path=path.name)
        return path

    def stepped(*words: Any) -> Any:
        done = counter.operate("step", lambda: step(*words))
        counter.note("step")
        return done

    checkpoint.save = saved
    if request.get("steps"):  # steps are points as well
        loop._step = stepped


def live(request: dict[str, Any], rank: int, port: int) -> None:
    """Be the run: never returns."""
    handle = os.open(request["out"] + (f".{rank}" if rank else ""), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    for stream in (1, 2):
        os.dup2(handle, stream)
    ranks = request.get("ranks", 1)
    if ranks > 1:
        os.environ |= {
            "RANK": str(rank),
            "LOCAL_RANK": str(rank),
            "WORLD_SIZE": str(ranks),
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port),
        }
    sys.argv = ["clearsight", *request["words"]]
    code: Any = BROKEN
    try:
        for mutation in request.get("mutation", []):
            mutate(*mutation)
        watch(request, rank)
        cli.main()
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def serve(request: dict[str, Any]) -> list[int]:
    """Fork the ranks of one run, kill the last after `seconds`, and wait for all."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    pids = []
    for rank in range(request.get("ranks", 1)):
        pids.append(os.fork())
        if not pids[-1]:
            live(request, rank, port)
    start, codes, seconds = time.monotonic(), {}, request.get("seconds")
    while len(codes) < len(pids):
        now = time.monotonic() - start
        living = [rank for rank in range(len(pids)) if rank not in codes]
        if now > LIMIT or (seconds is not None and now >= seconds):
            for rank in living if now > LIMIT else living[-1:]:
                os.kill(pids[rank], signal.SIGKILL)
            seconds = None
        for rank in living:
            done, status = os.waitpid(pids[rank], os.WNOHANG)
            if done:
                codes[rank] = HUNG if now > LIMIT else os.waitstatus_to_exitcode(status)
        time.sleep(0.001)
    return [codes[rank] for rank in range(len(pids))]


def main() -> None:
    torch.set_num_threads(1)
    undraw()  # what happens to a run's files does not depend on how charts are drawn
    gc.freeze()  # the children share what is there as long as nobody touches it
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        print(json.dumps({"codes": serve(json.loads(line))}), flush=True)


if __name__ == "__main__":
    main()
