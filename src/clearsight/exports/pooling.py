"""Max pooling moved after the norms and activations that follow it, so that a runtime fuses these into the convolution before it.

The largest of values that are all scaled by a positive number, shifted or clipped is the largest of them, scaled, shifted or clipped:
answers stay equal bit for bit.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, TypeAlias

Model: TypeAlias = Any  # an onnx.ModelProto; the package has no types
Node: TypeAlias = Any
CLIPPING = ("Relu", "Clip")


def pools_last(model: Model) -> int:
    """Move max poolings of convolutions after the clipping activations, and norms of positive scale, that follow; returns how often."""
    nodes, values = model.graph.node, {value.name: value for value in model.graph.initializer}
    uses = Counter([*(name for node in nodes for name in node.input), *(output.name for output in model.graph.output)])
    convolved = {node.output[0] for node in nodes if node.op_type == "Conv"}
    moved = 0
    for first in [place for place, node in enumerate(nodes) if node.op_type == "MaxPool" and node.input[0] in convolved]:
        pool = first
        while len(nodes[pool].output) == 1 and uses[nodes[pool].output[0]] == 1:
            after = next((place for place, node in enumerate(nodes) if nodes[pool].output[0] in node.input), None)
            if after is None or not _rising(nodes[after], values):
                break
            _swap(nodes[pool], nodes[after])
            pool, moved = after, moved + 1
    return moved


def _rising(node: Node, values: Mapping[str, Any]) -> bool:
    """Whether the output of `node` never falls as its first input rises; its other inputs are stored values."""
    if any(name and name not in values for name in node.input[1:]):
        return False
    if node.op_type != "BatchNormalization":
        return node.op_type in CLIPPING
    from onnx import numpy_helper

    return bool((numpy_helper.to_array(values[node.input[1]]) > 0).all())


def _swap(pool: Node, after: Node) -> None:
    """Exchange two nodes, of which the second is the only one that takes what the first gives."""
    first, second = type(pool)(), type(pool)()
    first.CopyFrom(after)
    second.CopyFrom(pool)
    first.input[0], first.output[0] = pool.input[0], pool.output[0]
    second.input[0], second.output[0] = pool.output[0], after.output[0]
    pool.CopyFrom(first)
    after.CopyFrom(second)
