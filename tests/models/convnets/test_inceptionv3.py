"""Inception v3: factorised kernels, and the auxiliary head."""

import pytest
import torch

from clearsight import models
from clearsight.models.convnets.inceptionv3 import MODULES
from tests.models.expected import check, rows


@rows("inceptionv3")
def test_parameters_and_stages(row, expected):
    check(row, expected)


def test_a_module_sees_as_far_as_its_kernels_together():
    """A 1×7 after a 7×1 sees 7 × 7; twice, 13 × 13 (figure 6); the pooling 3 × 3."""
    with torch.device("meta"):
        model = models.build("inception_v3", 3, height=28, width=28)
    module = model.Mixed_6b.to_empty(device="cpu").eval()
    for value in module.state_dict().values():
        value.fill_(1)  # every pixel counts
    x = torch.zeros(1, 768, 15, 15, requires_grad=True)
    for name, seen in {"branch1x1": 1, "branch7x7": 7, "branch7x7dbl": 13, "branch_pool": 3}.items():
        slope = torch.autograd.grad(module.get_submodule(name)(x)[0, :, 7, 7].sum(), x)[0][0, 0]
        assert slope.count_nonzero() == seen**2, name
        assert slope[7 - seen // 2 : 8 + seen // 2, 7 - seen // 2 : 8 + seen // 2].gt(0).all(), name


@pytest.mark.parametrize(
    ("name", "side", "auxiliary"), [("inception_v3", 75, True), ("inception_v3", 74, False), ("inceptionv3.keras", 75, False)]
)
def test_the_auxiliary_head_is_there_in_training_and_from_75_px(name, side, auxiliary):
    with torch.device("meta"):
        model = models.build(name, 4, height=side, width=side)
    assert model.train()(torch.zeros(2, 3, side, side, device="meta")).shape == ((2, 2, 4) if auxiliary else (2, 4))
    assert model.eval()(torch.zeros(2, 3, side, side, device="meta")).shape == (2, 4)


def test_the_auxiliary_head_reads_the_last_module_of_768_channels():
    model = models.build("inception_v3", 4, height=75, width=75, dropout=0.0, seed=0).train()
    maps = []
    model.Mixed_6e.register_forward_hook(lambda _, __, y: maps.append(y))
    with torch.no_grad():
        logits = model(torch.rand(2, 3, 75, 75, generator=torch.Generator().manual_seed(0)))
        torch.testing.assert_close(logits[1], model.AuxLogits(maps[0]))
    assert len(MODULES) == 11
