"""Residual networks. K. He, X. Zhang, S. Ren, J. Sun, Deep residual learning for image recognition, 2015, table 1.

Parameter names and the place of the stride (in the 3×3 of a bottleneck) follow torchvision. Up to 64 px the stem is
one 3×3 convolution and no pooling, as in the paper's CIFAR-10 networks (section 4.2): 7×7 and pooling would leave
a picture of 28 px only 7 px for its first block.
"""

import torch
from torch import Tensor, nn

from ..base import Model

PAPER = (2015, "He et al.: Deep residual learning for image recognition")
# blocks in the four stages, and whether they are bottlenecks (table 1)
TABLE = {
    "resnet18": ((2, 2, 2, 2), False),
    "resnet34": ((3, 4, 6, 3), False),
    "resnet50": ((3, 4, 6, 3), True),
    "resnet101": ((3, 4, 23, 3), True),
    "resnet152": ((3, 8, 36, 3), True),
}
INPUT, CLASSES, RECIPE = (3, 224, 224), 1000, "quick"
SMALLEST = 8  # one value a channel in the last stage; below, it would look at padding alone
SMALL = 64


def convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """A convolution that keeps the size at stride 1; batch norm follows, so it has no bias."""
    return nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and the shortcut (figure 5, left)."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = convolution(inputs, width, 3, stride), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = convolution(width, width, 3), nn.BatchNorm2d(width)
        self.downsample = shortcut(inputs, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        """`(N, inputs, H, W)` → `(N, width, H/stride, W/stride)`."""
        y = torch.relu_(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return torch.relu_(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    """1×1 down, 3×3, 1×1 up by four, and the shortcut (figure 5, right)."""

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = convolution(inputs, width, 1), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = convolution(width, width, 3, stride), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = convolution(width, 4 * width, 1), nn.BatchNorm2d(4 * width)
        self.downsample = shortcut(inputs, 4 * width, stride)

    def forward(self, x: Tensor) -> Tensor:
        """`(N, inputs, H, W)` → `(N, 4·width, H/stride, W/stride)`."""
        y = torch.relu_(self.bn1(self.conv1(x)))
        y = torch.relu_(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return torch.relu_(y + (x if self.downsample is None else self.downsample(x)))


def shortcut(inputs: int, outputs: int, stride: int) -> nn.Sequential | None:
    """The projection where shapes differ (option B), None where the identity does."""
    if stride == 1 and inputs == outputs:
        return None
    return nn.Sequential(convolution(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))


class ResNet(Model):
    """Stem, four stages of residual blocks, global average, head."""

    STAGES = ("conv1", "maxpool", "layer1", "layer2", "layer3", "layer4", "avgpool", "fc")

    def __init__(self, blocks: tuple[int, ...], bottleneck: bool, classes: int, channels: int, small: bool) -> None:
        super().__init__()
        block = Bottleneck if bottleneck else BasicBlock
        self.conv1 = convolution(channels, 64, 3) if small else convolution(channels, 64, 7, 2)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.Identity() if small else nn.MaxPool2d(3, 2, padding=1)
        inputs, stages = 64, []
        for i, count in enumerate(blocks):
            width, stage = 64 * 2**i, []
            for j in range(count):
                stage.append(block(inputs, width, stride=2 if i > 0 and j == 0 else 1))
                inputs = width * block.expansion
            stages.append(nn.Sequential(*stage))
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(inputs, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def features(self, x: Tensor) -> Tensor:
        """The global average of the last stage, `(N, 512)`, or `(N, 2048)` with bottlenecks."""
        x = self.maxpool(torch.relu_(self.bn1(self.conv1(x))))
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
        x = self.avgpool(x)
        return x.flatten(1)


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> ResNet:
    """A row of table 1; it has no dropout."""
    return ResNet(*TABLE[name], classes, channels, small=max(height, width) <= SMALL)
