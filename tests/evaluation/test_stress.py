"""Stress: figures counted by hand, groups and shortcuts that were planted, and a scorecard that can be opened."""

import pytest
import torch

from clearsight.base.errors import UsageError
from clearsight.corruptions import CORRUPTIONS, MEAN_OVER
from clearsight.corruptions.challenges import CHALLENGES
from clearsight.evaluation.stress import chosen, half, stress
from clearsight.metrics.intervals import wilson
from tests.evaluation.stand_in import Nearest, digits


class Plain(Nearest):
    """As `stress` uses a classifier."""

    device = torch.device("cpu")
    model = torch.nn.Identity()

    def faster(self, speed: str) -> "Plain":
        return self


@pytest.fixture(scope="module")
def found():
    return stress(Plain(), digits(20), n=150, augment="flip crop:1", quiet=True)


def test_every_change_has_its_figures(found):
    out = found.to_json()
    assert {(row["name"], row["severity"]) for row in out["corruptions"]} == {
        (name, severity) for name in set(CORRUPTIONS) - {"saturate"} for severity in range(1, 6)  # digits are grey
    }  # fmt: skip
    assert {(row["name"], row["strength"]) for row in out["challenges"]} == {
        (row.name, strength) for row in CHALLENGES.values() for strength in row.strengths
    }
    assert len(out["places"]) == 5 and all(len(line) == 5 for line in out["places"])
    for row in (*out["corruptions"], *out["challenges"], *(row for line in out["places"] for row in line)):
        assert row["n"] == 150
        assert (row["low"], row["high"]) == wilson(round(row["top1"] * 150), 150)
    assert out["clean"]["n"] == out["n"] == 150 and out["clean"]["value"] > 0.9


def test_the_mean_corruption_error_is_the_mean_of_the_errors(found):
    errors = [1 - row["top1"] for row in found.corruptions if row["name"] in MEAN_OVER]
    mce = found.mce
    assert len(errors) == 75 and mce["over"] == 15
    assert mce["value"] == pytest.approx(sum(errors) / 75)
    assert mce["relative"] == pytest.approx(mce["value"] - (1 - found.clean["value"]))
    assert "AlexNet" in mce["baseline"]


def test_failures_were_right_and_are_wrong(found):
    right = stress(Plain(), digits(20), n=150, only=["places"], quiet=True)
    assert right.clean == found.clean and right.corruptions == [] and right.mce is None and right.subgroups is None
    kept = [failure for failures in found.failures.values() for failure in failures]
    assert kept and all(failure.truth != failure.label for failure in kept)
    for failures in found.failures.values():
        assert len(failures) <= 4 and len({failure.source for failure in failures}) == len(failures)
        assert [failure.by for failure in failures] == sorted(failure.by for failure in failures)


def test_what_is_judged_does_not_depend_on_the_batch(found):
    again = stress(Plain(), digits(20), n=150, only=["noise", "rotation"], batch_size=7, quiet=True)
    names = {"gaussian_noise", "shot_noise", "impulse_noise", "speckle_noise"}
    assert again.corruptions == [row for row in found.corruptions if row["name"] in names]
    assert again.challenges == [row for row in found.challenges if row["name"] == "rotation"]


def test_where_accuracy_is_halved():
    assert half([(10, 0.7), (20, 0.3), (30, 0.5)], 0.8) == pytest.approx(17.5)  # 0.4 is three quarters of the way from 0.7 to 0.3
    assert half([(10, 0.2)], 0.8) == pytest.approx(10 * 0.4 / 0.6)
    assert half([(1, 0.8), (2, 0.4)], 0.8) is None


def test_names_and_groups():
    assert chosen(["noise", "rotation"]) == {"gaussian_noise", "shot_noise", "impulse_noise", "speckle_noise", "rotation"}
    assert chosen(["corruptions"]) == set(CORRUPTIONS)
    assert not set(CORRUPTIONS) & set(CHALLENGES)
    with pytest.raises(UsageError, match="Did you mean rotation"):
        chosen(["rotatio"])


def test_mistakes_are_named():
    with pytest.raises(UsageError, match="from 1 to 5"):
        stress(Plain(), digits(2), severities=[6], quiet=True)
    with pytest.raises(UsageError, match="no pictures"):
        stress(Plain(), digits(2).subset([]), quiet=True)
    wrong = Plain()
    wrong.centres = wrong.centres.roll(1, 0)
    with pytest.raises(UsageError, match="nothing to stress"):
        stress(wrong, digits(1, 2), quiet=True)
