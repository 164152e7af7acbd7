"""Blocks that several networks share."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from .dialect import Dialect


def conv_norm(
    dialect: Dialect,
    inputs: int,
    outputs: int,
    kernel: int,
    stride: int = 1,
    *,
    groups: int = 1,
    activation: Callable[[], nn.Module] | None = nn.ReLU,
) -> nn.Sequential:
    """Convolution, batch norm and activation, under the names 0, 1, 2 as in torchvision's Conv2dNormActivation."""
    layers = [dialect.conv(inputs, outputs, kernel, stride, groups=groups), dialect.norm(outputs)]
    return nn.Sequential(*layers, *([activation()] if activation else []))


class SqueezeExcite(nn.Module):
    """J. Hu, L. Shen, G. Sun, Squeeze-and-excitation networks, 2017, figure 3: channels weighed by what the whole picture shows."""

    def __init__(
        self,
        width: int,
        squeezed: int,
        activation: Callable[[Tensor], Tensor] = torch.relu,
        gate: Callable[[Tensor], Tensor] = torch.sigmoid,
    ) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(width, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, width, 1)
        self.activation, self.gate = activation, gate

    def forward(self, x: Tensor) -> Tensor:
        """`(N, width, H, W)` → the same shape."""
        return x * self.gate(self.fc2(self.activation(self.fc1(x.mean((2, 3), keepdim=True)))))
