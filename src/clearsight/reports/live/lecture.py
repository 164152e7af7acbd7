"""The lecture's own figures, each with the lecture's numbers: for the documentation and the studio."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from ...look import convolution as on_paper
from ...look.filters import kernels
from ...look.target import subject
from ...models import facts
from ...models.summary import summarise
from .connected import live_connected
from .convolution import live
from .curves import live_few_labels, live_gradients, live_members, live_plateau, live_training_size
from .descent import live_descent
from .filters import live_filters
from .ilsvrc import live_ilsvrc
from .network import live_network
from .page import Live
from .receptive_field import live_receptive_field
from .sheet import live_sheet
from .softmax import live_softmax
from .sorted_table import live_keras

STACK, STACK_INPUT = "conv3x3 conv3x3 conv3x3", (3, 12, 12)
FORMULA, FORMULA_INPUT = "[(CONV32 → RELU)*2 → POOL]*3 → (FC128 → RELU)*1 → SOFTMAX", (3, 32, 32)
LOGITS = (3.0, 2.0, 1.0)
FIRST_LAYERS = {"alexnet": "AlexNet", "resnet18": "ResNet-18", "resnet101": "ResNet-101", "densenet121": "DenseNet-121"}
NETWORKS = {  # figure → network of the registry, and its title
    "alexnet": ("alexnet-lecture", "AlexNet, as the lecture lists it"), "vgg16": ("vgg16", "VGG16"), "zfnet": ("zfnet", "ZFNet"),
    "googlenet": ("googlenet", "GoogLeNet"), "resnet50": ("resnet50", "ResNet-50"),
}  # fmt: skip


def _on_paper(example: str, **more: Any) -> Live:
    shapes = None
    if example == "curve":
        other = on_paper.calculate("curve", picture=on_paper.NO_MATCH)
        shapes = {"match": on_paper.calculate("curve").picture[0], "another shape": other.picture[0]}
    found = live(on_paper.calculate(example, **more), on_paper.EXAMPLES[example].title, shapes)
    assert found, "the lecture's examples are small"
    return found


def _stack() -> Live:
    network = subject(STACK, STACK_INPUT).model
    return live_receptive_field(summarise(network, STACK_INPUT), "Three 3×3 layers see 7×7 pixels")


def _formula() -> Live:
    found = subject(FORMULA, FORMULA_INPUT, 10)
    return live_network(summarise(found.model, FORMULA_INPUT), FORMULA)


def _listed(name: str, called: str) -> Live:
    return live_network(facts.summary(name), called)


def _gabor() -> Live:
    name, weights = kernels(subject("gabor").model)
    return live_filters(name, weights, "Simple cells: Gabor functions")


def _first_layer(name: str, called: str) -> Live:
    layer, weights = kernels(subject(name).model)
    sizes = "×".join(map(str, weights.shape))
    return live_filters(layer, weights, f"{called}: {sizes}, not trained here", trained=False)


def _logits() -> Live:
    return live_softmax(torch.tensor(LOGITS), ["cat", "dog", "fish"], "Three logits become probabilities")


LECTURE: dict[str, Callable[[], Live]] = {
    "convolution": lambda: _on_paper("lecture"),
    "curve": lambda: _on_paper("curve"),
    "volume": lambda: _on_paper("volume", through="relu"),
    "pooling": lambda: _on_paper("maxpool"),
    "chain": lambda: _on_paper("lecture", through="relu,maxpool"),
    "logits": _logits,
    "stack": _stack,
    "formula": _formula,
    "gabor": _gabor,
    "descent": live_descent,
    "connected": live_connected,
    "ilsvrc": live_ilsvrc,
    "keras": live_keras,
    "sheet": live_sheet,
    "gradients": live_gradients,
    "training-size": live_training_size,
    "few-labels": live_few_labels,
    "plateau": live_plateau,
    "members": live_members,
    **{f"first-{name}": partial(_first_layer, name, called) for name, called in FIRST_LAYERS.items()},
    **{name: partial(_listed, *network) for name, network in NETWORKS.items()},
}
