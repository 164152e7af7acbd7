"""A lock excludes for as long as its process lives, and a file that is left of one excludes nobody."""

import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from clearsight.base import lock
from clearsight.base.errors import ClearsightError, InUse
from clearsight.base.lock import REPORT, hold

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks")
HOLDER = """
import sys, time
from pathlib import Path
from clearsight.base.lock import hold
hold(Path(sys.argv[1]))
print("ok", flush=True)
time.sleep(60)
"""


def holder(folder):
    """Another process that holds the lock of `folder`."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ok\n"
    return process


def test_one_holds_it_and_the_other_hears_who(tmp_path):
    with holder(tmp_path / "run") as process:
        with pytest.raises(InUse, match=rf"run is in use: process {process.pid} on \S+ \(-c .*\) writes there") as found:
            hold(tmp_path / "run")
        assert "\n" not in str(found.value) and found.value.exit_code == 1
        process.kill()
    assert (tmp_path / "run" / ".lock").exists()  # of a process that was killed: the system has let go
    with hold(tmp_path / "run"):
        pass
    assert not list((tmp_path / "run").iterdir())


def test_the_holder_is_a_process_that_really_holds_it(tmp_path):
    folder = tmp_path / "run"
    assert lock.holder(folder) is None
    with holder(folder) as process:
        assert lock.holder(folder) == process.pid
        (folder / ".lock").write_text(f"process {os.getppid()} on {socket.gethostname()} (sh)\n")  # a file may say anything
        assert lock.holder(folder) is None
        (folder / ".lock").write_text(f"process {process.pid} on another (sh)\n")
        assert lock.holder(folder) is None
        process.kill()
    (folder / ".lock").write_text(f"process {process.pid} on {socket.gethostname()} (sh)\n")
    assert lock.holder(folder) is None


def test_a_thread_of_the_same_process_is_another(tmp_path):
    with hold(tmp_path), pytest.raises(InUse, match=f"process {os.getpid()} "):
        hold(tmp_path)
    with hold(tmp_path), hold(tmp_path, REPORT), hold(tmp_path / "members" / "1"):
        pass


def test_a_copy_of_a_running_folder_and_a_moved_one_are_free(tmp_path):
    first = hold(tmp_path / "run")
    shutil.copytree(tmp_path / "run", tmp_path / "copy")
    with hold(tmp_path / "copy"):
        pass
    (tmp_path / "run").rename(tmp_path / "moved")
    with pytest.raises(InUse):
        hold(tmp_path / "moved")
    with hold(tmp_path / "run") as second:
        first.release()  # which now has another's file under its name
        assert second.path.exists()
        with pytest.raises(InUse):
            hold(tmp_path / "run")


def test_a_forked_child_does_not_keep_it(tmp_path):
    ours, (said, say) = hold(tmp_path), os.pipe()
    child = os.fork()
    if not child:
        os.write(say, b"x")
        time.sleep(60)
        os._exit(0)
    os.read(said, 1)
    os.close(ours.handle)  # as if this process had been killed
    lock._held.discard(ours)
    try:
        with hold(tmp_path):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_whoever_waits_gets_it_when_the_file_is_another_by_then(tmp_path):
    first, order = hold(tmp_path, REPORT), []

    def later(number):
        with hold(tmp_path, REPORT, wait=True):
            order.append(number)
            time.sleep(0.05)
            assert order[-1] == number  # nobody came in between

    threads = [threading.Thread(target=later, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    assert order == []
    first.release()
    for thread in threads:
        thread.join(20)
    assert sorted(order) == [0, 1, 2, 3] and not list(tmp_path.iterdir())


def test_a_folder_that_others_remove_is_made_again(tmp_path, monkeypatch):
    real, removed = os.open, []

    def remove_first(path, *words, **named):
        if str(path).endswith(".lock") and len(removed) < 3:
            removed.append(path.parent.rmdir())
        return real(path, *words, **named)

    monkeypatch.setattr(os, "open", remove_first)
    with hold(tmp_path / "run") as held:
        assert held.path.exists() and len(removed) == 3


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_disk_without_locks_is_said_and_used(tmp_path, monkeypatch, number):
    def refuse(handle, wait):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(lock, "_lock", refuse)
    with hold(tmp_path) as held:
        assert "keeps no locks" in held.note and str(tmp_path) in held.note


@pytest.mark.parametrize("target", ["thesis.txt", "not-there"])
def test_a_link_in_its_place_is_not_followed(tmp_path, target):
    (tmp_path / "thesis.txt").write_text("years of work")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".lock").symlink_to(tmp_path / target)
    with pytest.raises(ClearsightError, match="is a link, and is not followed"):
        hold(tmp_path / "run")
    assert (tmp_path / "thesis.txt").read_text() == "years of work" and not (tmp_path / "not-there").exists()


def test_what_cannot_be_a_lock_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder" / ".lock").mkdir(parents=True)
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / ".lock")
    for name in ("file", "folder", "pipe"):
        with pytest.raises(ClearsightError, match=r"cannot make the folder|not a regular file"):
            hold(tmp_path / name)


def test_a_removal_that_fails_is_said_but_not_over_the_first_error(tmp_path, monkeypatch):
    def refuse(path):
        raise ClearsightError("it stays")

    monkeypatch.setattr(lock, "remove", refuse)
    with pytest.raises(ClearsightError, match="it stays"), hold(tmp_path):
        pass
    with pytest.raises(KeyError), hold(tmp_path):
        raise KeyError
    with hold(tmp_path / "free"):  # let go of all the same
        monkeypatch.undo()
