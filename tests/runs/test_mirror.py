"""Runs at addresses: written after each checkpoint, resumed on another machine with the same weights, never over another run."""

import json
import os
import subprocess
import sys

import pytest
import torch

from clearsight import load
from clearsight.base.errors import ClearsightError, InUse, UsageError
from clearsight.base.files import cache_folder
from clearsight.base.lock import hold
from clearsight.base.remote import lease, store
from clearsight.classifier.artefact import verify
from clearsight.classifier.learnt import ANCESTORS
from clearsight.recipes.compose import saved
from clearsight.runs import held_out, mirror
from clearsight.runs.run import free_folder, open_run
from clearsight.training import ensemble
from clearsight.training.api import resume, train
from clearsight.training.interrupt import Interrupted, Paused
from tests.pictures import digit_arrays

DATA = digit_arrays(per_class=12)
GIVEN = {"model": "lenet5", "epochs": 2, "batch": 32, "augment": "", "speed": "plain", "quiet": True, "seed": 2, "novelty": "none"}


SMALL = {"model": "pixels", "epochs": 1, "batch": 32, "speed": "plain", "quiet": True, "novelty": "none"}
RACER = """
import sys
from clearsight.base.errors import ClearsightError
from clearsight.training.api import train
print("ready", flush=True)
sys.stdin.readline()
try:
    train("digits", out=sys.argv[1], seed=int(sys.argv[2]), model="pixels", epochs=2, speed="plain", quiet=True, novelty="none")
    print("trained")
except ClearsightError as error:
    print(type(error).__name__, error)
"""


def names(address):
    return [file.address.removeprefix(f"{address}/") for file in store.listing(f"{address}/")]


def test_a_run_in_a_store_goes_on_elsewhere_as_if_it_had_not_stopped(s3, tmp_path, monkeypatch):
    whole = train(DATA, out=str(tmp_path / "whole"), **GIVEN)
    address = f"{s3.folder}/runs/digits"
    with pytest.raises(Paused):
        train(DATA, out=address, until=1, **GIVEN)
    begun = names(address)
    assert {"recipe.toml", "run.json", "split.csv", "results.csv"} <= set(begun) and "config.json" not in begun
    assert any(name.startswith("checkpoints/") for name in begun) and not any(".lock" in name for name in begun)
    with pytest.raises(UsageError, match=r"has \d+ files already.*clearsight train --resume s3://"):
        train(DATA, out=address, **GIVEN)

    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "another-machine"))
    again = resume(address, data=DATA, quiet=True)
    assert all(torch.equal(value, again.classifier.model.state_dict()[key]) for key, value in whole.classifier.model.state_dict().items())
    assert mirror.named(again.run) == address and {"config.json", "model.safetensors"} <= set(names(address))
    assert load(address).weights_digest == whole.classifier.weights_digest
    assert sum(name.startswith("checkpoints/") for name in names(address)) == len(list((again.run / "checkpoints").iterdir()))

    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "third"))
    third = train(DATA, out=address, or_resume=True, **GIVEN)  # it has ended: nothing is trained
    assert third.classifier.weights_digest == whole.classifier.weights_digest


def test_what_another_wrote_while_this_process_was_stopped_does_not_count_as_sent(s3, monkeypatch):
    address = f"{s3.folder}/run"
    mirror.require_free(address)
    folder, there = mirror.folder_of(address), mirror._there
    (folder / "a").write_text("ours")
    held = mirror.take(folder, alone=True)

    def stopped(address):
        store.write(f"{address}/.lock.2", store.read_all(f"{address}/.lock.1").replace(b'"token": "', b'"token": "0'))
        store.write(f"{address}/a", b"another's")
        monkeypatch.setattr(lease, "RENEW", 0.0)  # as when the last renewal is long ago
        return there(address)

    (folder / "a").write_text("ours")
    with monkeypatch.context() as patch:
        patch.setattr(mirror, "_there", stopped)
        with pytest.raises(lease.LostLease):
            mirror.send(folder)
    held.release()
    mirror.leave(folder)
    assert (mirror.bring(address) / "a").read_bytes() == b"another's"


