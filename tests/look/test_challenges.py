"""The challenges on one picture, and the unlike members of a class: by hand, and against the parts that they are made of."""

import numpy as np
import pytest
import torch

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.classifier import Classifier
from clearsight.corruptions import corrupted
from clearsight.corruptions.challenges import CHALLENGES
from clearsight.images.preprocess import Preprocessing
from clearsight.look.challenges import LECTURE, challenges, combined, pieces, spread, variation
from clearsight.models import build


class Bright(torch.nn.Module):
    """`light` where the mean of the pixels is above one half, with a probability that follows from it."""

    HEAD = "head"

    def __init__(self) -> None:
        super().__init__()
        self.head = torch.nn.Linear(1, 2)
        with torch.no_grad():
            self.head.weight.copy_(torch.tensor([[10.0], [-10.0]]))
            self.head.bias.copy_(torch.tensor([-5.0, 5.0]))

    def forward(self, x):
        return self.head(x.mean((1, 2, 3))[:, None])


def bright():
    return Classifier(Bright(), Preprocessing(1, 32, 32, mean=(0.0,), std=(1.0,)), ("light", "dark"))


def test_a_patch_of_grey_turns_light_only_when_it_covers_enough():
    """White with a share s of mid-grey has the mean 1 − s/2, so p = sigmoid(20 · (mean − 0.5))."""
    found = challenges(bright(), np.full((32, 32), 255, np.uint8), ["patch"])
    (row,) = found.rows
    assert (found.label, row.group, [trial.strength for trial in row.trials]) == ("light", "occlusion", [0.05, 0.1, 0.2, 0.3, 0.5])
    for trial in row.trials:
        mean = trial.picture.mean() / 255
        assert mean == pytest.approx(1 - trial.strength / 2, abs=0.01) and trial.label == "light" and not trial.changed
        assert trial.confidence == pytest.approx(1 / (1 + np.exp(-20 * (mean - 0.5))), abs=1e-5) == trial.before


def test_the_lectures_five_on_a_colour_picture():
    net = Classifier(build("pixels", 3, channels=3, height=16, width=16, seed=0), Preprocessing(3, 16, 16), ("a", "b", "c"))
    picture = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    found = challenges(net, picture)
    assert [row.name for row in found.rows] == list(LECTURE) and all(len(row.trials) == 5 for row in found.rows)
    assert [row.group for row in found.rows] == ["clutter", "illumination", "occlusion", "deformation", "noise"]
    assert found.to_json() == challenges(net, picture).to_json(), "the same draws each time"
    distance = [np.abs(trial.picture.astype(int) - found.picture).mean() for trial in found.rows[-1].trials]
    assert distance == sorted(distance) and distance[0] > 0
    kept = found.rows[0].trials[0]
    assert kept.changed == (kept.label != found.label)
    with pytest.raises(UsageError, match="Did you mean rotation"):
        challenges(net, picture, ["rotatoin"])


def test_every_challenge_has_a_row():
    assert set(LECTURE[:-1]) <= set(CHALLENGES)


def test_pieces_are_the_same_pixels_in_another_order():
    picture = torch.arange(64, dtype=torch.uint8).reshape(1, 1, 8, 8)
    made = pieces(picture)
    assert not torch.equal(made, picture) and torch.equal(made.flatten().sort().values, picture.flatten())
    assert pieces(torch.zeros(1, 3, 2, 3, dtype=torch.uint8)).shape == (1, 3, 2, 3)


def test_the_least_alike_come_first():
    """Four directions in the plane: 0° and 180° are farthest apart, then 90°, then 10°."""
    angles = torch.tensor([0.0, 10.0, 90.0, 180.0, 45.0]).deg2rad()
    vectors = torch.stack([angles.cos(), angles.sin()], 1) * torch.tensor([[1.0], [2.0], [3.0], [1.0], [1.0]])
    found = variation(vectors, [0, 0, 0, 0, 1], ("a", "b"), most=3)
    assert found.label == "a" and set(found.members[:2]) == {0, 3} and found.members[2] == 2
    assert found.distances == pytest.approx((1, 1, 1), abs=1e-6)
    pairs = [1 - float(torch.cos(a - b)) for i, a in enumerate(angles[:4]) for b in angles[:i]]
    assert found.spread == found.spreads["a"] == pytest.approx(np.mean(pairs)) and set(found.spreads) == {"a"}
    assert len(variation(vectors, [0, 0, 0, 0, 1], ("a", "b"), "a").members) == 4
    with pytest.raises(ClearsightError, match="fewer than two"):
        variation(vectors, [0, 0, 0, 0, 1], ("a", "b"), "b")
    with pytest.raises(UsageError):
        variation(vectors, [0, 0, 0, 0, 1], ("a", "b"), "c")


def test_equal_members_have_no_spread():
    assert spread(torch.ones(3, 1)) == 0


def test_one_change_is_its_trial_and_two_are_made_one_after_another():
    picture = np.random.default_rng(0).integers(0, 256, (32, 32), dtype=np.uint8)
    (row,) = challenges(bright(), picture, ["patch"], seed=3).rows
    shown, shares = combined(bright(), picture, [("patch", 2)], seed=3)
    assert np.array_equal(shown, row.trials[1].picture) and float(shares.max()) == pytest.approx(row.trials[1].confidence)
    both, _ = combined(bright(), picture, [("patch", 2), ("fog", 4)], seed=3)
    again = corrupted(torch.from_numpy(shown[None, None, :, :, 0].copy()), torch.tensor([3]), "fog", 4)
    assert np.array_equal(both[..., 0], again[0, 0].numpy())
    assert np.array_equal(combined(bright(), picture, [])[0][..., 0], picture)
    for change in ("patch", 0), ("patch", 6), ("pach", 1):
        with pytest.raises(UsageError):
            combined(bright(), picture, [change])
