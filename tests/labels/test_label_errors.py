"""Errors that are planted are found; folds keep groups whole; a ranking does not depend on the order of the pictures."""

from dataclasses import replace

import numpy as np
import pytest

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.datasets.dataset import Dataset, Parts, objects
from clearsight.datasets.open import open_dataset
from clearsight.datasets.split import folds
from clearsight.labels.label_errors import errors
from tests.pictures import digit_arrays, digit_folder


def planted(per_class=60, share=0.05):
    """Digits of which some have another label, and which."""
    pictures, labels = digit_arrays(per_class)
    draw = np.random.default_rng(0)
    wrong = draw.permutation(len(labels))[: round(share * len(labels))]
    given = labels.copy()
    given[wrong] = (labels[wrong] + draw.integers(1, 10, len(wrong))) % 10
    names = objects(f"{i:05d}" for i in range(len(labels)))
    return Dataset(tuple("0123456789"), given, names, pictures), wrong


def as_parts(data):
    return Parts("planted", data.classes, {"train": data})


@pytest.fixture(scope="module")
def found():
    data, wrong = planted()
    return errors(as_parts(data), quiet=True), {f"{i:05d}" for i in wrong}


def test_planted_noise_is_found(found):
    result, wrong = found
    top = {str(result.data.names[i]) for i in result.order[: len(result) // 10]}
    assert len(top & wrong) >= 0.9 * len(wrong)
    first = result.row(1)
    assert first["picture"] in wrong and first["given"] != first["likely"] and first["p_given"] < first["p_likely"]
    flagged = {str(name) for name in result.data.names[result.flagged]}
    assert len(flagged & wrong) >= 0.8 * len(wrong)
    assert 0.5 * len(wrong) < result.estimated < 2 * len(wrong)
    assert result.joint.sum() == pytest.approx(len(result))


def test_the_table_is_whole_and_in_order(found):
    result, _ = found
    lines = result.csv().splitlines()
    assert lines[0] == "rank,picture,given,likely,p_given,p_likely,flagged,part" and len(lines) == len(result) + 1
    own = [float(line.split(",")[4]) for line in lines[1:]]
    assert own == sorted(own)


def test_any_order(found):
    result, _ = found
    data, _ = planted()
    shuffled = errors(as_parts(data.subset(np.random.default_rng(1).permutation(len(data)))), quiet=True)
    assert shuffled.csv() == result.csv()


def test_a_network_for_each_fold(tmp_path):
    data, wrong = planted(per_class=12)
    settings = {"model": "pixels", "recipe": "solved", "epochs": 5}
    result = errors(as_parts(data), folds=2, settings=settings, out=str(tmp_path / "nets"), quiet=True)
    assert result.probabilities.sum(1) == pytest.approx(np.ones(len(data)), abs=1e-4)
    assert result.agreement > 0.6 and len(wrong)
    before = (tmp_path / "nets" / "fold-1" / "model.safetensors").stat().st_mtime_ns
    again = errors(as_parts(data), folds=2, settings=settings, out=str(tmp_path / "nets"), quiet=True)
    assert (tmp_path / "nets" / "fold-1" / "model.safetensors").stat().st_mtime_ns == before
    assert again.csv() == result.csv()
    with pytest.raises(UsageError, match="--out"):
        errors(as_parts(data), folds=2, settings={**settings, "epochs": 6}, out=str(tmp_path / "nets"), quiet=True)


def test_all_parts_are_judged_together():
    data, _ = planted(per_class=10)
    parts = Parts("two", data.classes, {"train": data.subset(np.arange(80)), "test": data.subset(np.arange(80, 100))})
    assert set(errors(parts, part="all", folds=3, quiet=True).parts) == {"train", "test"}
    assert len(errors(parts, folds=3, quiet=True)) == 80
    with pytest.raises(UsageError, match="part"):
        errors(parts, part="tset", quiet=True)


def test_features_that_have_seen_the_labels_are_warned_of(tmp_path, monkeypatch):
    from clearsight.training.api import train

    monkeypatch.chdir(tmp_path)
    folder = digit_folder(tmp_path / "scans", per_class=12, classes=3)
    train(folder, out="run", model="pixels", recipe="solved", quiet=True)
    result = errors(folder, from_="runs/run", folds=3, quiet=True)
    assert any("these very labels" in note for note in result.notes)
    assert not any("these very labels" in note for note in errors(folder, folds=3, quiet=True).notes)


def test_what_cannot_be_judged():
    data, _ = planted(per_class=4)
    one = data.subset(data.labels == 3)
    with pytest.raises(UsageError, match="two classes"):
        errors(as_parts(one), quiet=True)
    with pytest.raises(UsageError, match="two classes"):
        errors(as_parts(data.subset([])), quiet=True)
    with pytest.raises(UsageError, match="at least 50 pictures"):
        errors(as_parts(data), folds=50, quiet=True)
    with pytest.raises(UsageError, match="leave one out"):
        errors(as_parts(data), from_="runs/x", settings={"model": "pixels"}, quiet=True)


def test_a_picture_alone_in_its_class_is_learnt_from_and_not_judged():
    data, _ = planted(per_class=10)
    labels = np.where(np.arange(len(data)) == 7, 9, data.labels % 3)
    data = replace(data, labels=labels.astype(np.int64))
    result = errors(as_parts(data), folds=3, quiet=True)
    assert len(result) == len(data) - 1 and "00007" not in set(result.data.names)
    assert any("not judged" in note and "9" in note for note in result.notes)


def test_folds_are_stratified_and_seeded():
    data, _ = planted(per_class=11)
    fold = folds(data, 5, 3)
    for label in range(10):
        counts = np.bincount(fold[data.labels == label], minlength=5)
        assert counts.max() - counts.min() <= 1
    assert np.ptp(np.bincount(fold)) <= 1
    assert (folds(data, 5, 3) == fold).all() and (folds(data, 5, 4) != fold).any()
    with pytest.raises(UsageError, match="at least 2"):
        folds(data, 1)


def test_groups_stay_in_one_fold():
    data = open_dataset("digits").parts["train"]  # 11 sheets
    fold = folds(data, 4)
    for group in set(data.groups):
        assert len(set(fold[data.groups == group])) == 1
    assert set(fold) == {0, 1, 2, 3} and np.bincount(fold).min() > 200
    with pytest.raises(UsageError, match="groups"):
        folds(data, 12)


def test_a_class_in_one_group_only_is_learnt_from_by_every_fold():
    labels = np.array([0, 0, 1, 1, 0, 1, 2])
    data = Dataset(("a", "b", "c"), labels, objects("abcdefg"), np.zeros((7, 4, 4), np.uint8), groups=objects("xyxyzww"))
    fold = folds(data, 2)
    assert fold[5] == fold[6] == -1 and (fold[:5] >= 0).all() and fold[0] == fold[2] and fold[1] == fold[3]
    apart = Dataset(("a", "b"), np.array([0, 1]), objects("ab"), np.zeros((2, 4, 4), np.uint8))
    with pytest.raises(ClearsightError, match="learnt without it"):
        folds(apart, 2)
