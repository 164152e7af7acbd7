"""Worker processes: an answer, an end from outside, too late an answer, a refusal; all in one start each where it can be."""

import os
import signal

import pytest

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.batch import local
from clearsight.batch.local import Process
from clearsight.batch.plan import plan
from clearsight.batch.task import Job
from clearsight.batch.worker import Ended, Unread
from tests.batch.conftest import keys

PROGRAM = """
import json, os, signal, sys, time
what = json.loads(sys.stdin.readline())["out"]
say = lambda **line: print(json.dumps(line), flush=True)
sys.stdin.readline()
if what == "silent": sys.exit("ModuleNotFoundError: no module")
if what == "refused": say(kind="refused", error="no classifier", code=2); sys.exit()
say(kind="ready", model="abc")
sys.stdin.readline()
say(kind="at", n=0, of=9); say(kind="at", n=4, of=9)
if what == "unread": say(kind="unread", error="damaged")
if what == "late": time.sleep(60)
if what == "fault": os.kill(os.getpid(), signal.SIGSEGV)
if what == "cut": say(kind="done", counts={}, length=5); print("12", end="", flush=True); sys.exit("RuntimeError: oh")
"""


@pytest.fixture
def process(monkeypatch, tmp_path):
    """A process of a few lines in place of the worker's, which takes seconds to start."""
    popen = local.subprocess.Popen
    monkeypatch.setattr(local.subprocess, "Popen", lambda words, **more: popen([words[0], "-c", PROGRAM], **more))
    return lambda what: Process(Job("x"), what, seconds=0.3, threads=1)


@pytest.mark.parametrize(
    ("what", "reason"),
    [("fault", "SIGSEGV"), ("late", r"no answer for 0\.3 s"), ("cut", "exit code 1: RuntimeError: oh")],
)
def test_a_process_that_ends(process, what, reason, tars):
    counts = []
    with pytest.raises(Ended, match=reason) as ended:
        process(what).ask(plan([str(tars)], [])[0], lambda n, of: counts.append((n, of)))
    assert (ended.value.done, ended.value.of, counts) == (4, 9, [(0, 9), (4, 9)])


def test_what_a_process_reports(process, tars):
    with pytest.raises(UsageError, match="no classifier"):
        process("refused")
    with pytest.raises(ClearsightError, match=r"ended before its first picture .*ModuleNotFoundError"):
        process("silent")
    worker = process("unread")
    with pytest.raises(Unread, match="damaged"):
        worker.ask(plan([str(tars)], [])[0], lambda n, of: None)
    worker.close()
    assert worker.process.returncode is not None


def test_a_real_process(model, tars, tmp_path):
    worker = local.starter(Job(str(model), device="cpu", asked={"top": 1}), str(tmp_path), workers=1, seconds=60)(0)
    try:
        first, second, _ = plan([str(tars)], [])
        assert worker.ask(first, lambda n, of: None).counts["pictures"] == 5 == len(keys(tmp_path))
        os.kill(worker.process.pid, signal.SIGKILL)
        worker.process.wait()
        with pytest.raises(Ended, match="SIGKILL, as when memory runs out"):
            worker.ask(second, lambda n, of: None)
    finally:
        worker.close()
