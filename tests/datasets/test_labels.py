"""`--labels`: a few labelled pictures of each class, the same ones for a seed, and the rest."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearsight.base.errors import UsageError
from clearsight.datasets.dataset import Parts
from clearsight.datasets.manifest import apply_manifest, manifest
from clearsight.datasets.split import split, with_labels
from tests.datasets.test_split import data, names, unsplit


def training(labels):
    every = data(labels, part="train")
    return Parts("made", every.classes, {"train": every, "test": data(labels, part="test")})


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=8, max_size=80), st.integers(1, 12), st.integers(0, 2**31))
def test_so_many_of_each_class_and_fewer_are_part_of_more(labels, amount, seed):
    parts = training(np.unique(labels, return_inverse=True)[1])
    whole = parts.parts["train"].counts()
    amount = min(amount, len(labels))
    made = with_labels(parts, str(amount), seed)
    assert (made.parts["train"].counts() == np.minimum(whole, amount)).all()
    every = [name for part in ("train", "unlabelled") if part in made.parts for name in made.parts[part].names]
    assert sorted(every) == sorted(parts.parts["train"].names)
    assert list(made.parts["test"].names) == list(parts.parts["test"].names)
    more = with_labels(parts, str(min(amount + 1, len(labels))), seed)
    assert set(made.parts["train"].names) <= set(more.parts["train"].names)
    assert names(apply_manifest(parts, manifest(made))) == names(made)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=8, max_size=80), st.floats(0.1, 100), st.integers(0, 2**31))
def test_a_share_is_of_every_class_and_at_least_one_picture(labels, share, seed):
    parts = training(np.unique(labels, return_inverse=True)[1])
    whole = parts.parts["train"].counts()
    took = with_labels(parts, f"{share}%", seed).parts["train"].counts()
    assert (abs(took - whole * share / 100) <= 0.5 + 1e-9).all() or (took[whole * share < 50] == 1).all()
    assert (took >= 1).all() and (took <= whole).all()


def test_another_seed_takes_others():
    parts = training([0] * 50 + [1] * 50)
    assert set(with_labels(parts, "5", 0).parts["train"].names) != set(with_labels(parts, "5", 1).parts["train"].names)


def test_all_of_them_leave_no_part_without_labels():
    made = with_labels(training([0, 0, 1, 1]), "100%", 0)
    assert "unlabelled" not in made.parts and len(made.parts["train"]) == 4


def test_it_is_said():
    made = with_labels(split(unsplit([0] * 40 + [1] * 5), seed=0, test=0.2, val=0.2), "10", 0)
    assert made.notes[-1] == "labels of 13 of 29 training pictures are used, 3 to 10 of a class"


@pytest.mark.parametrize("words", ["0", "-1", "x", "", "0%", "101%", "nan", "nan%", "5 of 10", "1e9", "1.5", "%"])
def test_other_words_are_refused(words):
    with pytest.raises(UsageError, match="as in 10, or a share, as in 1%"):
        with_labels(training([0, 0, 1, 1]), words, 0)
