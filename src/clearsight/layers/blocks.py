"""Blocks that several networks share."""

import math
from collections import OrderedDict
from collections.abc import Callable

import torch
from torch import Tensor, nn

from .dialect import Dialect
from .dropout import StochasticDepth


def conv_norm(
    dialect: Dialect,
    inputs: int,
    outputs: int,
    kernel: int,
    stride: int = 1,
    *,
    groups: int = 1,
    activation: Callable[..., nn.Module] | None = nn.ReLU,
) -> nn.Sequential:
    """Convolution, batch norm and activation, under the names 0, 1, 2 as in torchvision's Conv2dNormActivation."""
    layers = [dialect.conv(inputs, outputs, kernel, stride, groups=groups), dialect.norm(outputs)]
    return nn.Sequential(*layers, *([activation(inplace=True)] if activation else []))


def separable(dialect: Dialect, inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Depthwise separable convolution: one `kernel` per channel (`depthwise`), then 1×1 (`pointwise`)."""
    depthwise = dialect.conv(inputs, inputs, kernel, stride, groups=inputs, bias=False)
    return nn.Sequential(OrderedDict(depthwise=depthwise, pointwise=nn.Conv2d(inputs, outputs, 1, bias=False)))


def whole(width: float, group: int = 8) -> int:
    """`width` rounded to a multiple of the group size, and up if that is under 0.9 of it."""
    rounded = max(group, int(width + group / 2) // group * group)
    return rounded + group if rounded < 0.9 * width else rounded


def start(model: nn.Module) -> None:
    """Initialise convolutions with normal values that preserve the size of gradients, biases with 0 (K. He et al., 2015, section 2.2).

    In a depthwise convolution the fan-out is one channel. torch counts all of them, and its values become so small that batch
    norm's running variance, initially 1, is far off for thousands of steps.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, std=math.sqrt(2 * module.groups / (module.out_channels * math.prod(module.kernel_size))))
            if module.bias is not None:
                nn.init.zeros_(module.bias)


class SqueezeExcite(nn.Module):
    """Squeeze-and-excitation: channels weighted by their global means (J. Hu, L. Shen, G. Sun, 2017, figure 3)."""

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


class InvertedResidual(nn.Module):
    """Inverted residual with a linear bottleneck (M. Sandler et al., MobileNetV2, 2018, figure 4d).

    1×1 expansion (unless the width is the same), depthwise `kernel`, `squeeze`, 1×1 projection without activation. With probability
    `drop` only the shortcut remains in training.
    """

    def __init__(
        self,
        dialect: Dialect,
        inputs: int,
        expanded: int,
        outputs: int,
        kernel: int,
        stride: int,
        activation: Callable[..., nn.Module],
        squeeze: SqueezeExcite | None = None,
        drop: float = 0.0,
    ) -> None:
        super().__init__()
        up = [conv_norm(dialect, inputs, expanded, 1, activation=activation)] if expanded != inputs else []
        depthwise = conv_norm(dialect, expanded, expanded, kernel, stride, groups=expanded, activation=activation)
        down = conv_norm(dialect, expanded, outputs, 1, activation=None)
        self.block = nn.Sequential(*up, depthwise, *([squeeze] if squeeze else []), down)
        self.drop = StochasticDepth(drop) if stride == 1 and inputs == outputs else None

    def forward(self, x: Tensor) -> Tensor:
        """`(N, inputs, H, W)` → `(N, outputs, ⌈H/stride⌉, ⌈W/stride⌉)`."""
        y: Tensor = self.block(x)
        return y if self.drop is None else self.drop(y).add_(x)
