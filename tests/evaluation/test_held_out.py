"""Which pictures are judged: by the run's own split where the data are the run's, never training pictures by accident."""

import csv
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from clearsight.base.errors import CorruptFile, UsageError
from clearsight.evaluation.held_out import choose
from clearsight.training.api import train
from tests.pictures import digit_arrays, digit_folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    root = tmp_path_factory.mktemp("parts")
    folder = digit_folder(root / "scans", per_class=20, classes=3)
    return train(folder, out=str(root / "run"), model="pixels", epochs=2, speed="plain", quiet=True), folder


@pytest.fixture
def others(tmp_path):
    """Twelve scans that no run here has seen."""
    pictures, labels = digit_arrays(24, 3)
    for label, name in enumerate(("zero", "one", "two")):
        (tmp_path / "others" / name).mkdir(parents=True)
        for i, picture in enumerate(pictures[labels == label][20:]):
            Image.fromarray(picture).resize((16, 16)).save(tmp_path / "others" / name / f"{i}.png")
    return tmp_path / "others"


def names(data):
    return set(map(str, data.names))


def contents(data):
    return sorted(data.digests.tolist())


def resaved(folder, to, suffix):
    """A copy of `folder` with other file names, other folders' order and another lossless format."""
    for i, path in enumerate(sorted(folder.rglob("*.png"))):
        (to / path.parent.name).mkdir(parents=True, exist_ok=True)
        Image.open(path).save(to / path.parent.name / f"renamed-{999 - i}{suffix}", **({"lossless": True} if suffix == ".webp" else {}))
    return to


def test_the_runs_own_test_part_however_the_data_are_called(trained, tmp_path, monkeypatch):
    run, folder = trained
    test = names(run.parts.parts["test"])
    moved = shutil.copytree(folder, tmp_path / "moved")
    monkeypatch.chdir(folder.parent)
    for data in (None, str(folder), folder.name, str(moved)):
        chosen = choose(run.run, data)
        assert (names(chosen.dataset), chosen.part, chosen.own) == (test, "test", True)
        assert chosen.facts["n"] == len(test) and chosen.facts["left_out"] == chosen.facts["learnt"] == 0
    train_part = choose(run.run, None, "train")
    assert names(train_part.dataset) == names(run.parts.parts["train"])
    assert train_part.learnt == len(train_part.dataset) and "this is no test" in train_part.notes[-1]


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".webp", ".gif"])
def test_pictures_are_known_by_content_whatever_they_are_called_and_saved_in(trained, tmp_path, suffix):
    run, folder = trained
    again = resaved(folder, tmp_path / "again", suffix)
    chosen = choose(run.run, str(again))
    assert contents(chosen.dataset) == contents(run.parts.parts["test"]) and chosen.part == "test"


def test_a_grown_copy_is_refused_and_the_unseen_are_judged_by_name_only(trained, others, tmp_path):
    run, folder = trained
    grown = shutil.copytree(folder, tmp_path / "grown")
    shutil.copy(others / "one" / "0.png", grown / "one" / "new.png")
    n = sum(len(run.parts.parts[part]) for part in ("train", "val"))
    for part in ("test", "all"):
        with pytest.raises(UsageError, match=rf"has learnt from {n} of these 61 pictures of grown, most of the set\. Say --part unseen"):
            choose(run.run, str(grown), part)
    chosen = choose(run.run, str(grown), "unseen")
    assert len(chosen.dataset) == 61 - n and len(chosen.left_out) == n
    assert not {*contents(chosen.dataset)} & {*contents(run.parts.parts["train"]), *contents(run.parts.parts["val"])}
    assert chosen.facts["left_out"] == n and f"has learnt from {n} of these 61" in chosen.notes[-1]


def test_a_few_training_pictures_among_others_are_left_out_and_counted(trained, others, tmp_path):
    run, folder = trained
    mixed = shutil.copytree(others, tmp_path / "mixed")
    known = run.parts.parts["train"]
    for i in range(3):
        shutil.copy(folder / str(known.paths[i]), mixed / known.label(i) / f"copy-{i}.png")
    chosen = choose(run.run, str(mixed))
    assert (len(chosen.dataset), len(chosen.left_out), chosen.own) == (12, 3, False)


def test_only_training_pictures_are_refused(trained, tmp_path):
    run, folder = trained
    known = run.parts.parts["train"]
    for i in range(len(known)):
        target = tmp_path / "all" / known.label(i) / f"{i}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / str(known.paths[i]), target)
    with pytest.raises(UsageError, match="none is left to judge on"):
        choose(run.run, str(tmp_path / "all"), "unseen")


def test_test_files_overwritten_by_training_files_are_not_judged(trained, tmp_path):
    run, folder = trained
    changed = shutil.copytree(folder, tmp_path / "changed")
    known, test = run.parts.parts["train"], run.parts.parts["test"]
    for i in range(4):
        shutil.copy(folder / str(known.paths[i]), changed / str(test.paths[i]))
    own = replace_data(run.run, tmp_path, changed)
    chosen = choose(own, None)
    assert names(chosen.dataset) == names(test.subset(np.arange(len(test)) >= 4))
    assert any("4 of the test pictures" in note and "other content" in note for note in chosen.notes)


