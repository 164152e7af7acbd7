"""Keras' depth of a network: the layers on its longest way, input, norms, activations, sums and concatenations counted.

The lecture's table has it for ten networks. It is computed here from the operations of the network as it runs, with what Keras
calls ONE layer: VGG's convolutions have their ReLU inside, Xception's depthwise and pointwise convolution are a SeparableConv2D.
"""

from collections.abc import Callable
from typing import Any

from torch import Tensor

COUNTED = {
    "convolution", "addmm", "mm", "native_batch_norm", "_native_batch_norm_legit_no_training", "cudnn_batch_norm",
    "max_pool2d_with_indices", "avg_pool2d", "_adaptive_avg_pool2d", "mean", "cat", "relu", "hardtanh", "silu",
    "sigmoid", "native_layer_norm", "gelu",
}  # fmt: skip
PAIRS = {"add", "mul"}  # where both are maps: a sum, a gate
INPUT = 1
ALSO = {"vgg": 1, "mobilenet": 4}  # flatten; reshape, dropout, softmax and reshape, which are layers of their own in Keras
WITHIN = {"vgg": {"relu"}}  # part of the layer before


def counts(family: str) -> Callable[[str, Any, Tensor, int], bool]:
    """Whether an operation (name, arguments, output, number of maps that it takes) is a layer of its own in Keras."""

    def layer(name: str, args: Any, out: Tensor, maps: int) -> bool:
        name = name.rstrip("_")
        if name.endswith("avg_pool2d") and args[0].shape == out.shape and "adaptive" in name:
            return False
        if name == "convolution" and family == "xception" and args[8] > 1:
            return False
        return name not in WITHIN.get(family, ()) and (name in COUNTED or (name in PAIRS and maps > 1))

    return layer


def more(family: str) -> int:
    """The layers of Keras that no operation here stands for: the input, and what its family has besides."""
    return INPUT + ALSO.get(family, 0)