def test_only_what_changed_is_sent_and_only_what_is_there_is_kept(s3):
    address = f"{s3.folder}/run"
    mirror.require_free(address)
    folder = mirror.folder_of(address)
    for name in ("a", "b/c", "recipe.toml"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name)
    (folder / ".lock").write_text("1")
    mirror.send(folder)
    assert names(address) == ["a", "b/c", "recipe.toml"]
    before = {file.address: file for file in store.listing(address)}
    (folder / "a").write_text("changed")
    (folder / "b/c").unlink()
    mirror.send(folder)
    assert store.read_all(f"{address}/a") == b"changed" and names(address) == ["a", "recipe.toml"]
    assert store.described(f"{address}/recipe.toml") == before[f"{address}/recipe.toml"]
    (folder / "ahead").write_text("of what was sent")
    store.write(f"{address}/a", b"of another machine")
    assert mirror.bring(address) == folder and (folder / "a").read_bytes() == b"of another machine" and not (folder / "ahead").exists()


def test_files_that_change_or_go_while_they_are_fetched_are_whole_and_fetched_again(s3, monkeypatch):
    """A training that is followed writes and removes files between the listing and the reading of a file."""
    address, read = f"{s3.folder}/run", store.read_all
    for name in ("a", "checkpoints/1", "recipe.toml"):
        store.write(f"{address}/{name}", b"first")

    def late(one):
        if one.endswith("/a"):
            store.write(one, b"second, and longer")
            store.remove(f"{address}/checkpoints/1")
        return read(one)

    with monkeypatch.context() as patch:
        patch.setattr(store, "read_all", late)
        folder = mirror.bring(address)
    assert (folder / "a").read_bytes() == b"second, and longer" and not (folder / "checkpoints/1").exists()

    def later(one):
        found = read(one)
        store.write(one, b"third, of its own length")
        return found

    store.write(f"{address}/recipe.toml", b"changed")
    with monkeypatch.context() as patch:
        patch.setattr(store, "read_all", later)
        mirror.bring(address)
    mirror.bring(address)
    assert {(folder / name).read_bytes() for name in ("a", "recipe.toml")} == {b"third, of its own length"}


def test_other_folders_are_left_alone_and_names_do_not_lead_out(s3, tmp_path):
    mirror.send(tmp_path)
    assert mirror.local(tmp_path) == tmp_path and mirror.named(tmp_path) == str(tmp_path)
    store.write(f"{s3.folder}/run/a\\..\\b", b"x")
    with pytest.raises(ClearsightError, match="leads out of the run"):
        mirror.bring(f"{s3.folder}/run")


def test_two_trainings_into_one_address_leave_one_whole_run(s3, tmp_path):
    address = f"{s3.folder}/run"
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, address, str(seed)],
            env={**os.environ, "CLEARSIGHT_CACHE": str(tmp_path / machine)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed, machine in ((1, "one"), (2, "another"))
    ]
    try:
        assert [one.stdout.readline() for one in racers] == ["ready\n"] * 2
        for one in racers:
            one.stdin.write("go\n")
            one.stdin.flush()
        said = [one.communicate(timeout=300)[0] for one in racers]
    finally:
        for one in racers:
            one.kill()
    (winner,) = (seed for seed, words in enumerate(said, 1) if words == "trained\n")
    other = said[2 - winner]
    assert other.startswith((f"InUse {address} is in use: process ", f"UsageError {address} has ")), other
    folder = mirror.bring(address)
    assert saved(folder / "recipe.toml").seed == winner == load(address).facts["seed"] and verify(address).ok
    assert not any(".lock" in name for name in names(address))


