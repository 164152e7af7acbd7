"""The softmax of one picture, by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from clearsight.images.preprocess import Preprocessing
from clearsight.look.linear.softmax import Softmax, softmax
from clearsight.look.target import Subject, subject

GREY = np.array([[0, 51], [102, 255]], np.uint8)  # 0, 0.2, 0.4, 1


def by_hand() -> Subject:
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    model[1].weight.data = torch.tensor([[9.0, 5.0, -2.0, 1.0], [1.0, 0.0, 1.0, -1.0]])
    model[1].bias.data = torch.tensor([0.5, 0.0])
    return Subject("net", model, Preprocessing(1, 2, 2, mean=(0.0,), std=(1.0,)), True, ("cat", "dog"), temperature=2.0)


def test_every_number_by_hand() -> None:
    found = softmax(by_hand(), GREY)
    np.testing.assert_allclose(found.logits, [0.2 * 5 - 0.4 * 2 + 1 + 0.5, 0.4 - 1])  # 1.7 and −0.6
    np.testing.assert_allclose(found.exponentials, [np.exp(1.7), np.exp(-0.6)])
    assert found.probabilities[0] == pytest.approx(1 / (1 + np.exp(-2.3)))
    assert found.calibrated[0] == pytest.approx(1 / (1 + np.exp(-2.3 / 2)))
    assert found.order == [0, 1] and found.equal and found.shift == 0
    assert [term[:3] for term in found.terms(0, 2)] in ([(0, 0, 1), (0, 1, 1)], [(0, 1, 1), (0, 0, 1)])
    assert found.terms(0, 3)[2][:3] == (0, 1, 0) and found.terms(0, 3)[2][3:] == pytest.approx((0.4, -2.0, -0.8))
    said = found.to_json()
    assert said["label"] == "cat" and said["classes"][0]["z"] == pytest.approx(1.7) and said["classes"][0]["bias"] == 0.5


@pytest.mark.parametrize("name", ["pixels", "softmax"])
def test_evidence_adds_up_to_z_without_its_bias(name) -> None:
    of = subject(name, (3, 8, 8), 4, seed=1)
    nn.init.normal_(next(m for m in of.model.modules() if isinstance(m, nn.Linear)).weight)
    found = softmax(of, np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8))
    assert found.equal
    for j in range(4):
        assert found.evidence(j).shape == (8, 8)
        assert found.evidence(j).sum() == pytest.approx(found.logits[j] - found.templates.bias[j], abs=1e-9)


def test_of_other_networks_the_way_begins_at_the_logits() -> None:
    found = softmax(subject("lenet5"), np.zeros((28, 28), np.uint8))
    assert found.templates is None and found.to_json()["terms"] == []
    np.testing.assert_allclose(found.probabilities, torch.softmax(torch.from_numpy(found.network), 0).numpy())


def test_logits_too_large_for_exp_are_lowered_together() -> None:
    z = np.array([1000.0, 998.0])
    found = Softmax(("a", "b"), np.zeros((1, 1, 3), np.uint8), z, z)
    assert found.shift == 1000 and found.probabilities[0] == pytest.approx(1 / (1 + np.exp(-2)))
