"""Commands in processes of their own: what they print is what a page gets; they end when they are told to."""

import subprocess
import sys
import time

import pytest

from clearsight.studio import jobs as running
from clearsight.studio.jobs import Jobs


@pytest.fixture
def jobs(monkeypatch):
    """Jobs whose commands are Python code."""
    real = subprocess.Popen
    monkeypatch.setattr(running.subprocess, "Popen", lambda words, **more: real([sys.executable, "-c", *words[3:]], **more))
    one = Jobs()
    yield one
    one.close()


def ended(jobs, words):
    jobs.jobs[words,].ended.wait(60)
    return jobs.told(words)


def test_a_command_runs_once_and_its_json_is_kept(jobs):
    words = "import sys; print('half\\x1b way', file=sys.stderr); print('{\"a\": 1}'); sys.exit(1)"
    assert jobs.told(words).state == "none"
    assert jobs.start(words).state == "running"
    assert ended(jobs, words) == ("done", r"half\x1b way", {"a": 1})
    process = jobs.jobs[words,].process
    assert jobs.start(words).state == "done" and jobs.jobs[words,].process is process


def test_a_failure_says_its_last_line_and_may_be_tried_again(jobs):
    words = "import sys; sys.exit('clearsight: there is no such folder.')"
    jobs.start(words)
    assert ended(jobs, words) == ("failed", "clearsight: there is no such folder.", None)
    process = jobs.jobs[words,].process
    assert jobs.start(words).state == "running" and jobs.jobs[words,].process is not process
    jobs.start("import sys; sys.exit(3)")
    assert ended(jobs, "import sys; sys.exit(3)").said == "it ended with the exit status 3."


def test_a_job_is_stopped_at_once(jobs):
    words = "import time; time.sleep(600)"
    assert jobs.stop(words).state == "none"
    jobs.start(words)
    assert jobs.going()
    assert jobs.stop(words).state == "stopped" and not jobs.going()
    assert jobs.stop(words).state == "stopped" and jobs.jobs[words,].process.poll() is not None
    jobs.start(words)
    jobs.close()
    assert jobs.told(words).state == "stopped"


def test_a_job_says_how_far_it_is(jobs):
    words = (
        "import sys, time; file = open(sys.argv[2], 'a'); "
        'file.write(\'{"state": "running", "label": "look", "done": 512, "total": 1797, "unit": "pictures"}\\n{"half\'); '
        "file.flush(); time.sleep(600)"
    )
    jobs.start(words)
    for _ in range(1200):
        if said := jobs.told(words).said:
            break
        time.sleep(0.05)
    assert said == "look 512/1,797 pictures"
    jobs.stop(words)
    assert not jobs.jobs[words,].progress.exists()
