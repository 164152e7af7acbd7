"""Every number can be computed again: by hand in small cases, by the rules in whole networks."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from clearsight import models
from clearsight.base.errors import ClearsightError, UsageError
from clearsight.look.capture import stages
from clearsight.look.unit import recompute_unit, units


def settled(model: nn.Module) -> nn.Module:
    """With running statistics that are no identity."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    return model


def test_a_convolution_by_hand() -> None:
    model = nn.Sequential(nn.Conv2d(2, 1, 2), nn.ReLU())
    model[0].weight.data = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[0.0, -1.0], [0.0, 0.0]]]])
    model[0].bias.data = torch.tensor([-50.0])
    x = torch.arange(18.0).view(1, 2, 3, 3)
    found = recompute_unit(model, x, "0", 0, (1, 0))
    assert found.contributions == [3 + 2 * 4 + 3 * 6 + 4 * 7, -13]  # rows 1 and 2, columns 0 and 1
    assert (found.bias, found.value, found.recomputed) == (-50, -6, -6) and found.equal
    assert [step["recomputed"] for step in found.then] == [0] and found.then[0]["equal"]
    assert found.place == "0, channel 0 at 1,0"
    assert [(row["operation"], row["value"]) for row in found.rows()] == [
        ("input channel 0", 57), ("input channel 1", -13), ("bias", -50), ("convolution", -6),
    ]  # fmt: skip


def test_a_table_has_the_largest_terms_and_the_rest_in_one_line() -> None:
    model = nn.Linear(13, 2, bias=False)
    model.weight.data = torch.arange(26.0).view(2, 13)
    found = recompute_unit(nn.Sequential(nn.Flatten(), model), torch.ones(1, 1, 1, 13), "1", 1)
    assert found.place == "1, channel 1"
    rows = [(row["operation"], row["value"]) for row in found.rows()]
    assert rows[:2] == [("term 12", 25), ("term 11", 24)] and rows[10:12] == [("3 more", 13 + 14 + 15), ("bias", 0)]
    assert "3 more" in found.table() and sum(value for name, value in rows[:11]) == found.value


LAYERS = {
    "stride": nn.Conv2d(4, 6, 3, stride=2),
    "padding": nn.Conv2d(4, 6, (3, 5), padding=(1, 2)),
    "groups": nn.Conv2d(4, 6, 3, groups=2),
    "dilation": nn.Conv2d(4, 6, 3, dilation=2, padding=2, bias=False),
    "transposed": nn.ConvTranspose2d(4, 6, 3),
    "transposed, all at once": nn.ConvTranspose2d(4, 6, (3, 2), stride=(2, 3), padding=1, output_padding=1, groups=2, dilation=(2, 1)),
    "norm": nn.BatchNorm2d(4),
    "group norm": nn.GroupNorm(2, 4),
    "local response": nn.LocalResponseNorm(3, alpha=0.5, k=2.0),
    "max pool": nn.MaxPool2d(3, 2, padding=1, ceil_mode=True),
    "avg pool": nn.AvgPool2d(3, 2, padding=1, ceil_mode=True),
    "avg pool without padding": nn.AvgPool2d(3, 2, padding=1, count_include_pad=False),
    "adaptive": nn.AdaptiveAvgPool2d((4, 5)),
    "global": nn.AdaptiveAvgPool2d(1),
    "linear": nn.Sequential(nn.Flatten(), nn.Linear(4 * 11 * 12, 7)),
    "tokens": nn.Sequential(nn.Flatten(2), nn.Linear(132, 7), nn.LayerNorm(7), nn.GELU()),
    "softmax": nn.Softmax(1),
    "pad": nn.ZeroPad2d((1, 2, 0, 3)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_every_kind_of_layer(name: str) -> None:
    torch.manual_seed(0)
    model = settled(nn.Sequential(LAYERS[name]))
    found = units(model, torch.randn(1, 4, 11, 12), "0", 40)
    assert all(one.equal for one in found)
    assert any(one.value for one in found)


def test_a_wrong_number_is_noticed() -> None:
    found = recompute_unit(nn.Sequential(nn.Conv2d(3, 2, 3)), torch.randn(1, 3, 8, 8), "0", 1)
    assert not replace(found, recomputed=found.recomputed + 1e-3).equal


class Block(nn.Module):
    """Functional operations: addition, concatenation, overwriting."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.conv(x))
        y += x
        return torch.cat([torch.relu_(y), x * 2], 1)


def test_functional_operations_are_followed() -> None:
    torch.manual_seed(0)
    model, x = settled(nn.Sequential(Block())), torch.randn(1, 3, 6, 6)
    assert all(one.equal for one in units(model, x, "0", 40))
    assert [step["operation"] for step in recompute_unit(model, x, "0", 0).steps] == [
        "convolution",
        "native_batch_norm",
        "input",
        "add",
        "relu",
    ]
    assert [step["operation"] for step in recompute_unit(model, x, "0", 4).steps] == ["input", "mul"]


def test_what_is_not_there_or_has_no_rule_is_said() -> None:
    model, x = nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(2), nn.Conv1d(2, 2, 2)), torch.zeros(1, 3, 8, 8)
    with pytest.raises(UsageError, match=r"channel must be from 0 to 1\. Got 2\."):
        recompute_unit(model, x, "0", 2)
    with pytest.raises(UsageError, match="at must be within 6×6"):
        recompute_unit(model, x, "0", 0, (6, 0))
    with pytest.raises(ClearsightError, match="not over rows and columns"):
        recompute_unit(model, x, "2", 0)
    with pytest.raises(UsageError, match="one picture"):
        recompute_unit(model, x.expand(2, 3, 8, 8), "0", 0)


def recount(name: str, layers: int, each: int) -> int:
    torch.manual_seed(1)
    model = settled(models.build(name, 10, height=64, width=64, seed=0))
    x = torch.randn(1, 3, 64, 64)
    every = stages(model)
    chosen = [every[i] for i in torch.randperm(len(every), generator=torch.Generator().manual_seed(2))[:layers].tolist()]
    found = [one for layer in chosen for one in units(model, x, layer, each, seed=3)]
    assert not [(one.layer, one.index, one.value, one.recomputed) for one in found if not one.equal]
    passed_on = [one.layer for one in found if one.steps[-1]["operation"] == "input"]  # what an identity or a cat hands through
    assert len(passed_on) <= len(found) / 2, passed_on
    return len(found)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2"])
def test_units_of_a_network(name: str) -> None:
    assert recount(name, 3, 4) == 12


TWENTY = (
    "alexnet", "lenet5", "vgg11", "vgg11_bn", "googlenet", "inception_v3", "resnet18", "resnet50", "resnext50_32x4d", "squeezenet1_1",
    "densenet121", "mobilenet_v2", "mobilenet_v3_small", "efficientnet_b0", "regnet_y_400mf", "vit_b_32", "convnext_tiny",
    "wide_resnet50_2", "nasnetmobile.keras", "xception.keras",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", TWENTY)
def test_a_thousand_units_of_twenty_networks(name: str) -> None:
    assert recount(name, 5, 10) == 50
