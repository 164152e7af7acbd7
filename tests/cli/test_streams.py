"""The command line on a terminal without Unicode, and without any stdout: it answers, and calls nothing a bug."""

import io
import os
import subprocess
import sys

import pytest

from clearsight.cli import streams

VERBS = (("models", "lenet5"), ("train", "nowhere"), ("attack", "--list"), ("check", "digits"))


def run(*words: str, encoding: str = "ascii", closed: bool = False) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "clearsight", *words]
    if closed:
        command = ["/bin/sh", "-c", '"$@" >&-', "sh", *command]
    return subprocess.run(command, capture_output=True, check=False, env=os.environ | {"PYTHONIOENCODING": encoding})


@pytest.mark.parametrize("words", VERBS[:3], ids=" ".join)
def test_no_letter_is_too_many(words):
    plain, simple = run(*words, encoding="utf-8"), run(*words, encoding="latin-1")
    assert simple.returncode == plain.returncode and b"bug" not in simple.stderr
    text = plain.stdout.decode() + plain.stderr.decode()
    simpler = "".join(c if c < "\x80" or c in "×·±²" else streams.SIMPLER[c] for c in text)
    assert (simple.stdout + simple.stderr).decode("latin-1") == simpler


@pytest.mark.parametrize("words", VERBS[::3], ids=" ".join)
def test_ascii_is_no_bug(words):
    """Click takes ASCII for a terminal that is set up wrongly, and writes UTF-8."""
    done = run(*words)
    assert b"bug" not in done.stderr and done.stdout + done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="closes stdout as a POSIX shell does")
@pytest.mark.parametrize("words", VERBS[2:4], ids=" ".join)
def test_a_closed_stdout_is_no_bug(words):
    assert b"bug" not in run(*words, closed=True).stderr


def test_a_letter_that_a_code_page_lacks(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", stream)
    streams.prepare()
    stream.write("3×3, ε ≤ 猫")
    stream.flush()
    assert stream.buffer.getvalue().decode("cp1252") == "3×3, e < ?"