def test_who_comes_while_a_run_is_written_changes_nothing(s3, tmp_path, monkeypatch):
    address = f"{s3.folder}/run"
    free_folder(address, "runs")
    with open_run(address, "runs") as run:
        (run.folder / "run.json").write_text("ahead of the store")
        for attempt in (lambda: train(DATA, out=address, **SMALL), lambda: free_folder(address, "runs"), lambda: open_run(address, "runs")):
            with pytest.raises(InUse):  # another process of this machine
                attempt()
        assert mirror.bring(address) == run.folder and (run.folder / "run.json").read_text() == "ahead of the store"
        (run.folder / "recipe.toml").write_text("")
        mirror.send(run.folder)
        with monkeypatch.context() as patch:
            patch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "another-machine"))
            there = mirror.bring(address)
            assert (there / "run.json").read_text() == "ahead of the store" and there != run.folder
            with pytest.raises(InUse, match=f"{address} is in use: process {os.getpid()} on .*, whose lock ends"):
                run.__class__(there).locked()
            with hold(there):  # which the attempt has left
                pass
    assert names(address) == ["recipe.toml", "run.json"]


def test_a_run_whose_process_was_killed_goes_on_at_once_on_its_machine_only(s3):
    address = f"{s3.folder}/run"
    free_folder(address, "runs")
    run = open_run(address, "runs")
    (run.folder / "recipe.toml").write_text("")
    mirror.send(run.folder)
    run.lease._ended.set()  # killed: the lock in the store stays, that of the system ends
    run.lock.release()
    with run.locked() as again:
        assert again.note == "" and [name for name in names(address) if lease.is_lock(name)] == [".lock.2"]
    assert names(address) == ["recipe.toml"]
    store.write(f"{address}/.lock.2", b"{")
    with pytest.raises(InUse, match="an unknown lock"):
        run.locked()


def test_what_a_training_that_was_killed_before_it_began_has_sent_is_no_run(s3):
    assert {ANCESTORS, held_out.FILE, "run.json", "split.csv"} == mirror.UNBEGUN
    for name in ("run.json", "split.csv", "checkpoints/1.safetensors"):
        store.write(f"{s3.folder}/{name}", b"{}")
    free_folder(s3.folder, "runs")
    store.write(f"{s3.folder}/recipe.toml", b"")
    with pytest.raises(UsageError, match="has 4 files already"):
        free_folder(s3.folder, "runs")


def test_a_writer_whose_lock_is_anothers_sends_nothing(s3, monkeypatch):
    free_folder(s3.folder, "runs")
    with open_run(s3.folder, "runs") as run:
        store.write(f"{s3.folder}/.lock.9", json.dumps({"owner": "process 1 on other", "token": "x", "time": 0.0, "lease": 1.0}).encode())
        monkeypatch.setattr(lease, "RENEW", 0.0)
        (run.folder / "recipe.toml").write_text("")
        with pytest.raises(lease.LostLease, match="process 1 on other has taken it"):
            mirror.send(run.folder)
    assert names(s3.folder) == [".lock.1", ".lock.9"]  # which its next holder removes


def test_an_ensemble_in_a_store_goes_on_elsewhere(s3, tmp_path, monkeypatch):
    whole = train(DATA, out=str(tmp_path / "whole"), ensemble=2, **SMALL)
    address, real = f"{s3.folder}/two", ensemble._member

    def stopped(recipe, k):
        if k:
            raise KeyboardInterrupt
        return real(recipe, k)

    with monkeypatch.context() as patch:
        patch.setattr(ensemble, "_member", stopped)
        with pytest.raises(Interrupted, match=f"clearsight train --resume {address}"):
            train(DATA, out=address, ensemble=2, **SMALL)
    begun = names(address)
    assert {"recipe.toml", "split.csv", "members/1/config.json", "members/1/model.safetensors"} <= set(begun)
    assert "config.json" not in begun and not any(name.startswith("members/2") or ".lock" in name for name in begun)

    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "another-machine"))
    again = resume(address, data=DATA, quiet=True)
    assert again.classifier.weights_digest == whole.classifier.weights_digest == load(address).weights_digest
    assert mirror.named(again.run) == address and mirror.named(again.run / "members" / "2") == f"{address}/members/2"
    assert {"ensemble.json", "members/2/config.json"} <= set(names(address))
    assert again.run.is_relative_to(cache_folder()) and not any(".lock" in name for name in names(address))
    one, joined = ensemble.join_runs([f"{address}/members/1", f"{address}/members/2"], out=f"{s3.folder}/joined")
    assert load(mirror.named(one)).weights_digest == joined.weights_digest == whole.classifier.weights_digest