def replace_data(run, root, data):
    """A copy of the run that says it was trained on `data`."""
    copy = shutil.copytree(run, root / "run")
    text = (copy / "run.json").read_text()
    (copy / "run.json").write_text(text.replace(str(run.parent / "scans"), str(data)))
    return copy


def test_other_data_are_judged_whole_and_that_is_said(trained, others):
    chosen = choose(trained[0].run, str(others))
    assert (len(chosen.dataset), chosen.part, chosen.own) == (12, "all", False)
    assert "all 12 pictures are judged" in chosen.notes[-1]
    with pytest.raises(UsageError, match="has no part 'val'"):
        choose(trained[0].run, str(others), "val")


def test_a_part_that_is_not_there_is_named(trained):
    with pytest.raises(UsageError, match=r"no part 'tset'\. There is: train, val, test, all, unseen"):
        choose(trained[0].run, None, "tset")


def test_two_runs_of_other_divisions_are_judged_on_what_neither_has_learnt_from(trained, tmp_path):
    first, folder = trained
    second = train(folder, out=str(tmp_path / "second"), model="pixels", epochs=1, split_seed=7, speed="plain", quiet=True)
    chosen = choose(first.run, None, others=[second.run])
    learnt = {*contents(second.parts.parts["train"]), *contents(second.parts.parts["val"])}
    assert 0 < len(chosen.dataset) < len(first.parts.parts["test"]) and not {*contents(chosen.dataset)} & learnt


def test_runs_of_other_seeds_are_tested_on_the_same_pictures(trained, tmp_path):
    first, folder = trained
    second = train(folder, out=str(tmp_path / "second"), model="pixels", epochs=1, seed=5, speed="plain", quiet=True)
    assert contents(second.parts.parts["test"]) == contents(first.parts.parts["test"])


def test_a_run_of_before_knows_its_pictures_by_name_and_says_what_it_cannot(trained, others, tmp_path):
    run, folder = trained
    old = shutil.copytree(run.run, tmp_path / "old")
    with (old / "split.csv").open(newline="") as file:
        rows = [row[:3] for row in csv.reader(file)]
    with (old / "split.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    assert not (old / "ancestors.csv").exists()  # nothing came before it
    facts = json.loads((old / "run.json").read_text())
    (old / "run.json").write_text(json.dumps({name: value for name, value in facts.items() if name != "tables"}))
    assert names(choose(old, None).dataset) == names(run.parts.parts["test"])
    grown = shutil.copytree(folder, tmp_path / "grown")
    shutil.copy(others / "one" / "0.png", grown / "one" / "new.png")
    with pytest.raises(UsageError, match="most of the set"):
        choose(old, str(grown))
    chosen = choose(old, str(others))
    assert len(chosen.dataset) == 12 and any("has no table of contents" in note for note in chosen.notes)


def test_the_digest_of_what_was_judged_does_not_depend_on_names_or_order(trained, tmp_path):
    run, folder = trained
    again = resaved(folder, tmp_path / "again", ".bmp")
    assert choose(run.run, str(again)).facts["digest"] == choose(run.run, None).facts["digest"]
    assert choose(run.run, None, "val").facts["digest"] != choose(run.run, None).facts["digest"]


@pytest.mark.parametrize("how", ["gone", "cut", "changed"])
def test_a_table_that_is_not_what_the_run_wrote_is_refused(trained, others, tmp_path, how):
    broken = shutil.copytree(trained[0].run, tmp_path / "broken")
    lines = (broken / "split.csv").read_text().splitlines(keepends=True)
    if how == "gone":
        (broken / "split.csv").unlink()
    else:
        kept = lines[:20] if how == "cut" else [lines[0], lines[1].replace(",train,", ",test,"), *lines[2:]]
        (broken / "split.csv").write_text("".join(kept))
    for models in ([broken], [trained[0].run, broken]):
        with pytest.raises(CorruptFile, match=r"broken/split\.csv is damaged.*Copy the file again from where the run was made"):
            choose(models[0], str(others), others=models[1:])


def test_ancestors_that_are_gone_are_missed(trained, others, tmp_path):
    child = train(others, out=str(tmp_path / "child"), from_=str(trained[0].run), epochs=1, speed="plain", quiet=True)
    choose(child.run, str(trained[1]), "unseen")
    (child.run / "ancestors.csv").unlink()
    with pytest.raises(CorruptFile, match=r"ancestors\.csv is damaged: it is missing"):
        choose(child.run, str(trained[1]), "unseen")


def test_an_artefact_without_its_tables_says_what_it_cannot_know(trained, others, tmp_path):
    (tmp_path / "bare").mkdir()
    for name in ("config.json", "model.safetensors"):
        shutil.copy(trained[0].run / name, tmp_path / "bare" / name)
    notes = choose(tmp_path / "bare", str(others)).notes
    assert any("has no table of contents" in note for note in notes)
