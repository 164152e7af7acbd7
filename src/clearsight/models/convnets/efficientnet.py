"""EfficientNet. M. Tan, Q. Le, EfficientNet: rethinking model scaling for convolutional neural networks, 2019, table 1.

B1 to B7 scale width, depth and resolution of B0 together (section 3.3), by the coefficients that the authors published: roughly
the paper's 1.1, 1.2 and 1.15 to a power. Widths become whole eights, numbers of blocks are rounded up. In training a block is
left out with a probability that grows from 0 to 0.2 along the network. Names follow torchvision. Keras scales pixels to [0, 1]
and standardises colours within its network; the first is part of the preprocessing here, the second, of which it stores the
numbers, part of the network. Up to 64 px the first convolution keeps the size (stride 1).

EfficientNet-Lite (the authors' repository) leaves out squeeze and excitation, replaces SiLU by ReLU6, and does not scale the first
and the last stage and the widths of the first and the last convolution. Lite and `tf_` are in TensorFlow's dialect, with the names of
the package efficientnet_pytorch, which counts the blocks through all stages.
"""

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...images.preprocess import IMAGENET, KERAS_UNIT, Preprocessing
from ...layers.blocks import InvertedResidual, SqueezeExcite, conv_norm, start, whole
from ...layers.dialect import TORCHVISION, Dialect
from ..base import Model


class Stage(NamedTuple):
    """A row of table 1, for B0."""

    expansion: int
    kernel: int
    stride: int
    width: int
    blocks: int


@dataclass(frozen=True)
class Variant:
    """Widths and numbers of blocks as multiples of B0's, the side of its pictures in px, dropout before the head."""

    width: float
    depth: float
    size: int
    dropout: float
    dialect: Dialect = TORCHVISION
    standardises: bool = False
    lite: bool = False

    @property
    def blocks(self) -> list[int]:
        """The number of blocks of each stage."""
        counts = [math.ceil(stage.blocks * self.depth) for stage in B0]
        return [B0[0].blocks, *counts[1:-1], B0[-1].blocks] if self.lite else counts

    @property
    def ends(self) -> tuple[int, int]:
        """The widths of the first and the last convolution."""
        return (STEM, LAST) if self.lite else (whole(STEM * self.width), whole(LAST * self.width))


B0 = (
    *(Stage(1, 3, 1, 16, 1), Stage(6, 3, 2, 24, 2), Stage(6, 5, 2, 40, 2), Stage(6, 3, 2, 80, 3)),
    *(Stage(6, 5, 1, 112, 3), Stage(6, 5, 2, 192, 4), Stage(6, 3, 1, 320, 1)),
)
STEM, LAST, SQUEEZE, DROP = 32, 1280, 4, 0.2
_SCALED = (
    *(Variant(1.0, 1.0, 224, 0.2), Variant(1.0, 1.1, 240, 0.2), Variant(1.1, 1.2, 260, 0.3), Variant(1.2, 1.4, 300, 0.3)),
    *(Variant(1.4, 1.8, 380, 0.4), Variant(1.6, 2.2, 456, 0.4), Variant(1.8, 2.6, 528, 0.5), Variant(2.0, 3.1, 600, 0.5)),
)
LARGE = Dialect(eps=1e-3, momentum=0.01)  # of torchvision's B5 to B7
TENSORFLOW = replace(LARGE, same=True)
_LITE = ((1.0, 1.0, 224, 0.2), (1.0, 1.1, 240, 0.2), (1.1, 1.2, 260, 0.3), (1.2, 1.4, 280, 0.3), (1.4, 1.8, 300, 0.3))
TABLE = {f"efficientnet_b{i}": replace(v, dialect=LARGE if i > 4 else TORCHVISION) for i, v in enumerate(_SCALED)}
TABLE["efficientnet_b2"] = replace(TABLE["efficientnet_b2"], size=288)
TABLE |= {f"efficientnetb{i}.keras": replace(v, dialect=TENSORFLOW, standardises=True) for i, v in enumerate(_SCALED)}
TABLE |= {f"tf_efficientnet_b{i}": replace(v, dialect=TENSORFLOW) for i, v in enumerate(_SCALED)}
TABLE |= {f"efficientnet_lite{i}": Variant(*row, dialect=TENSORFLOW, lite=True) for i, row in enumerate(_LITE)}

_PAPER = (2019, "Tan, Le: EfficientNet: rethinking model scaling for convolutional neural networks")
_LITE_PAPER = (2020, "Liu: Higher accuracy on vision models with EfficientNet-Lite (TensorFlow blog)")
PAPER = {name: _LITE_PAPER if v.lite else _PAPER for name, v in TABLE.items()}

INPUT = {name: (3, v.size, v.size) for name, v in TABLE.items()}
CLASSES, SMALLEST, RECIPE = 1000, 8, "quick"
SMALL = 64
_RESIZED = (256, 256, 288, 320, 384, 456, 528, 600)  # torchvision's shorter side before the crop
_CROP_PADDING = 32  # the authors' shorter side is so much longer than the crop


def _preprocessing(name: str) -> Preprocessing:
    """Bicubic and a central crop: torchvision's for its rows, else the authors', who give Lite pixels from −1 to 1."""
    size = TABLE[name].size
    side = _RESIZED[int(name[-1])] if TABLE[name].dialect is not TENSORFLOW else size + _CROP_PADDING
    colours = replace(IMAGENET, mean=(0.5,) * 3, std=(0.5,) * 3) if TABLE[name].lite else IMAGENET
    return replace(colours, interpolation="bicubic", crop_fraction=size / side)


