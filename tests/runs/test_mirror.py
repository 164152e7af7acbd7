"""Runs at addresses: written after each checkpoint, resumed on another machine with the same weights, never over another run."""

import pytest
import torch

from clearsight import load
from clearsight.base.errors import ClearsightError, UsageError
from clearsight.base.remote import store
from clearsight.runs import mirror
from clearsight.training.api import resume, train
from clearsight.training.interrupt import Paused
from tests.pictures import digit_arrays

DATA = digit_arrays(per_class=12)
GIVEN = {"model": "lenet5", "epochs": 2, "batch": 32, "augment": "", "speed": "plain", "quiet": True, "seed": 2, "novelty": "none"}


def names(address):
    return [file.address.removeprefix(f"{address}/") for file in store.listing(f"{address}/")]


def test_a_run_in_a_store_goes_on_elsewhere_as_if_it_had_not_stopped(s3, tmp_path, monkeypatch):
    whole = train(DATA, out=str(tmp_path / "whole"), **GIVEN)
    address = f"{s3.folder}/runs/digits"
    with pytest.raises(Paused):
        train(DATA, out=address, until=1, **GIVEN)
    begun = names(address)
    assert {"recipe.toml", "run.json", "split.csv", "results.csv"} <= set(begun) and "config.json" not in begun
    assert any(name.startswith("checkpoints/") for name in begun) and not any(name.endswith(".lock") for name in begun)
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


def test_other_folders_are_left_alone_and_names_do_not_lead_out(s3, tmp_path):
    mirror.send(tmp_path)
    assert mirror.local(tmp_path) == tmp_path and mirror.named(tmp_path) == str(tmp_path)
    store.write(f"{s3.folder}/run/a\\..\\b", b"x")
    with pytest.raises(ClearsightError, match="leads out of the run"):
        mirror.bring(f"{s3.folder}/run")
