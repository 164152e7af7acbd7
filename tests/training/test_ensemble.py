"""Several networks by one recipe: on one split, each an ordinary run, resumed where it was stopped, joined at the end."""

import csv
import json
import signal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from clearsight import load, verify
from clearsight.base.errors import UsageError
from clearsight.base.files import read_json
from clearsight.datasets.dataset import Parts
from clearsight.datasets.manifest import read_manifest, write_manifest
from clearsight.evaluation.held_out import choose
from clearsight.recipes.compose import compose, saved
from clearsight.training import api, ensemble, loop
from clearsight.training.api import resume, train
from clearsight.training.ensemble import join_runs, lines, standing
from clearsight.training.interrupt import Interrupted
from tests.pictures import digit_folder

SETTINGS = {"model": "pixels", "epochs": 2, "batch": 32, "speed": "plain", "lr": 0.02, "quiet": True, "seed": 3}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return digit_folder(tmp_path_factory.mktemp("digits") / "scans", per_class=14, classes=7, side=8)


@pytest.fixture(scope="module")
def made(data, tmp_path_factory):
    return train(data, out=str(tmp_path_factory.mktemp("runs") / "three"), ensemble=3, **SETTINGS)


def weights(run: Path) -> bytes:
    return (run / "model.safetensors").read_bytes()


def split_of(run: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((run / "split.csv").read_text().splitlines()))


def test_members_differ_by_their_seeds_and_share_the_split(made):
    runs = [made.run / "members" / name for name in "123"]
    assert [saved(run / "recipe.toml").seed for run in runs] == [3, 4, 5]
    assert len({weights(run) for run in runs}) == 3
    assert split_of(runs[0]) == split_of(runs[1]) == split_of(runs[2]) == split_of(made.run)
    assert len({str(load(run).preprocessing) for run in runs}) == 1


def test_the_run_is_one_classifier(made):
    whole, one = load(made.run), load(made.run / "members/1")
    assert whole.architecture == "3 × pixels" and verify(made.run).ok
    x = torch.randint(0, 256, (5, 1, 8, 8), dtype=torch.uint8)
    every = torch.stack([load(made.run / "members" / name).probabilities(x) for name in "123"]).mean(0)
    assert torch.allclose(torch.softmax(whole.logits(x), 1), every, atol=1e-5)
    assert made.parameters == 3 * sum(p.numel() for p in one.model.parameters())
    assert len(choose(made.run, None).dataset) == sum(row["part"] == "test" for row in split_of(made.run))


def test_before_and_after_are_said(made):
    found = read_json(made.run / "ensemble.json")
    said = made.to_json()["ensemble"]
    assert {name: found[name] for name in said} == said and [row["name"] for row in found["members"]] == [
        "members/1",
        "members/2",
        "members/3",
    ]
    for key in ("top1_error", "top5_error"):  # of seven classes
        mean = np.mean([row[key]["value"] for row in found["members"]])
        assert found["mean"][key]["value"] == pytest.approx(mean)
    assert found["ensemble"]["top1_error"]["value"] == pytest.approx(1 - made.validation["top1"]["value"])
    assert found["weights"] == read_json(made.run / "config.json")["weights"]["sha256"] and len(found["judged_on"]["digest"]) == 64
    assert found["n"] == found["judged_on"]["n"] == made.validation["n"] == sum(row["part"] == "val" for row in split_of(made.run))
    assert found["ensemble"]["top1_error"]["low"] is None and found["mean"]["top5_error"]["reason"] == "these pictures chose the epoch"
    assert lines(found)[-1] == "no intervals: these pictures chose the epoch"


def test_errors_are_counted_by_hand():
    labels = torch.tensor([0, 1, 2, 3])
    a = torch.eye(7)[[0, 1, 2, 0]]  # the last is wrong; 3 comes fourth of those that are left, in place 5
    b = torch.eye(7)[[0, 0, 0, 3]]
    found = standing({"a": a, "b": b}, a, labels)
    assert [row["top1_error"]["value"] for row in found["members"]] == [0.25, 0.5]
    assert found["mean"]["top1_error"]["value"] == 0.375 and found["ensemble"]["top1_error"]["value"] == 0.25
    assert found["ensemble"]["top5_error"]["value"] == 0
    assert [line.split("  ")[0] for line in lines(found)] == ["validation, n = 4", "a", "b", "mean of members", "ensemble"]
    assert found["mean"]["top1_error"]["low"] < 0.375 < found["mean"]["top1_error"]["high"]
    header, *rows = lines(found)
    assert [header.index(f"top-{k} error") for k in (1, 5)] == [rows[0].index("25.00%"), rows[0].index("0.00%")]  # columns
    assert "top5_error" not in standing({"a": a[:, :5]}, a[:, :5], labels)["mean"]


def test_stopped_in_a_member_it_goes_on_there(data, made, tmp_path, monkeypatch):
    step, count = loop._step, [0]

    def counted(*given):
        count[0] += 1
        if count[0] == 8:  # in the second member: each takes 2 epochs of 3 steps
            given[-1].asked = signal.SIGTERM
        return step(*given)

    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(loop, "_step", counted)
        with pytest.raises(Interrupted, match=f"--resume {run}$"):
            train(data, out=str(run), ensemble=3, **SETTINGS)
    assert (run / "members/1/config.json").is_file() and not (run / "members/2/config.json").exists()
    with pytest.raises(UsageError, match="not finished: clearsight train --resume"):
        load(run)
    before = (run / "members/1/model.safetensors").stat().st_mtime_ns
    resume(run, quiet=True)
    assert (run / "members/1/model.safetensors").stat().st_mtime_ns == before
    assert weights(run) == weights(made.run)


