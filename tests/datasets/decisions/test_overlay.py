"""The overlay: labels by the journal, with pictures known by content and name, on data that are not touched."""

import numpy as np
import pytest
from PIL import Image

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.datasets.dataset import Dataset, Parts, objects
from clearsight.datasets.decisions import overlay
from clearsight.datasets.decisions.journal import Decision, Journal
from clearsight.datasets.decisions.overlay import names_of
from clearsight.datasets.identity import identified
from clearsight.datasets.open import open_dataset

LEVELS = {"cat/0.png": 0, "cat/1.png": 40, "cat/2.png": 80, "dog/0.png": 120, "dog/1.png": 160, "dog/copy.png": 160}


@pytest.fixture
def pets(tmp_path):
    for name, level in LEVELS.items():
        (tmp_path / "pets" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((4, 4), level, np.uint8)).save(tmp_path / "pets" / name)
    return tmp_path / "pets"


@pytest.fixture
def decide(pets, tmp_path):
    """`decide({name: kind or label})` adds decisions about pictures as they are now; it returns the journal's path."""
    journal = Journal(tmp_path / "runs" / "journal.db")

    def decide(made: dict[str, str]):
        parts = identified(open_dataset(pets, labelled=False), quiet=True)
        data = parts["all"]
        digests = dict(zip(names_of(parts)["all"], data.digests, strict=True))
        kinds = {"leave out", "unsure", "keep"}
        words = {name: ("label", what) if what not in kinds else (what, "") for name, what in made.items()}
        journal.append([Decision(kind, digests[name].decode(), name, label) for name, (kind, label) in words.items()])
        return journal.path

    return decide


def labels(parts):
    return {str(name): data.label(i) for data in parts.parts.values() for i, name in enumerate(data.names)}


def test_labels_are_replaced_and_pictures_left_out_one_copy_by_one(pets, decide):
    before = {file: file.read_bytes() for file in pets.rglob("*.png")}
    path = decide({"cat/0.png": "dog", "cat/1.png": "keep", "dog/0.png": "unsure", "dog/copy.png": "leave out"})
    parts = open_dataset(pets, labels=path)
    assert labels(parts) == {"cat/0.png": "dog", "cat/1.png": "cat", "cat/2.png": "cat", "dog/0.png": "dog", "dog/1.png": "dog"}
    assert parts.classes == ("cat", "dog") and "labels of journal.db: 1 changed, 1 pictures left out" in parts.notes
    assert {file: file.read_bytes() for file in pets.rglob("*.png")} == before
    Journal(path).undo(1)
    assert labels(open_dataset(pets, labels=path))["cat/0.png"] == "cat"


def test_new_classes_come_and_empty_ones_go(pets, decide):
    path = decide({"cat/0.png": "10", "cat/1.png": "2", "cat/2.png": "2"})
    assert open_dataset(pets, labels=path).classes == ("10", "2", "dog")
    decide({name: "2" for name in LEVELS if name.startswith("dog")})
    assert open_dataset(pets, labels=path).classes == ("2", "10")  # whole numbers by their value
    with pytest.raises(UsageError, match="leave no picture of pets with a label"):
        open_dataset(pets, labels=decide(dict.fromkeys(LEVELS, "leave out")))


def test_a_moved_picture_keeps_its_decision_and_a_changed_one_loses_it(pets, decide):
    path = decide({"cat/0.png": "dog", "cat/1.png": "dog", "dog/1.png": "cat"})
    (pets / "cat" / "0.png").rename(pets / "dog" / "renamed.png")
    Image.fromarray(np.full((4, 4), 41, np.uint8)).save(pets / "cat" / "1.png")
    (pets / "dog" / "1.png").rename(pets / "dog" / "other.png")  # its copy has the same digest
    (pets / "dog" / "0.png").unlink()
    parts = open_dataset(pets, labels=path)
    assert labels(parts)["dog/renamed.png"] == "dog" and labels(parts)["cat/1.png"] == "cat"
    assert labels(parts)["dog/other.png"] == labels(parts)["dog/copy.png"] == "dog"  # which of both is not known
    assert "2 decisions of journal.db are about no picture here: cat/1.png, dog/1.png" in parts.notes


def test_a_folder_without_classes_is_labelled_by_its_decisions(pets, decide):
    for folder in ("cat", "dog"):
        for file in (pets / folder).iterdir():
            file.rename(pets / f"{folder}-{file.name}")
        (pets / folder).rmdir()
    path = decide({"cat-0.png": "cat", "dog-0.png": "dog"})
    assert labels(open_dataset(pets, labels=path)) == {"cat-0.png": "cat", "dog-0.png": "dog"}
    every = open_dataset(pets, labels=path, labelled=False)["all"]
    assert every.labels.tolist() == [0, -1, -1, 1, -1, -1] and every.classes == ("cat", "dog")


def test_parts_share_names_and_a_class_needs_a_training_picture(tmp_path):
    pictures = np.arange(6 * 16, dtype=np.uint8).reshape(6, 4, 4)
    pair = (pictures, ["a", "b"] * 3)
    parts = identified(open_dataset((pair, pair)))
    digest = parts["test"].digests[0].decode()
    journal = Journal(tmp_path / "journal.db")
    journal.append([Decision("label", digest, "test/0", "b")])
    now = open_dataset((pair, pair), labels=journal.path)
    assert now["test"].label(0) == "b" and now["train"].label(0) == "a"
    journal.append([Decision("label", digest, "test/0", "new")])
    with pytest.raises(ClearsightError, match="give 'new' to no training picture"):
        open_dataset((pair, pair), labels=journal.path)


def test_a_missing_journal_is_said(pets, tmp_path):
    with pytest.raises(UsageError, match=r"there is no journal .*none\.db: clearsight studio DATA makes one"):
        open_dataset(pets, labels=tmp_path / "none.db")


@pytest.mark.parametrize(
    ("classes", "now", "table"),
    [
        (("cat", "dog"), ["dog", "ant", "cat", "bee"], ("ant", "bee", "cat", "dog")),  # sorted as before
        (("dog", "cat"), ["dog", "ant", "cat", "bee"], ("dog", "cat", "ant", "bee")),  # an order of its own stays, new ones follow
        (("dog", "eel", "cat"), ["dog", "ant", "dog", ""], ("dog", "eel", "ant")),  # eel had no picture before, cat has lost its own
    ],
)
def test_classes_in_an_order_of_their_own_keep_it(classes, now, table):
    labels = np.array([classes.index(label) for label in ("dog", "dog", "cat", "cat")])
    data = Dataset(classes, labels, objects("abcd"), pictures=np.zeros((4, 2, 2), np.uint8))
    assert overlay._table(Parts("pets", classes, {"all": data}), {"all": now}) == table