PREPROCESSING = {"": _preprocessing, "keras": KERAS_UNIT}
_REFERENCE = (("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_se_reduce", "_se_expand"), ("_project_conv", "_bn2"))


def _counted(name: str) -> dict[str, str]:
    """The names of `efficientnet_pytorch`, with one count of blocks through all stages; torchvision's for its own rows."""
    v = TABLE[name]
    if v.dialect is not TENSORFLOW:
        return {"trunk.*": "features.{0}"}
    rules = {"trunk.0.0.*": "_conv_stem.{0}", "trunk.0.1.*": "_bn0.{0}", "trunk.8.0.*": "_conv_head.{0}", "trunk.8.1.*": "_bn1.{0}"}
    for i, stage in enumerate(B0):
        pairs = [pair for pair in _REFERENCE if not (v.lite and "_se" in pair[0])]
        for at, pair in enumerate(pairs if stage.expansion > 1 else pairs[1:]):
            parts = ("fc1", "fc2") if pair[0] == "_se_reduce" else ("0", "1")
            before = sum(v.blocks[:i])
            for part, layer in zip(parts, pair, strict=True):
                rules[f"trunk.{i + 1}.#.block.{at}.{part}.*"] = f"_blocks.{{0+{before}}}.{layer}.{{1}}"
    return {**rules, "classifier.1.*": "_fc.{0}"}


_LAYERS = (("expand_conv", "expand_bn"), ("dwconv", "bn"), ("se_reduce", "se_expand"), ("project_conv", "project_bn"))
NAMES = {
    "torchvision": _counted,
    "keras": {
        "standardise": "normalization*",
        "trunk.0.0": "stem_conv",
        "trunk.0.1": "stem_bn",
        **{
            f"trunk.{stage}.#.block.{i}.{part}": f"block{block}_{layer}"
            for stage, block, layers in (("1", "1{0a}", _LAYERS[1:]), ("#", "{0}{1a}", _LAYERS))  # the first stage does not expand
            for i, pair in enumerate(layers)
            for part, layer in zip(("fc1", "fc2") if pair[0] == "se_reduce" else ("0", "1"), pair, strict=True)
        },
        "trunk.8.0": "top_conv",
        "trunk.8.1": "top_bn",
        "classifier.1": "predictions",
    },
}


class Standardise(nn.Module):
    """Keras' Normalization: colours minus `mean`, divided by the root of `variance`; the identity until they are set."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("variance", torch.ones(channels))
        self.register_buffer("count", torch.zeros(()))  # the number of samples of the statistics; Keras stores it
        self.register_load_state_dict_pre_hook(published)  # type: ignore[no-untyped-call]

    def forward(self, x: Tensor) -> Tensor:
        """`(N, C, H, W)` → the same shape."""
        return F.batch_norm(x, self.mean, self.variance, eps=1e-14)  # type: ignore[arg-type]

    def adapt(self, channels: int) -> None:
        """Adapt to `channels` channels, each with the mean of the colours' statistics."""
        for name in ("mean", "variance"):
            setattr(self, name, getattr(self, name).mean().repeat(channels))


def published(module: nn.Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
    """Keras' own weights have the deviations where the variance belongs; its code, but no file, divides by their root once more."""
    found = state.get(f"{prefix}variance")
    if found is not None and found.tolist() == torch.tensor(IMAGENET.std).tolist():
        state[f"{prefix}variance"] = found.square()


class EfficientNet(Model):
    """A first convolution, seven stages of inverted residuals that squeeze and excite, a wide 1×1, global average, head."""

    HEAD = "classifier.1"

    def __init__(self, v: Variant, classes: int, channels: int, small: bool, dropout: float) -> None:
        super().__init__()
        d, act, (inputs, last) = v.dialect, nn.ReLU6 if v.lite else nn.SiLU, v.ends
        drops = iter(DROP * i / sum(v.blocks) for i in range(sum(v.blocks)))
        self.standardise = Standardise(channels) if v.standardises else None
        self.trunk = nn.Sequential(conv_norm(d, channels, inputs, 3, 1 if small else 2, activation=act))
        for stage, count in zip(B0, v.blocks, strict=True):
            blocks, width = nn.Sequential(), whole(stage.width * v.width)
            for j in range(count):
                expanded = stage.expansion * inputs
                squeeze = None if v.lite else SqueezeExcite(expanded, inputs // SQUEEZE, F.silu)
                stride = 1 if j else stage.stride
                blocks.append(InvertedResidual(d, inputs, expanded, width, stage.kernel, stride, act, squeeze, next(drops)))
                inputs = width
            self.trunk.append(blocks)
        self.trunk.append(conv_norm(d, inputs, last, 1, activation=act))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(last, classes))
        self.STAGES = (*(f"trunk.{i}" for i in range(len(self.trunk))), "avgpool", self.HEAD)
        start(self)
        nn.init.uniform_(self.head.weight, -(classes**-0.5), classes**-0.5)
        nn.init.zeros_(self.head.bias)

    def features(self, x: Tensor) -> Tensor:
        """The global average of the last maps, `(N, D)`."""
        if self.standardise is not None:
            x = self.standardise(x)
        vector: Tensor = self.classifier[0](self.avgpool(self.trunk(x)).flatten(1))
        return vector


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> EfficientNet:
    """A row of the table; `dropout` replaces that before the head; stochastic depth is not changed."""
    v = TABLE[name]
    return EfficientNet(v, classes, channels, max(height, width) <= SMALL, v.dropout if dropout is None else dropout)
