"""What a run starts from decides which pictures it may be tested on."""

import csv
import shutil

import numpy as np
import pytest
from PIL import Image

from clearsight.base.errors import ClearsightError
from clearsight.classifier.learnt import learnt
from clearsight.datasets.dataset import Dataset, Parts, objects
from clearsight.datasets.identity import identified
from clearsight.datasets.open import open_dataset
from clearsight.runs.splits import unseen_test
from clearsight.training.api import resume, train
from clearsight.training.ensemble import join_runs
from clearsight.training.pretrain import pretrain

SETTINGS = {"model": "pixels", "epochs": 1, "speed": "plain", "quiet": True}


def noise_folder(root, n=60, seed=0, classes="ab"):
    draw = np.random.default_rng(seed)
    for i in range(n):
        path = root / classes[i % len(classes)] / f"{i:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw.integers(0, 256, (8, 8), dtype=np.uint8)).save(path)
    return root


@pytest.fixture(scope="module")
def parent(tmp_path_factory):
    root = tmp_path_factory.mktemp("division")
    data = noise_folder(root / "data")
    return train(data, out=str(root / "parent"), **SETTINGS), data


def contents(trained, *parts):
    return {digest for part in parts for digest in trained.parts.parts[part].digests.tolist()}


@pytest.mark.parametrize("word", ["from_", "teacher", "division"])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_run_keeps_the_division_of_what_it_starts_from(parent, tmp_path, word, seed):
    first, data = parent
    model = {} if word == "from_" else {"model": "pixels"}
    settings = {key: value for key, value in SETTINGS.items() if key != "model"} | model | {word: str(first.run)}
    child = train(data, out=str(tmp_path / "child"), seed=seed, split_seed=seed, **settings)
    for part in ("train", "val", "test"):
        assert contents(child, part) == contents(first, part)


def test_new_pictures_are_divided_beside_those_that_have_a_part(parent, tmp_path):
    first, data = parent
    grown = shutil.copytree(data, tmp_path / "grown")
    for path in noise_folder(tmp_path / "more", seed=5).rglob("*.png"):
        shutil.copy(path, grown / path.parent.name / f"new-{path.name}")
    child = train(grown, out=str(tmp_path / "child"), from_=str(first.run), **{**SETTINGS, "model": "auto"})
    assert contents(first, "test") < contents(child, "test")
    assert not contents(child, "test") & contents(first, "train", "val")


def test_grandchildren_know_what_the_first_has_learnt_from(parent, tmp_path):
    first, data = parent
    other = noise_folder(tmp_path / "other", seed=9)
    settings = {**SETTINGS, "model": "auto"}
    child = train(other, out=str(tmp_path / "child"), from_=str(first.run), **settings)
    grandchild = train(noise_folder(tmp_path / "third", seed=10), out=str(tmp_path / "grandchild"), from_=str(child.run), **settings)
    whole = identified(open_dataset(data)).parts["all"]
    asked = learnt(grandchild.run).of(whole)
    assert set(whole.digests[asked].tolist()) == contents(first, "train", "val")


def parted(root, data, test):
    """`data` with the pictures whose digests are in `test` as a test part, the others as train."""
    whole = identified(open_dataset(data)).parts["all"]
    for i in range(len(whole)):
        part = "test" if whole.digests[i] in test else "train"
        path = root / part / whole.label(i) / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(data / str(whole.paths[i]), path)
    return root


def test_a_brought_test_part_that_has_been_learnt_from_is_refused_with_the_count(parent, tmp_path):
    first, data = parent
    learnt_from = sorted(contents(first, "train"))[:10]
    folder = parted(tmp_path / "own", data, learnt_from)
    with pytest.raises(ClearsightError, match="has learnt from 10 of the 10 test pictures of own, most of the part"):
        train(folder, out=str(tmp_path / "child"), from_=str(first.run), **{**SETTINGS, "model": "auto"})
    assert not (tmp_path / "child").exists()


def test_a_few_learnt_pictures_in_a_brought_test_part_are_said(parent, tmp_path, capsys):
    first, data = parent
    test = [*sorted(contents(first, "train"))[:3], *contents(first, "test")]
    folder = parted(tmp_path / "own", data, test)
    train(folder, out=str(tmp_path / "child"), from_=str(first.run), **{**SETTINGS, "model": "auto", "quiet": False})
    assert "3 test pictures are among those that" in capsys.readouterr().err


