"""Vision transformers. A. Dosovitskiy et al., An image is worth 16x16 words, 2020, table 1; S from H. Touvron et al., DeiT, 2020.

Parameter names follow torchvision. Pictures up to 64 px are cut into patches a quarter as wide (16 → 4 px): one patch
of 16 px would be most of the picture. A side that is no multiple of the patch is padded with the mean.

Shapes: N pictures, T = 1 + patches, D channels, A heads.
"""

import math
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...images.preprocess import IMAGENET
from ..base import Model

PAPER = (2020, "Dosovitskiy et al.: An image is worth 16x16 words")
# side of a patch in px, layers, heads, width
TABLE = {
    "vit_s_16": (16, 12, 6, 384),
    "vit_b_16": (16, 12, 12, 768),
    "vit_b_32": (32, 12, 12, 768),
    "vit_l_16": (16, 24, 16, 1024),
    "vit_l_32": (32, 24, 16, 1024),
    "vit_h_14": (14, 32, 16, 1280),
}
INPUT, CLASSES, SMALLEST, RECIPE = (3, 224, 224), 1000, 1, "quick"
SMALL = 64
_HALF = replace(IMAGENET, mean=(0.5,) * 3, std=(0.5,) * 3, crop_fraction=0.9)  # timm's
PREPROCESSING = {"": {name: _HALF if name == "vit_s_16" else IMAGENET for name in TABLE}}
_LAYER = "encoder.layers.encoder_layer_#"
NAMES = {
    "timm": {
        "class_token": "cls_token",
        "conv_proj.*": "patch_embed.proj.{0}",
        "encoder.pos_embedding": "pos_embed",
        f"{_LAYER}.ln_#.*": "blocks.{0}.norm{1}.{2}",
        f"{_LAYER}.self_attention.in_proj_*": "blocks.{0}.attn.qkv.{1}",
        f"{_LAYER}.self_attention.out_proj.*": "blocks.{0}.attn.proj.{1}",
        f"{_LAYER}.mlp.0.*": "blocks.{0}.mlp.fc1.{1}",
        f"{_LAYER}.mlp.3.*": "blocks.{0}.mlp.fc2.{1}",
        "encoder.ln.*": "norm.{0}",
        "heads.head.*": "head.{0}",
    }
}


class Attention(nn.Module):
    """Self-attention with several heads; names and layout are those of torch.nn.MultiheadAttention."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def forward(self, x: Tensor) -> Tensor:
        """`(N, T, D)` → `(N, T, D)`."""
        q, k, v = F.linear(x, self.in_proj_weight, self.in_proj_bias).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v)  # (N, A, T, D/A)
        found: Tensor = self.out_proj(mixed.transpose(1, 2).flatten(2))
        return found


class Layer(nn.Module):
    """Attention and two linear layers, each after a norm and with a shortcut (figure 1, right)."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.ln_1, self.self_attention, self.dropout = nn.LayerNorm(width, eps=1e-6), Attention(width, heads), nn.Dropout(dropout)
        self.ln_2 = nn.LayerNorm(width, eps=1e-6)
        up, down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.mlp = nn.Sequential(up, nn.GELU(), nn.Dropout(dropout), down, nn.Dropout(dropout))
        for linear in (up, down):
            nn.init.xavier_uniform_(linear.weight)
            nn.init.normal_(linear.bias, std=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        """`(N, T, D)` → `(N, T, D)`."""
        x = x + self.dropout(self.self_attention(self.ln_1(x)))
        x = x + self.mlp(self.ln_2(x))
        return x


class Encoder(nn.Module):
    """A learnt vector for each place, the layers, a last norm."""

    def __init__(self, tokens: int, layers: int, heads: int, width: int, dropout: float) -> None:
        super().__init__()
        self.pos_embedding = nn.Parameter(torch.empty(1, tokens, width).normal_(std=0.02))
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.Sequential()
        for i in range(layers):
            self.layers.add_module(f"encoder_layer_{i}", Layer(width, heads, dropout))
        self.ln = nn.LayerNorm(width, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        """`(N, T, D)` → `(N, T, D)`."""
        x = self.ln(self.layers(self.dropout(x + self.pos_embedding)))
        return x


class ViT(Model):
    """Patches as vectors and one vector more, the class token, whose end is what the head reads."""

    HEAD = "heads.head"

    def __init__(
        self, patch: int, layers: int, heads: int, width: int, classes: int, channels: int, size: tuple[int, int], dropout: float
    ) -> None:
        super().__init__()
        patches = [math.ceil(side / patch) for side in size]
        self.pad = (0, patches[1] * patch - size[1], 0, patches[0] * patch - size[0])
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.conv_proj = nn.Conv2d(channels, width, patch, stride=patch)
        self.encoder = Encoder(1 + math.prod(patches), layers, heads, width, dropout)
        self.heads = nn.Sequential()
        self.heads.add_module("head", nn.Linear(width, classes))
        self.STAGES = ("conv_proj", *(f"encoder.layers.encoder_layer_{i}" for i in range(layers)), "encoder.ln", "heads.head")
        nn.init.trunc_normal_(self.conv_proj.weight, std=math.sqrt(1 / self.conv_proj.weight[0].numel()))
        nn.init.zeros_(self.conv_proj.bias)  # type: ignore[arg-type]
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def features(self, x: Tensor) -> Tensor:
        """The class token after the last norm, `(N, D)`."""
        x = self.conv_proj(F.pad(x, self.pad)).flatten(2).transpose(1, 2)  # (N, patches, D)
        x = self.encoder(torch.cat([self.class_token.expand(x.shape[0], -1, -1), x], 1))
        return x[:, 0]


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> ViT:
    """A row of table 1; `dropout` replaces 0."""
    patch, layers, heads, wide = TABLE[name]
    patch = patch // 4 if max(height, width) <= SMALL else patch
    return ViT(patch, layers, heads, wide, classes, channels, (height, width), dropout or 0.0)
