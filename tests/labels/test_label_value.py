"""What more labels are worth: slopes that are found again, labels that are not looked at, and words that own up to what is not known."""

import dataclasses

import numpy as np
import pytest
import torch

from clearsight.base.errors import UsageError
from clearsight.datasets import split as splitting
from clearsight.heads.cross_validation import folds
from clearsight.labels import label_value
from clearsight.labels.label_value import FOLDS, Advice, Trials, Worth, advise, consider, run_trials
from clearsight.metrics.intervals import wilson
from clearsight.runs import splits
from tests.pictures import digit_folder

NAMES = ("apart", "few", "many")


def made(counts=(60, 20, 120), seed=0):
    """Features (N, 12) of three classes: the first far from all, the two others near to each other."""
    g = np.random.default_rng(seed)
    means = np.zeros((3, 12))
    means[0, 0], means[1, 1:7], means[2, 1:7] = 8, 0.35, -0.35
    labels = np.repeat(np.arange(3), counts)
    return torch.from_numpy(means[labels] + g.normal(size=(len(labels), 12))).float(), torch.from_numpy(labels)


@pytest.fixture(scope="module")
def advice():
    features, labels = made()
    return advise(features, labels, folds(labels, 0), NAMES, more=100, seed=0, quiet=True)


def test_a_class_that_is_told_apart_gains_nothing_and_the_scarce_one_gains_most(advice):
    by_name = {row.label: row for row in advice.classes}
    assert [row.n for row in map(by_name.get, NAMES)] == [60, 20, 120] and by_name["apart"].recall > 0.95
    assert abs(by_name["apart"].overall["value"]) < 0.02
    assert by_name["apart"].own["high"] < 0.1
    assert by_name["few"].own["value"] > by_name["many"].own["value"] and by_name["few"].own["value"] > 0.04
    assert advice.classes[0].label == "few"
    for row in advice.classes:
        assert row.own["high"] <= 1 - wilson(round(row.recall * row.n), row.n)[0] + 1e-9


def test_what_was_told_happens(advice):
    """The labels are really added, and judged on thousands of pictures that were held back."""
    features, labels = made()
    more, of_more = made((0, 1000, 0), seed=5)
    judged, truth = made((3000, 1000, 6000), seed=6)
    row = next(row for row in advice.classes if row.label == "few")

    def hits(x, y):
        found = label_value.solve(label_value.Problem(x.clone(), y, 3, label_value.weights(y, labels.bincount())), 1e-2, None, True)
        return (judged.double() @ found.weight.T + found.bias).argmax(1) == truth

    before = hits(features, labels)
    gains = []
    for some in range(0, 1000, 100):
        after = hits(torch.cat([features, more[some : some + 100]]), torch.cat([labels, of_more[some : some + 100]]))
        gains.append(float((after.float() - before.float())[truth == 1].mean()))
    assert row.own["low"] < np.mean(gains) < row.own["high"]


def test_slopes_and_the_course_are_found_again():
    g = np.random.default_rng(0)
    counts = g.integers(20, 400, (200, 4))
    fold = np.arange(200) % FOLDS
    slopes = np.array([0.05, 0.0, 0.02, 0.1])
    nothing = np.zeros((200, 1), bool)
    tried = Trials(counts, fold, nothing, np.zeros(1, np.int64), np.zeros(1, np.int64))
    for power in label_value.POWERS:
        accuracy = 0.5 + fold / 50 + (slopes * label_value._course(counts, power)).sum(1)
        found, left = label_value._fit(tried, np.arange(200), accuracy, power)
        np.testing.assert_allclose(found, slopes, atol=2e-3)
        assert all(left < label_value._fit(tried, np.arange(200), accuracy, other)[1] for other in label_value.POWERS if other != power)


def test_a_trial_takes_a_share_of_every_class_and_judges_what_it_has_not_seen():
    features, labels = made()
    fold_of = folds(labels, 0)
    tried = run_trials(features, labels, fold_of, 3, 1e-2, seed=0)
    whole = np.stack([np.bincount(labels[fold_of != k], minlength=3) for k in range(FOLDS)])
    assert (tried.counts[:FOLDS] == whole).all()
    shares = tried.counts[FOLDS:] / whole[tried.fold[FOLDS:]]
    assert shares.min() >= 0.2 and shares.max() <= 1 and len(np.unique(shares.round(3), axis=0)) > 90
    assert abs(np.corrcoef(shares[:, 0], shares[:, 1])[0, 1]) < 0.3  # each class by a draw of its own
    assert not tried.right[tried.fold[:, None] != tried.fold_of[None]].any()


def test_the_test_part_and_labels_that_may_not_be_used_are_not_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(label_value, "TRIALS", 10)
    data = str(digit_folder(tmp_path / "data", per_class=30, classes=3, side=16))
    for amount, parts in (("", ("test",)), ("12", ("test", "val", "unlabelled"))):
        with monkeypatch.context() as patch:
            straight = consider(data, amount=amount, quiet=True)
            for name, home in (("divided", splits), ("with_labels", splitting)):
                patch.setattr(label_value, name, shuffled(getattr(home, name), parts))
            assert consider(data, amount=amount, quiet=True) == straight
        assert straight[0].n == {"": 72, "12": 36}[amount]


def shuffled(make, wanted):
    def worse(*args, **settings):
        found = make(*args, **settings)
        parts = {
            name: dataclasses.replace(data, labels=np.random.default_rng(1).permutation(data.labels)) if name in wanted else data
            for name, data in found.parts.items()
        }
        return dataclasses.replace(found, parts=parts)

    return worse


def test_what_is_not_known_is_said():
    gain = {"value": 0.012, "low": 0.006, "high": 0.018}
    row = Worth("shirt", 100, 0.6, 200, gain, {"value": 0.05, "low": 0.01, "high": 0.09})
    assert row.sentence() == "200 more labels of shirt are worth about +1.2 ± 0.6 points, and +5.0 (±4.0) of its own pictures"
    unsure = dataclasses.replace(row, overall={**gain, "low": -0.001})
    assert unsure.sentence() == "200 more labels of shirt: no measurable gain (-0.1 to +1.8 points)"


def test_too_few_labels_to_leave_any_out_are_named():
    features, labels = made((30, 6, 30))
    with pytest.raises(UsageError, match=r"at least 10 of every class. Fewer have: few \(6\)"):
        advise(features, labels, folds(labels, 0), NAMES, quiet=True)


def test_json_has_everything(advice):
    told = advice.to_json()
    assert told["n"] == 200 and [row["label"] for row in told["classes"]] == [row.label for row in advice.classes]
    for row, one in zip(told["classes"], advice.classes, strict=True):
        assert Worth(**row) == one
    # labels spread evenly over the classes gain what is between the best and the worst of them
    gains = [row["overall"]["value"] for row in told["classes"]]
    assert min(gains) <= told["even"]["value"] <= max(gains) and told["even"]["low"] < told["even"]["value"] < told["even"]["high"]
    assert Advice(**{**told, "classes": advice.classes}) == advice
