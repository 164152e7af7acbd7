"""Rules between two sets of names, their order, and the diff."""

import pytest
import torch

from clearsight import models
from clearsight.base.compute.device import shapes_only
from clearsight.weights.names import MAX_LINES, Mismatch, check, in_order, renamed

RULES = {"bn1": "norm", "layer#.#.conv#": "conv{0+1}_block{1+10}_{2}", "trunk.*": "features.{0}", "head": "fc*", "block.#.#": "b{0-1}{1a}"}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("bn1", "norm"), ("layer2.11.conv3", "conv3_block21_3"), ("trunk.0.weight", "features.0.weight"), ("head", "fc*"),
        ("block.1.3", "b0d"), ("bn11", None), ("xbn1", None), ("layerx.1.conv1", None), ("bn1.weight", None),
    ],
)  # fmt: skip
def test_the_first_rule_that_fits_whole(ours, theirs):
    assert renamed(ours, RULES) == theirs


def test_dots_are_dots():
    assert renamed("fcxweight", {"fc.weight": "y"}) is None


def test_keras_numbers_are_numbers():
    assert in_order(["conv2d_10", "conv2d_2", "conv2d", "bn_1", "conv2d_1"], "conv2d*") == ["conv2d", "conv2d_1", "conv2d_2", "conv2d_10"]
    blocks = ["block2_conv1", "block1_conv2", "block10_conv1", "block1_conv1", "block1_pool"]
    assert in_order(blocks, "block*_conv*") == ["block1_conv1", "block1_conv2", "block2_conv1", "block10_conv1"]


def test_a_mismatch_shows_both_sides_and_the_way_out():
    wanted = {"a": torch.zeros(2), "b": torch.zeros(3, 1)}
    check(wanted, {"b": torch.ones(3, 1), "a": torch.ones(2)}, "FILE", "")
    with pytest.raises(Mismatch) as caught:
        check(wanted, {"b": torch.zeros(4, 1), "a": torch.zeros(2), "c": torch.tensor(1.0)}, "FILE", "Do this.")
    said = str(caught.value).splitlines()
    assert said[0].startswith("FILE does not fit") and said[-1] == "Do this."
    assert said[1:-1] == ["  - b (3, 1)", "  + b (4, 1)", "  + c ()"]
    with pytest.raises(Mismatch, match="40 differences in all"):
        check({str(i): torch.zeros(1) for i in range(40)}, {}, "FILE", "")
    assert MAX_LINES < 40


@pytest.mark.parametrize("name", [name for name in models.names() if name.endswith(".keras")])
def test_every_module_that_stores_something_has_a_keras_layer(name):
    """And only its own, unless Keras numbers its layers."""
    size, classes = models.published(name)
    with shapes_only():
        model = models.build(name, classes, channels=size[0], height=size[1], width=size[2])
    rules = models.family(name).NAMES["keras"]
    modules = dict.fromkeys(path.rpartition(".")[0] for path in model.state_dict())
    targets = {module: renamed(module, rules) for module in modules}
    assert None not in targets.values(), [module for module, target in targets.items() if target is None]
    named = [target for target in targets.values() if "*" not in target]
    assert len(set(named)) == len(named)
