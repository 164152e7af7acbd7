"""Residual networks: blocks with and without a shortcut, names, stem, and the logits of the peers."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from clearsight import models
from clearsight.models.convnets.resnet import TABLE, BasicBlock, Bottleneck
from tests.models.expected import check, check_logits, filled, rows, waves


@rows("resnet")
def test_parameters_and_stages(row, expected):
    check(row, expected)


PEERS = {
    "resnet18": ((0.2401278, -0.1954689, -0.6310314), (0.2312736, -0.2144962, -0.6593249)),
    "resnet50": ((0.5455371, 0.3679195, -1.3635362), (0.5459178, 0.3662761, -1.3615246)),
    "resnext50_32x4d": ((0.5300170, 0.3875639, -1.3766109), (0.5299973, 0.3877606, -1.3768769)),
    "seresnet18": ((-1.0140030, -0.3299333, 0.9824852), (-1.0080819, -0.3184832, 0.9801920)),
    "resnet50.keras": ((0.1134109, 0.1289939, 0.0239024), (0.1136192, 0.1284434, 0.0245795)),
}


@pytest.mark.parametrize("name", PEERS)
def test_the_logits_are_the_peers(name):
    check_logits(name, PEERS[name])


def test_parameter_names_are_torchvisions():
    with torch.device("meta"):
        names = list(models.build("resnet50", 1000).state_dict())
    assert names[:2] == ["conv1.weight", "bn1.weight"] and names[-2:] == ["fc.weight", "fc.bias"]
    assert {"layer1.0.conv3.weight", "layer1.0.downsample.0.weight", "layer1.0.downsample.1.running_var", "layer4.2.bn3.bias"} < set(names)
    assert len(names) == 320


@pytest.mark.parametrize(("size", "small"), [((64, 64), True), ((65, 64), False), ((64, 65), False), ((8, 64), True), ((8, 224), False)])
def test_the_small_stem_ends_at_64_px(size, small):
    with torch.device("meta"):
        model = models.build("resnet18", 10, height=size[0], width=size[1])
    assert model.conv1.kernel_size == ((3, 3) if small else (7, 7)) and model.conv1.stride == ((1, 1) if small else (2, 2))
    assert isinstance(model.maxpool, nn.Identity if small else nn.MaxPool2d)
    assert model(torch.zeros(2, 3, *size, device="meta")).shape == (2, 10)


@pytest.mark.parametrize("block", [BasicBlock, Bottleneck])
def test_a_block_without_branch_is_its_shortcut(block):
    module = filled(block(4 * block.expansion, 4, 1, TABLE["resnet50"]))
    last = module.bn2 if block is BasicBlock else module.bn3
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    x = waves(2, 4 * block.expansion, 6, 5)
    assert module.downsample is None and torch.equal(module(x), torch.relu(x))


def test_a_bottleneck_is_figure_5():
    module = filled(Bottleneck(6, 4, 2, TABLE["resnet50"]))
    w, x = module.state_dict(), waves(2, 6, 8, 9)

    def norm(y, name):
        return F.batch_norm(y, *(w[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")))

    y = torch.relu(norm(F.conv2d(x, w["conv1.weight"]), "bn1"))
    y = torch.relu(norm(F.conv2d(y, w["conv2.weight"], stride=2, padding=1), "bn2"))  # torchvision's place of the stride
    y = norm(F.conv2d(y, w["conv3.weight"]), "bn3")
    around = norm(F.conv2d(x, w["downsample.0.weight"], stride=2), "downsample.1")
    with torch.no_grad():
        torch.testing.assert_close(module(x), torch.relu(y + around), rtol=1e-4, atol=1e-5)
