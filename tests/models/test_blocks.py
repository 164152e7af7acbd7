"""Networks as blocks: what the papers count of them, nothing lost, equal neighbours folded."""

import pytest

from clearsight.models import facts
from clearsight.models.blocks import blocks, folded, growth


def drawn(name):
    summary = facts.summary(name)
    return summary, folded(blocks(summary))


# network → how often each of its residual blocks is repeated: table 1 of K. He et al., 2015
STAGES = {"resnet18": (2, 2, 2, 2), "resnet50": (3, 4, 6, 3)}


@pytest.mark.parametrize(("name", "stages"), STAGES.items())
def test_residual_blocks_are_those_of_the_paper(name, stages):
    summary, every = drawn(name)
    modules = [block for block in every if block.sums]
    counts = {}
    for block in modules:
        stage = block.names[0].partition(".")[0]
        counts[stage] = counts.get(stage, 0) + block.times
    assert tuple(counts.values()) == stages and summary.residual_sums == sum(stages)
    assert sum(block.sums * block.times for block in every) == sum(stages)
    assert sum(block.parameters for block in every) == summary.parameters and sum(block.macs for block in every) == summary.macs


def test_googlenet_has_nine_modules_and_two_heads_that_are_counted_apart():
    """Table 1 of C. Szegedy et al., 2014; 6,624,904 parameters are torchvision's number for it as it classifies."""
    summary, every = drawn("googlenet")
    assert [block.names[0][9:] for block in every if block.branches] == ["3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"]
    assert [(block.names, block.after) for block in every if block.idle] == [(("aux1",), "inception4a"), (("aux2",), "inception4d")]
    assert summary.parameters - summary.auxiliary == 6_624_904 and summary.auxiliary == sum(b.parameters for b in every if b.idle)
    assert sum(block.parameters for block in every) == summary.parameters


def test_vgg16_is_configuration_d():
    """Table 1 of K. Simonyan, A. Zisserman, 2014."""
    every = drawn("vgg16")[1]
    assert [(block.says, block.times) for block in every if block.kind == "CONV"] == [
        ("64 of 3×3", 2), ("128 of 3×3", 2), ("256 of 3×3", 3), ("512 of 3×3", 3), ("512 of 3×3", 3)
    ]  # fmt: skip
    assert [(block.says, block.times) for block in every if block.kind == "FC"] == [("4096", 2), ("1000", 1)]
    assert sum(block.parameters for block in every) == 138_357_544


def test_the_lectures_alexnet_and_its_fields():
    summary, every = drawn("alexnet-lecture")
    assert [block.kind for block in every] == [
        "CONV", "MAX POOL", "NORM", "CONV", "MAX POOL", "NORM", "CONV", "CONV", "MAX POOL", "FC", "FC"
    ]  # fmt: skip
    assert (every[0].says, every[0].output, every[6].times) == ("96 of 11×11, stride 4", (96, 55, 55), 2)
    assert growth(summary) == [(1, 19), (2, 67), (3, 99), (4, 131), (5, 195)]  # after each convolution and its pooling
    assert (summary.largest_field, facts.summary("conv3x3 conv3x3 conv3x3").largest_field) == (195, 7)


@pytest.mark.parametrize(("name", "sums"), [("mobilenetv2", 10), ("convnext_tiny", 18), ("vit_b_16", 24)])
def test_shortcuts_however_they_are_written(name, sums):
    """MobileNetV2: table 2, strides of 1; ConvNeXt-T: 3 + 3 + 9 + 3 blocks; ViT-B: two in each of 12 layers."""
    summary, every = drawn(name)
    assert summary.residual_sums == sum(block.sums * block.times for block in every) == sums
    assert sum(block.parameters for block in every) == summary.parameters


def test_as_json():
    first = drawn("lenet5")[1][0].to_json()
    assert first == {
        "names": ["conv1"], "output": [6, 28, 28], "kind": "CONV", "says": "6 of 5×5", "times": 1, "parameters": 156, "macs": 117_600,
        "sums": 0, "branches": False, "idle": False, "after": "",
    }  # fmt: skip