def test_pictures_seen_without_labels_are_said_and_may_be_tested_on(tmp_path, capsys):
    data = noise_folder(tmp_path / "data")
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in data.rglob("*.png"):
        shutil.copy(path, flat / path.name)
    start = pretrain(flat, out=str(tmp_path / "start"), model="lenet5", epochs=1, batch=16, speed="plain", quiet=True)
    child = train(data, out=str(tmp_path / "child"), from_=str(start.run), epochs=1, speed="plain")
    assert len(child.parts.parts["test"]) == 12
    assert "12 test pictures were seen by" in capsys.readouterr().err
    assert learnt(child.run).of(child.parts.parts["test"]).sum() == 0


def test_a_resume_refuses_other_content_and_names_it(parent, tmp_path):
    _, data = parent
    copy = shutil.copytree(data, tmp_path / "data")
    run = train(copy, out=str(tmp_path / "run"), **SETTINGS).run
    (run / "config.json").unlink()
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(copy / "a" / "000.png")
    with pytest.raises(ClearsightError, match=r"1 with other content now \(a/000\.png\)"):
        resume(run, quiet=True)


def test_a_resume_knows_arrays_by_content(tmp_path):
    pictures = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    labels = np.arange(40) % 2
    run = train((pictures, labels), out=str(tmp_path / "run"), **SETTINGS).run
    resume(run, data=(pictures, labels), quiet=True)
    changed = pictures.copy()
    changed[7] ^= 1
    with pytest.raises(ClearsightError, match=r"1 with other content now \(7\)"):
        resume(run, data=(changed, labels), quiet=True)


def test_joined_runs_have_learnt_what_any_member_has(parent, tmp_path):
    first, data = parent
    second = train(data, out=str(tmp_path / "second"), split_seed=3, **SETTINGS)
    folder, _ = join_runs([first.run, second.run], out=str(tmp_path / "both"))
    whole = identified(open_dataset(data)).parts["all"]
    assert set(whole.digests[learnt(folder).of(whole)].tolist()) == contents(first, "train", "val") | contents(second, "train", "val")
    other = train(noise_folder(tmp_path / "other", seed=4), out=str(tmp_path / "third"), **SETTINGS)
    folder, _ = join_runs([first.run, other.run], out=str(tmp_path / "apart"))
    assert set(whole.digests[learnt(folder).of(whole)].tolist()) == contents(first, "train", "val")


def test_the_division_does_not_follow_the_seed_unless_asked(parent, tmp_path):
    first, data = parent
    second = train(data, out=str(tmp_path / "second"), seed=4, **SETTINGS)
    third = train(data, out=str(tmp_path / "third"), seed=4, split_seed=-1, **SETTINGS)
    assert contents(second, "test") == contents(first, "test") != contents(third, "test")


def test_near_copies_stay_together_when_asked(tmp_path):
    draw = np.random.default_rng(1)
    for i in range(30):
        folder = tmp_path / "data" / "ab"[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(draw.integers(0, 256, (6, 6), dtype=np.uint8)).resize((48, 48), Image.Resampling.BICUBIC)
        image.save(folder / f"{i}.png")
        image.save(folder / f"{i}.jpg", quality=85)
    run = train(tmp_path / "data", out=str(tmp_path / "run"), copies="near", size=16, **SETTINGS)
    with (run.run / "split.csv").open(newline="") as file:
        parts = {row["name"]: row["part"] for row in csv.DictReader(file)}
    assert all(parts[name] == parts[name.replace(".png", ".jpg")] for name in parts)


def test_a_test_part_without_the_copies_of_pictures_that_were_trained_on():
    def part(*words):
        n = len(words)
        digests = None if words[0] is None else np.array([word.encode() for word in words], "S32")
        return Dataset(("a",), np.zeros(n, np.int64), objects(map(str, range(n))), pictures=np.zeros((n, 2, 2), np.uint8), digests=digests)

    parts = {"train": part("a", "b"), "unlabelled": part("c"), "val": part("d"), "test": part("e", "b", "d", "c", "f")}
    assert unseen_test(Parts("made", ("a",), parts)).digests.tolist() == [b"e", b"f"]
    unknown = {name: part(None, None) for name in ("train", "val", "test")}
    assert unseen_test(Parts("made", ("a",), unknown)) is unknown["test"]
