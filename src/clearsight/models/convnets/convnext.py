"""ConvNeXt. Z. Liu, H. Mao, C. Wu, C. Feichtenhofer, T. Darrell, S. Xie, A ConvNet for the 2020s, 2022, section 2 and table 9.

The layers are torchvision's, whose `features` are called `trunk` here. In training a block's branch is left out, for each
picture, with a probability that grows from 0 in the first block to `drop` in the last. Where the shorter side is up to
64 px the stem is a 3×3 convolution at stride 1: one that quarters the size would leave 28 px nothing for the last stage.

The maps lie in memory with the channels last from the first norm on, so that norms and linear layers read them as they are.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...images.preprocess import IMAGENET, KERAS_TORCH
from ...layers.dropout import StochasticDepth
from ..base import Model


@dataclass(frozen=True)
class Variant:
    """Blocks in the four stages, channels in the first (twice as many in each next), stochastic depth in the last block."""

    blocks: tuple[int, ...]
    width: int
    drop: float = 0.0


TABLE = {
    "convnext_tiny": Variant((3, 3, 9, 3), 96, 0.1),
    "convnext_small": Variant((3, 3, 27, 3), 96, 0.4),
    "convnext_base": Variant((3, 3, 27, 3), 128, 0.5),
    "convnext_large": Variant((3, 3, 27, 3), 192, 0.5),
}
TABLE |= {f"{name.replace('_', '')}.keras": replace(v, drop=0.0) for name, v in TABLE.items()}
TABLE["convnextxlarge.keras"] = Variant((3, 3, 27, 3), 256)

PAPER = (2022, "Liu et al.: A ConvNet for the 2020s")
INPUT, CLASSES, RECIPE = (3, 224, 224), 1000, "quick"
SMALLEST = 8  # one value a channel in the last stage
SMALL = 64
_RESIZED = {"convnext_tiny": 236, "convnext_small": 230}
PREPROCESSING = {
    "": {name: replace(IMAGENET, crop_fraction=224 / _RESIZED.get(name, 232)) for name in TABLE},
    "keras": KERAS_TORCH,  # a layer of the network there
}
NAMES = {
    "torchvision": {"trunk.*": "features.{0}"},
    "keras": {
        "trunk.0.0": "*_stem_conv",
        "trunk.0.1": "*_stem_layernorm",
        "trunk.#.#.block.0": "*_depthwise_conv",
        "trunk.#.#.block.2": "*_block_*_layernorm",
        "trunk.#.#.block.3": "*_pointwise_conv_1",
        "trunk.#.#.block.5": "*_pointwise_conv_2",
        **{f"trunk.{2 * i + 2}.0": f"*_downsampling_layernorm_{i}" for i in range(3)},
        **{f"trunk.{2 * i + 2}.1": f"*_downsampling_conv_{i}" for i in range(3)},
        "trunk.#.#": "*_layer_scale",
        "classifier.0": "*_head_layernorm",
        "classifier.2": "*_head_dense",
    },
}


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of each place."""

    def forward(self, x: Tensor) -> Tensor:
        """`(N, C, H, W)` → the same shape."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Block(nn.Module):
    """A 7×7 for each channel, norm, 1×1 up by four, GELU, 1×1 down, a scale for each channel, and the shortcut (figure 4)."""

    def __init__(self, width: int, drop: float) -> None:
        super().__init__()
        self.layer_scale = nn.Parameter(torch.full((width, 1, 1), 1e-6))
        depthwise, norm = nn.Conv2d(width, width, 7, padding=3, groups=width), nn.LayerNorm(width, eps=1e-6)
        up, down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)  # 1×1 convolutions in channels-last order
        self.block = nn.ModuleDict({"0": depthwise, "2": norm, "3": up, "5": down})  # torchvision's places
        self.drop = StochasticDepth(drop)

    def forward(self, x: Tensor) -> Tensor:
        """`(N, width, H, W)` → the same shape."""
        depthwise, norm, up, down = self.block.values()
        y = norm(depthwise(x).permute(0, 2, 3, 1))
        y = down(F.gelu(up(y))).permute(0, 3, 1, 2)
        scale = self.drop(self.layer_scale.expand(x.shape[0], -1, -1, -1))  # a branch is dropped by its scale, not value by value
        return torch.addcmul(x, scale, y)


class ConvNeXt(Model):
    """Stem and norm, four stages of blocks with norm and a halving 2×2 convolution between them, global average, norm, head."""

    HEAD = "classifier.2"
    STAGES = (*(f"trunk.{i}" for i in range(8)), "avgpool", "classifier.2")

    def __init__(self, v: Variant, classes: int, channels: int, small: bool) -> None:
        super().__init__()
        stem = nn.Conv2d(channels, v.width, 3, padding=1) if small else nn.Conv2d(channels, v.width, 4, stride=4)
        self.trunk = nn.Sequential(nn.Sequential(stem, ChannelNorm(v.width, eps=1e-6)))
        drops, width = (v.drop * i / (sum(v.blocks) - 1) for i in range(sum(v.blocks))), v.width
        for i, count in enumerate(v.blocks):
            if i:
                self.trunk.append(nn.Sequential(ChannelNorm(width, eps=1e-6), nn.Conv2d(width, 2 * width, 2, stride=2)))
                width *= 2
            self.trunk.append(nn.Sequential(*(Block(width, next(drops)) for _ in range(count))))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(ChannelNorm(width, eps=1e-6), nn.Flatten(1), nn.Linear(width, classes))
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def features(self, x: Tensor) -> Tensor:
        """The global average of the last stage after its norm, `(N, 768)` to `(N, 2048)`."""
        vector: Tensor = self.classifier[:-1](self.avgpool(self.trunk(x)))
        return vector


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> ConvNeXt:
    """A row of the table; it has no dropout."""
    return ConvNeXt(TABLE[name], classes, channels, small=min(height, width) <= SMALL)
