"""The lock of an address: one of several writers, renewed, taken over only when it has ended, and said where a store cannot exclude."""

import json
import re
import subprocess
import sys
import time

import pytest

from clearsight.base.errors import InUse
from clearsight.base.remote import lease, store

RACER = """
import sys
from clearsight.base.errors import InUse
from clearsight.base.remote import lease, store
address, token, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
store.exists(f"{address}/connected")
print("ready", flush=True)
sys.stdin.readline()
for k in range(rounds):
    held = None
    try:
        held = lease.take(f"{address}/{k}", token)
        print(f"{k} held", flush=True)
    except InUse as error:
        print(f"{k} refused: {error}", flush=True)
    sys.stdin.readline()  # both have said what they have
    if held:
        held.require()
    print("still", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(lease, "RENEW", 0.3)
    monkeypatch.setattr(lease, "LEASE", 600.0)
    monkeypatch.setattr(lease, "_SETTLED", 0.0)


def objects(address):
    try:
        return [file.name for file in store.listing(f"{address}/")]
    except store.MissingFile:
        return []


def until(true):
    for _ in range(600):
        if true():
            return
        time.sleep(0.1)
    pytest.fail("a minute has gone")


def abandoned(address, age=0.0, **changed):
    """A lock as a process that was killed leaves it."""
    table = {"owner": "process 7 on elsewhere (clearsight train)", "token": "its", "time": time.time() - age, "lease": 600, **changed}
    store.write(f"{address}/.lock.4", json.dumps(table).encode())


def test_one_at_a_time_and_nothing_is_left(bucket):
    with lease.take(bucket.folder, "a") as held:
        assert objects(bucket.folder) == [".lock.1"] and held.note == ""
        table = json.loads(store.read_all(f"{bucket.folder}/.lock.1"))
        assert table["owner"].startswith("process ") and table["token"] == "a" and table["lease"] == 600
        said = rf"{bucket.folder} is in use: process \d+ on .*, whose lock ends [0-9]+ s from now unless it is renewed, writes there"
        for attempt in (
            lambda: lease.take(bucket.folder, "b"),
            lambda: lease.require_free(bucket.folder),
            lambda: lease.take(bucket.folder, "a", alone=False),
        ):
            with pytest.raises(InUse, match=said):
                attempt()
        lease.require_free(bucket.folder, "a")
        held.require()
    held.release()
    assert objects(bucket.folder) == []
    lease.require_free(bucket.folder)


def test_a_lock_is_renewed_for_as_long_as_it_is_held(bucket):
    with lease.take(bucket.folder, "a") as held:
        first = store.described(f"{bucket.folder}/.lock.1").version
        until(lambda: store.described(f"{bucket.folder}/.lock.1").version != first)
        with pytest.raises(InUse):
            lease.take(bucket.folder, "b")
        held.require()


def test_a_renewal_of_another_length_between_looking_and_reading_is_no_unknown_lock(bucket, monkeypatch):
    abandoned(bucket.folder, age=0.5, owner="process 7")
    described = store.described

    def meanwhile(address):
        found = described(address)
        abandoned(bucket.folder, owner="process 7 on a machine with a longer name")
        return found

    monkeypatch.setattr(store, "described", meanwhile)
    with pytest.raises(InUse, match="process 7 on a machine with a longer name, whose lock ends"):
        lease.require_free(bucket.folder)


def test_one_that_was_left_is_taken_over_only_when_it_has_ended_and_that_is_said(bucket):
    abandoned(bucket.folder)
    with pytest.raises(InUse, match=r"process 7 on elsewhere .*lock ends [0-9]+ s from now"):
        lease.take(bucket.folder, "b")
    left = time.time()
    abandoned(bucket.folder, age=660)
    with lease.take(bucket.folder, "b") as held:
        ended = re.search(
            r"by process 7 on elsewhere \(clearsight train\) ended (\d+) s ago and was not renewed in the last 0 s: taken over", held.note
        )
        assert ended and 60 <= int(ended[1]) <= 60.5 + time.time() - left  # to the nearest second
        assert objects(bucket.folder) == [".lock.5"]
    abandoned(bucket.folder)
    with lease.take(bucket.folder, "its") as held:  # the same folder of the same machine, whose lock the caller has
        assert held.note == "" and objects(bucket.folder) == [".lock.5"]


def test_a_wrong_clock_takes_nothing_from_a_living_holder(bucket, monkeypatch):
    abandoned(bucket.folder, age=3600)
    monkeypatch.setattr(lease.time, "sleep", lambda seconds: abandoned(bucket.folder, age=3599))  # it is renewed meanwhile
    with pytest.raises(InUse, match="process 7 on elsewhere"):
        lease.take(bucket.folder, "b")
    assert objects(bucket.folder) == [".lock.4"]


def test_a_holder_that_was_stopped_for_long_writes_nothing_more(bucket, monkeypatch):
    monkeypatch.setattr(lease, "RENEW", 9.0)
    held = lease.take(bucket.folder, "a")
    other = f"{bucket.folder}/.lock.2"
    store.write(other, store.read_all(f"{bucket.folder}/.lock.1").replace(b'"a"', b'"b"'))
    held.require()  # it was renewed less than RENEW ago
    monkeypatch.setattr(lease, "RENEW", 0.0)
    with pytest.raises(
        lease.LostLease, match=rf"the run at {bucket.folder} is no longer this process's: .* has taken it. Nothing more was written"
    ):
        held.require()
    monkeypatch.setattr(lease, "RENEW", 9.0)
    held.release()
    assert store.exists(other)


def test_a_machine_that_slept_asks_before_it_writes(bucket, monkeypatch):
    """The clock that is never set stops in that time, and the other one goes on."""
    monkeypatch.setattr(lease, "RENEW", 600.0)
    held = lease.take(bucket.folder, "a")
    store.write(f"{bucket.folder}/.lock.2", store.read_all(f"{bucket.folder}/.lock.1").replace(b'"a"', b'"b"'))
    held.require()
    slept = time.time() + 3600
    monkeypatch.setattr(lease.time, "time", lambda: slept)
    with pytest.raises(lease.LostLease):
        held.require()
    held.release()


def test_who_was_slow_between_looking_and_writing_gives_way(bucket, monkeypatch):
    real, done = store.create, []

    def slowly(address, data):
        if not done:
            done.append(None)
            abandoned(bucket.folder)  # another took the lock, died, and a third took it over meanwhile
        return real(address, data)

    monkeypatch.setattr(store, "create", slowly)
    with pytest.raises(InUse, match="process 7"):
        lease.take(bucket.folder, "b")
    assert objects(bucket.folder) == [".lock.4"]


def test_a_store_without_conditional_writes_is_said(bucket):
    bucket.conditional = False
    with lease.take(bucket.folder, "a") as held:
        assert held.note.count("has no conditional writes") == 1 and "Start one at a time" in held.note
        with pytest.raises(InUse):
            lease.take(bucket.folder, "b")


def test_of_two_processes_exactly_one_gets_each_lock(bucket):
    words = [sys.executable, "-c", RACER, bucket.folder]
    racers = [subprocess.Popen([*words, token, "5"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for token in ("a", "b")]
    try:
        assert [one.stdout.readline() for one in racers] == ["ready\n"] * 2

        def go() -> list[str]:
            for one in racers:
                one.stdin.write("go\n")
                one.stdin.flush()
            return [one.stdout.readline() for one in racers]

        for _ in range(5):
            said = sorted(line.split(maxsplit=1)[1] for line in go())
            assert said[0] == "held\n" and said[1].startswith(f"refused: {bucket.folder}") and "is in use: process" in said[1]
            assert go() == ["still\n"] * 2
    finally:
        for one in racers:
            one.kill()
            one.communicate()
