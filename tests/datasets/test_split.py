"""None"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.datasets import split as split_module
from clearsight.datasets.dataset import Dataset, Parts, objects
from clearsight.datasets.open import open_dataset
from clearsight.datasets.split import _greedy, _whole_groups, align, folds, split, with_near_copies


def data(labels, groups=None, part="all"):
    labels = np.asarray(labels, dtype=np.int64)
    classes = tuple(f"class {k}" for k in range(int(labels.max()) + 1))
    names = objects(f"{part}/{i}" for i in range(len(labels)))
    pictures = np.zeros((len(labels), 2, 2), dtype=np.uint8)
    return Dataset(classes, labels, names, pictures=pictures, groups=None if groups is None else objects(map(str, groups)))


def unsplit(labels, groups=None):
    every = data(labels, groups)
    return Parts("made", every.classes, {"all": every})


def names(parts):
    return {part: list(dataset.names) for part, dataset in parts.parts.items()}


fractions = st.floats(0.01, 0.6)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=8, max_size=80), st.integers(0, 2**31), fractions, fractions)
def test_parts_are_disjoint_complete_and_stratified(labels, seed, val, test):
    labels = np.unique(labels, return_inverse=True)[1]
    parts = unsplit(labels)
    counts = parts.parts["all"].counts()
    if (counts - 1).sum() < 2:
        return
    try:
        made = split(parts, seed=seed, val=val, test=test)
    except ClearsightError:  # test took all that train could spare
        assert (counts - 1).sum() <= max(1, round(test * len(labels)))
        return
    assert list(made.parts) == ["train", "val", "test"]
    assert sorted(name for every in names(made).values() for name in every) == sorted(parts.parts["all"].names)
    assert (made.parts["train"].counts() >= 1).all()
    taken = made.parts["test"].counts()
    assert (np.abs(taken - np.minimum(test * counts, counts - 1)) < 1 + 1e-9).all()
    rest = counts - taken
    assert (np.abs(made.parts["val"].counts() - np.minimum(val * rest, rest - 1)) < 1 + 1e-9).all()
    assert all(len(dataset) for dataset in made.parts.values())
    assert names(split(parts, seed=seed, val=val, test=test)) == names(made)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 12)), min_size=20, max_size=80), st.integers(0, 1000))
def test_groups_never_straddle(rows, seed):
    labels = np.unique([label for label, _ in rows], return_inverse=True)[1]
    parts = unsplit(labels, [group for _, group in rows])
    try:
        made = split(parts, seed=seed, val=0.2, test=0.2).parts
    except ClearsightError:  # a class in one group only cannot be spared
        return
    owners = [set(dataset.groups) for dataset in made.values()]
    assert sum(map(len, owners)) == len(set.union(*owners))
    assert sum(map(len, made.values())) == len(rows)
    assert (made["train"].counts() >= 1).all()


def test_many_small_groups_come_close_to_the_fractions():
    rng = np.random.default_rng(0)
    sizes = rng.integers(1, 9, 300)
    groups = np.repeat(np.arange(300), sizes)
    labels = rng.integers(0, 4, len(groups))
    parts = unsplit(labels, groups)
    made = split(parts, seed=1, val=0.15, test=0.2).parts
    counts = parts.parts["all"].counts()
    assert np.abs(made["test"].counts() / counts - 0.2).max() < 0.02
    assert np.abs(made["val"].counts() / (counts - made["test"].counts()) - 0.15).max() < 0.02


def test_the_counts_are_those_of_scikit_learn():
    rng = np.random.default_rng(3)
    for _ in range(20):
        labels = np.concatenate([np.full(n, k) for k, n in enumerate(rng.integers(10, 200, 5))])
        ours = split(unsplit(labels), val=0, test=0.2).parts["test"]
        _, theirs = train_test_split(labels, test_size=len(ours), stratify=labels, random_state=0)
        assert np.abs(ours.counts() - np.bincount(theirs)).max() <= 1


def test_the_seed_decides_and_nothing_else():
    parts = unsplit(np.arange(100) % 4)
    assert names(split(parts, seed=1)) == names(split(parts, seed=1))
    assert names(split(parts, seed=1)) != names(split(parts, seed=2))
    # golden: a split must be the same on every machine and in every version
    assert names(split(unsplit(np.arange(20) % 2), seed=0))["test"] == ["all/0", "all/6", "all/9", "all/17"]


def test_existing_parts_are_respected():
    train, test = data(np.arange(40) % 2, part="train"), data(np.arange(10) % 2, part="test")
    made = split(Parts("made", train.classes, {"train": train, "test": test}))
    assert {part: len(dataset) for part, dataset in made.parts.items()} == {"train": 36, "val": 4, "test": 10}
    assert made.parts["test"] is test
    assert made.notes == ("val carved from the training pictures by seed 0, stratified: 36 train, 4 val, 10 test",)
    again = split(made)
    assert names(again) == names(made)
    only = split(Parts("made", train.classes, {"train": train}))
    assert list(only.parts) == ["train", "val"]
    with pytest.raises(ClearsightError, match="has no train part, only test"):
        split(Parts("made", train.classes, {"test": test}))


def test_a_fraction_of_zero_carves_nothing():
    assert list(split(unsplit([0, 1] * 5), val=0, test=0).parts) == ["train"]
    for bad in (-0.1, 1, float("nan")):
        with pytest.raises(UsageError, match="val must be at least 0 and below 1"):
            split(unsplit([0, 1]), val=bad)


def test_too_little_is_said():
    with pytest.raises(ClearsightError, match=r"no test part can be carved from 3 pictures.*classes of one picture"):
        split(unsplit([0, 1, 2]))
    with pytest.raises(ClearsightError, match="no val part can be carved from 3 pictures"):
        split(unsplit([0, 1, 2, 0]))
    with pytest.raises(ClearsightError, match="classes of one group"):
        split(unsplit([0, 0, 0, 1, 1, 1], groups=list("aaabbb")))
    made = split(unsplit([0] * 40 + [1]))
    assert "too few pictures for the test part to have any of: class 1" in made.notes


def test_digits_keep_their_sheets_whole():
    made = split(open_dataset("digits")).parts
    owners = [set(dataset.groups) for dataset in made.values()]
    assert sum(map(len, owners)) == 14
    assert 100 < len(made["val"]) < 180


def test_classes_are_joined_by_name():
    dataset = data([0, 1, 2, 1])
    joined = align(dataset, ("class 2", "other", "class 0", "class 1"))
    assert joined.labels.tolist() == [2, 3, 0, 3]
    assert [joined.label(i) for i in range(4)] == [dataset.label(i) for i in range(4)]
    with pytest.raises(
        UsageError, match=r"does not know: 'class 1'. The data's classes: 'class 0', .* The classifier's: 'class 0', 'class 2'"
    ):
        align(dataset, ("class 0", "class 2"))
    assert align(dataset.subset([0, 2]), ("class 2", "class 0")).labels.tolist() == [1, 0]


def with_copies(labels, same):
    """`unsplit(labels)` with digests, pictures of one group of `same` having one digest."""
    parts = unsplit(labels)
    digests = [f"{i:032x}" for i in range(len(labels))]
    for group in same:
        for i in group:
            digests[i] = digests[group[0]]
    return Parts(parts.name, parts.classes, {"all": replace(parts.parts["all"], digests=np.array(digests, "S32"))})


def test_copies_stay_in_one_part_and_others_are_divided_as_without():
    labels = np.arange(90) % 3
    for seed in range(20):
        pairs = [(i, i + 45) for i in range(45)]
        made = split(with_copies(labels, pairs), seed=seed).parts
        every = [set(dataset.digests.tolist()) for dataset in made.values()]
        assert not any(a & b for i, a in enumerate(every) for b in every[:i])
        assert {part: len(dataset) for part, dataset in made.items()} == {"train": 64, "val": 8, "test": 18}
        assert names(split(with_copies(labels, []), seed=seed)) == names(split(unsplit(labels), seed=seed))


def test_copies_across_groups_join_them_and_the_copies_are_counted():
    parts = with_copies(np.arange(40) % 2, [(0, 39)])
    data = replace(parts.parts["all"], groups=objects(f"g{i // 4}" for i in range(40)))
    for seed in range(10):
        made = split(Parts("made", parts.classes, {"all": data}), seed=seed)
        where = {int(name.rpartition("/")[2]): part for part, dataset in made.parts.items() for name in dataset.names}
        assert len({where[i] for i in (0, 1, 2, 3, 36, 37, 38, 39)}) == 1
    assert any("1 of 40 pictures are exact copies" in note for note in made.notes)


def test_every_class_keeps_a_training_picture_though_it_has_copies_only():
    made = split(with_copies([0, 0, 1, 1, 1, 1, 1, 1, 1, 1], [(0, 1)]), val=0.2, test=0.2).parts
    assert made["train"].counts()[0] == 2


def test_copies_across_parts_that_the_data_bring_are_said():
    whole = with_copies(np.arange(30) % 2, [(0, 20), (1, 21, 22)]).parts["all"]
    own = Parts("own", whole.classes, {"train": whole.subset(range(20)), "test": whole.subset(range(20, 30))})
    notes = split(own).notes
    assert "3 of the 10 test pictures are exact copies of training pictures: evaluate gives the accuracy with and without them" in notes
    own = Parts("own", whole.classes, {"train": whole.subset(range(20)), "val": whole.subset(range(20, 30))})
    assert "3 of the 10 val pictures are exact copies of training pictures, so validation accuracy is too high" in split(own).notes


def test_folds_keep_copies_together():
    data = with_copies(np.arange(60) % 2, [(i, i + 30) for i in range(30)]).parts["all"]
    found = folds(data, 5)
    assert (found[:30] == found[30:]).all() and len(set(found.tolist())) == 5


def test_an_inherited_division_is_kept_and_new_pictures_are_divided_beside_it():
    first = split(with_copies(np.arange(60) % 3, []), seed=1)
    known = {digest: part for part, dataset in first.parts.items() for digest in dataset.digests.tolist()}

    def division(dataset):
        return np.array([known.get(digest, "") for digest in dataset.digests.tolist()], dtype=object)

    more = with_copies(np.arange(120) % 3, [])
    made = split(more, seed=9, inherited=division)
    for part, dataset in first.parts.items():
        assert set(dataset.digests.tolist()) <= set(made.parts[part].digests.tolist())
    assert {part: len(dataset) for part, dataset in made.parts.items()} == {"train": 86, "val": 10, "test": 24}
    assert names(split(with_copies(np.arange(60) % 3, []), seed=9, inherited=division)) == names(first)


def test_without_a_picture_to_judge_on_an_inherited_division_is_refused():
    parts = with_copies(np.arange(20) % 2, [])
    with pytest.raises(ClearsightError, match=r"all 20 pictures are among those .* none for a test part"):
        split(parts, inherited=lambda dataset: np.full(len(dataset), "train", dtype=object))


def test_of_groups_that_are_all_too_large_the_smallest_becomes_the_part():
    """Three pictures of 42 are wanted; a part of ten is further from that than none, but a part needs pictures."""
    made = split(unsplit([0] * 42, list("a" * 20 + "b" * 12 + "c" * 10)), val=0, test=3 / 42).parts
    assert (set(made["test"].groups), len(made["train"])) == ({"c"}, 32)


def test_a_group_joins_only_if_the_part_comes_nearer_to_what_is_wanted():
    """Of 20 pictures four are wanted: eight would be as far away as none."""
    whole, half = ((np.array([0]), np.array([n])) for n in (8, 4))
    distance, joined = _greedy([whole, half, whole], np.array([20]), 0.2, np.array([0, 1, 2]))
    assert (joined.tolist(), distance) == ([False, True, False], 0)


def test_as_many_folds_as_pictures_or_groups_are_the_most():
    assert sorted(folds(data([0, 0, 0, 0]), 4).tolist()) == [0, 1, 2, 3]
    for made, n in ((data([0, 0, 0, 0]), 4), (data([0]).subset([]), 0)):
        with pytest.raises(UsageError, match=rf"5 folds need at least 5 pictures\. There are {n}\."):
            folds(made, 5)
    pair = with_copies([0, 0, 0, 0], [(0, 3)]).parts["all"]
    found = folds(pair, 3)
    assert found[0] == found[3] and sorted(found[:3].tolist()) == [0, 1, 2]
    with pytest.raises(UsageError, match="4 folds need at least 4"):
        folds(pair, 4)


def test_what_is_missing_for_folds_is_a_picture_or_a_group():
    alone = data([0, 1, 2])
    for groups, what in ((None, "one picture"), (np.array(["a", "b", "c"]), "one group")):
        with pytest.raises(ClearsightError, match=f"no class has more than {what}, so none can be learnt"):
            folds(replace(alone, groups=groups), 3)


def test_near_copies_stay_together_and_others_are_divided_as_ever():
    """A picture that was saved again is a few grey levels off; without one, looking for near copies changes no division."""
    draw = np.random.default_rng(0)
    pictures = np.kron(draw.integers(0, 256, (40, 8, 8)), np.ones((4, 4))).astype(np.uint8)
    every = replace(data(np.arange(40) % 2), pictures=pictures)
    parts = Parts("made", every.classes, {"all": every})
    plain, near = split(parts), split(parts, near=True)
    assert names(plain) == names(near) and plain.notes == near.notes
    again = pictures.copy()
    again[2] = np.clip(again[0].astype(int) + draw.integers(-2, 3, (32, 32)), 0, 255)
    found = split(Parts("made", every.classes, {"all": replace(every, pictures=again)}), near=True)
    assert sum(bool({"all/0", "all/2"} & set(some)) for some in names(found).values()) == 1
    assert any("1 of 40 pictures are near copies of another one" in note for note in found.notes)


def test_pictures_without_anything_on_them_are_no_near_copies():
    """White pages, and those with a dot that is lost in a thumbnail, are as alike as any: they are left out."""
    pages = np.full((8, 200, 200), 250, np.uint8)
    for i in range(4, 8):
        pages[i, 20 * i : 20 * i + 2, 20 * i : 20 * i + 2] = 0
    every = replace(data(np.arange(8) % 2), pictures=pages)
    assert with_near_copies(every) is every


@pytest.mark.parametrize(("n", "orders"), [(2_000, 10), (5_000, 4), (30_000, 1)])
def test_fewer_orders_of_many_groups_are_tried(n, orders, monkeypatch):
    tried = []
    monkeypatch.setattr(split_module, "_greedy", lambda *_: (tried.append(0), (0.0, np.arange(n) % 5 == 0))[1])
    assert _whole_groups(data(np.arange(n) % 2, np.arange(n)), "val", 0.2, 0).sum() == n // 5 and len(tried) == orders