def test_ctrl_c_between_members_names_the_way_on(data, tmp_path, monkeypatch):
    def pressed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(ensemble, "_member", pressed)
    with pytest.raises(Interrupted, match="train --resume") as stopped:
        train(data, out=str(tmp_path / "run"), ensemble=2, **SETTINGS)
    assert stopped.value.exit_code == 130


def test_a_training_does_not_start_from_an_ensemble(data, made, tmp_path):
    with pytest.raises(UsageError, match="is an ensemble of 3 networks"):
        train(data, out=str(tmp_path / "run"), from_=str(made.run), quiet=True)


def test_minutes_are_shared_out():
    recipe = compose({"ensemble": 4, "minutes": 2.0})
    assert [ensemble._member(recipe, k)["minutes"] for k in range(4)] == [0.5] * 4


def test_runs_are_joined_and_keep_what_no_member_has_learnt_from(data, tmp_path):
    short = {**SETTINGS, "epochs": 1}
    runs = [train(data, out=str(tmp_path / str(seed)), **short, split_seed=seed).run for seed in (0, 1)]
    folder, whole = join_runs(runs, out=str(tmp_path / "both"))
    assert whole.architecture == "2 × pixels" and verify(folder).ok and whole.temperature == 1
    parts = {row["name"]: row["part"] for row in split_of(folder)}
    own = [{row["name"]: row["part"] for row in split_of(run)} for run in runs]
    assert len(parts) == 98 and own[0] != own[1]
    assert {name for name in parts if parts[name] == "train"} == {name for one in own for name in one if one[name] == "train"}
    assert {name for name in parts if parts[name] == "test"} == {name for name in parts if {one[name] for one in own} == {"test"}}
    judged = choose(folder, None)
    assert judged.part == "test" and set(judged.dataset.names) == {name for name in parts if parts[name] == "test"}
    with pytest.raises(UsageError, match="no recipe"):
        resume(folder)


def test_runs_on_other_pictures_are_joined_without_a_split(data, made, tmp_path):
    other = digit_folder(tmp_path / "other", per_class=9, classes=7, side=8)
    run = train(other, out=str(tmp_path / "a"), **{**SETTINGS, "epochs": 1}).run
    folder, _ = join_runs([run, made.run / "members/2"], out=str(tmp_path / "both"))
    assert not (folder / "split.csv").exists() and json.loads((folder / "config.json").read_text())["facts"]["joined_from"]
    with pytest.raises(UsageError, match="name the DATA"):
        choose(folder, None)


def test_one_is_no_ensemble(made):
    with pytest.raises(UsageError, match="at least 2"):
        join_runs([made.run / "members/1"])


def test_data_in_memory(data, tmp_path):
    from clearsight import open_dataset

    parts = open_dataset(data)
    assert isinstance(parts, Parts)
    assert train(parts, out=str(tmp_path / "run"), ensemble=2, **{**SETTINGS, "epochs": 1}).classifier.architecture == "2 × pixels"


def test_a_folder_that_is_taken_is_refused_before_the_data_are_read(made):
    with pytest.raises(UsageError, match=str(made.run)):
        train("no-such-data", out=str(made.run), ensemble=2, model="pixels", quiet=True)


def test_two_are_resumed_as_an_ensemble(monkeypatch, tmp_path):
    run = SimpleNamespace(folder=tmp_path, reopen=lambda: (compose({"ensemble": 2}), {}, "table"))
    monkeypatch.setattr(api, "Run", lambda folder: run)
    monkeypatch.setattr(api, "source_of", lambda *_: "source")
    monkeypatch.setattr(ensemble, "resume_all", lambda *given, **_: given)
    assert resume(tmp_path, quiet=True) == (run, compose({"ensemble": 2}), "source", "table", True)


def test_a_joint_split_is_the_first_members_with_every_picture_in_its_strictest_part(monkeypatch):
    monkeypatch.setattr(ensemble, "merged", lambda every: None)
    monkeypatch.setattr(ensemble, "write_ancestors", lambda past: "past")

    def member(cores, **parts):
        table = write_manifest({"name": name, "label": "x", "part": part, "digest": "", "group": ""} for name, part in parts.items())
        facts = {"data": "pets", "name": "pets", "classes": ["x"], "clearsight": "1", "hardware": {"cores": cores}, "speed": "plain"}
        return SimpleNamespace(folder=None, division=SimpleNamespace(is_file=lambda: True), divided=lambda: (facts, table))

    kept = []
    run = SimpleNamespace(keep_division=lambda *given: kept.append(given), keep_ancestors=lambda past: kept.append(past))
    ensemble._keep_division([member(2, a="test", b="val", c="train"), member(8, a="train", b="test", c="val")], run)
    ((facts, text, past),) = kept
    assert facts == {"data": "pets", "name": "pets", "classes": ["x"], "clearsight": "1", "hardware": {"cores": 2}} and past == "past"
    assert {row["name"]: row["part"] for row in read_manifest(text)} == {"a": "train", "b": "val", "c": "train"}
    ensemble._keep_division([member(2, a="test", b="val"), member(8, a="train")], run)  # other pictures
    assert kept[1] == "past"
