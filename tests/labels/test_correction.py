"""Corrected labels as a file: it is DATA again, equal to the overlay, and nothing else is written over."""

import numpy as np
import pytest
from PIL import Image

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.datasets.decisions.journal import Decision, Journal, journal_of
from clearsight.datasets.decisions.overlay import names_of
from clearsight.datasets.identity import identified
from clearsight.datasets.open import open_dataset
from clearsight.labels.correction import apply_decisions


def decide(data, path, made):
    parts = identified(open_dataset(data, labelled=False), quiet=True)
    names = names_of(parts)
    digests = {name: digest.decode() for part in parts.parts for name, digest in zip(names[part], parts[part].digests, strict=True)}
    Journal(path).append([Decision(kind, digests.get(name, "gone"), name, label) for name, (kind, label) in made.items()])
    return path


@pytest.fixture
def pets(tmp_path):
    for k, name in enumerate(
        ["train/cat/=1+1.png", "train/cat/é b.png", "train/dog/0.png", "train/dog/1.png", "test/cat/0.png", "test/dog/0.png"]
    ):
        file = tmp_path / "far" / "pets" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((4, 4), 30 * k, np.uint8)).save(file)
    return tmp_path / "far" / "pets"


def shown(parts):
    return {part: [(str(data.source(i).resolve()), data.label(i)) for i in range(len(data))] for part, data in parts.parts.items()}


def test_the_table_is_the_overlay(pets, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert journal_of(str(pets)).as_posix() == "runs/pets-labels/journal.db"
    made = {
        "train/dog/1.png": ("label", "=wolf"),
        "train/cat/=1+1.png": ("keep", ""),
        "test/dog/0.png": ("leave out", ""),
        "x": ("keep", ""),
    }
    decide(pets, journal_of(str(pets)), made)
    found = apply_decisions(pets, quiet=True)
    assert (found.counts, found.pictures) == ({"label": 1, "leave out": 1, "unsure": 0, "keep": 1}, 5)
    assert [one.name for one in found.lost] == ["x"] and "1 labels changed, 1 pictures left out" in found.headline()
    assert shown(open_dataset(found.path)) == shown(open_dataset(pets, labels=journal_of(str(pets))))
    assert "../../far/pets/train/dog/0.png,dog,train" in found.path.read_text(encoding="utf-8")
    assert apply_decisions(pets, quiet=True).to_json() == found.to_json()  # over its own file
    again = open_dataset(found.path, labels=journal_of(str(pets)))  # known by their content
    assert shown(again) == shown(open_dataset(found.path))
    (tmp_path / "mine.csv").write_text("name,age\n")
    for out, reason in (("mine.csv", "not written by Clearsight"), ("a.txt", r"are a \.csv file")):
        with pytest.raises(UsageError, match=reason):
            apply_decisions(pets, out=out, quiet=True)
    Image.fromarray(np.full((4, 4), 7, np.uint8)).save(pets / "train" / "cat" / " x\n.png ".strip(" "))
    with pytest.raises(ClearsightError, match="1 files have names that a table cannot have, rename them"):
        apply_decisions(pets, quiet=True)


def test_arrays_become_arrays(tmp_path):
    pictures = np.random.default_rng(0).integers(0, 256, (6, 4, 4), np.uint8)
    np.savez(tmp_path / "data.npz", images=pictures, labels=np.array(["a", "b"] * 3))
    journal = decide(tmp_path / "data.npz", tmp_path / "journal.db", {"0": ("label", "c"), "1": ("leave out", "")})
    found = apply_decisions(tmp_path / "data.npz", journal=journal, quiet=True)
    data = open_dataset(found.path)["all"]
    assert [data.label(i) for i in range(5)] == ["c", "a", "b", "a", "b"] and np.array_equal(data.pictures, pictures[[0, 2, 3, 4, 5]])
    assert apply_decisions(tmp_path / "data.npz", journal=journal, quiet=True).path == found.path
    with pytest.raises(UsageError, match="not written by clearsight labels apply"):
        apply_decisions(tmp_path / "data.npz", journal=journal, out=tmp_path / "data.npz", quiet=True)
