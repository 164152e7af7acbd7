"""Tables are joined by name, over random tables: never another number, never an IndexError."""

import random
import unicodedata

import numpy as np
import pytest

from clearsight.base.errors import UsageError
from clearsight.datasets.classes import order, places
from clearsight.datasets.dataset import Dataset, Parts, objects
from clearsight.datasets.split import align, align_parts
from clearsight.training.api import resume, train
from tests.pictures import digit_arrays

WORDS = ("ant", "bee", "été", "3", "0", "10", "cat dog", "d", "É", "x" * 40)


def drawn(draw: random.Random) -> list[str]:
    return draw.sample(WORDS, draw.randint(1, len(WORDS)))


def spelled(name: str, draw: random.Random) -> str:
    """The same name for `clean_label`."""
    return draw.choice([name, f" {name}", unicodedata.normalize("NFD", name), f"{name}\t"])


@pytest.mark.parametrize("seed", range(100))
def test_a_label_keeps_its_name_or_is_refused(seed):
    draw = random.Random(seed)
    own, table = drawn(draw), drawn(draw)
    labels = np.array([draw.randrange(len(own)) for _ in range(8)])
    data = Dataset(tuple(spelled(name, draw) for name in own), labels, objects(map(str, range(8))), pictures=np.zeros((8, 2, 2), np.uint8))
    if {own[label] for label in labels} <= set(table):
        found = align(data, tuple(table))
        assert [table[label] for label in found.labels] == [own[label] for label in labels]
        parts = align_parts(Parts("x", data.classes, {"all": data}), table)
        assert parts.classes == tuple(table) and parts.parts["all"].labels.tolist() == found.labels.tolist()
    else:
        with pytest.raises(UsageError, match="does not know") as refused:
            align(data, tuple(table))
        assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("seed", range(50))
def test_columns_are_those_of_the_names(seed):
    draw = random.Random(seed)
    wanted, table = drawn(draw), [spelled(name, draw) for name in drawn(draw)]
    clean = [unicodedata.normalize("NFC", name.strip()) for name in table]
    found = places(wanted, table)
    assert [clean[k] if k >= 0 else None for k in found] == [name if name in clean else None for name in wanted]
    if set(wanted) <= set(clean):
        assert [clean[k] for k in order(wanted, table, of="x")] == wanted
    else:
        with pytest.raises(UsageError, match="x does not know"):
            order(wanted, table, of="x")


def test_a_name_that_two_classes_have_is_no_name():
    with pytest.raises(UsageError, match="there twice"):
        places(["a", "b"], ["a", "b", "a "])
    assert places(["b"], ["a", "b", "a "]).tolist() == [1], "the twin is not asked for"


def test_a_resumed_run_keeps_its_table(tmp_path):
    """The same labelled pictures in a data set whose table has another order, and a class more without a picture."""
    pictures, labels = digit_arrays(12, 3)
    names = objects(f"{i}.png" for i in range(len(labels)))

    def as_table(table: tuple[str, ...]) -> Parts:
        numbers = np.array([table.index(("zero", "one", "two")[label]) for label in labels])
        return Parts("digits", table, {"all": Dataset(table, numbers, names, pictures=pictures)})

    settings = {"model": "pixels", "epochs": 3, "speed": "plain", "quiet": True, "out": str(tmp_path / "run")}
    first = train(as_table(("zero", "one", "two")), **settings)
    again = resume(tmp_path / "run", data=as_table(("two", "nine", "zero", "one")), quiet=True)
    assert first is not None and again is not None
    assert again.classifier.classes == ("zero", "one", "two") and again.validation == first.validation
    assert again.classifier.classify(pictures[0]).label == first.classifier.classify(pictures[0]).label
