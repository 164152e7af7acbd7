"""Parallel branches described by words: `"48:1 64:5"` is a 1×1 convolution to 48 channels, then a 5×5 to 64.

`64:1x7` has one row and seven columns, `avg` and `max` pool 3×3, `384:3/2` and `max/2` have stride 2 and no padding, and
`192:1x3|192:3x1` are two parallel convolutions.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from .dialect import Dialect

POOLS: dict[str, Callable[[Dialect], nn.Module]] = {
    "avg": lambda dialect: dialect.avg_pool(3, 1),
    "max": lambda _: nn.MaxPool2d(3, 1, padding=1),
    "max/2": lambda _: nn.MaxPool2d(3, 2),
}


class Convolution(nn.Module):
    """Convolution, batch norm, ReLU; `padded` keeps the size at stride 1."""

    def __init__(
        self, dialect: Dialect, inputs: int, outputs: int, kernel: tuple[int, int], stride: int = 1, *, padded: bool = True
    ) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2) if padded else 0
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = dialect.norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """`(N, inputs, H, W)` → `(N, outputs, H', W')`."""
        return torch.relu_(self.bn(self.conv(x)))


class Parallel(nn.Module):
    """Named branches whose outputs are concatenated; `outputs` channels in total."""

    def __init__(self, dialect: Dialect, inputs: int, branches: Mapping[str, str]) -> None:
        super().__init__()
        self.branches, self.outputs = tuple(branches), 0
        for name, words in branches.items():
            module, width = branch(dialect, inputs, words)
            self.add_module(name, module)
            self.outputs += width

    def forward(self, x: Tensor) -> Tensor:
        """`(N, inputs, H, W)` → `(N, outputs, H', W')`."""
        return torch.cat([self.get_submodule(name)(x) for name in self.branches], 1)


def branch(dialect: Dialect, inputs: int, words: str) -> tuple[nn.Module, int]:
    """The layers that `words` describe, for `inputs` channels, and their number of output channels."""
    layers: list[nn.Module] = []
    for word in words.split():
        if "|" in word:
            both = Parallel(dialect, inputs, dict(zip("01", word.split("|"), strict=True)))
            layers, inputs = [*layers, both], both.outputs
        elif word in POOLS:
            layers.append(POOLS[word](dialect))
        else:
            size, _, stride = word.partition("/")
            width, kernel = size.split(":")
            height, _, columns = kernel.partition("x")
            shape = (int(height), int(columns or height))
            layers.append(Convolution(dialect, inputs, int(width), shape, int(stride or 1), padded=not stride))
            inputs = int(width)
    return (layers[0] if len(layers) == 1 else nn.Sequential(*layers)), inputs
