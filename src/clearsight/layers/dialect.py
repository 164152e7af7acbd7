"""Dialects: details that papers leave open and that torchvision and Keras decide differently, as options of one class."""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Dialect:
    """The options of a dialect; the defaults are torchvision's. The methods make the layers that depend on them."""

    eps: float = 1e-5  # of batch norm
    momentum: float = 0.1  # weight of the new batch in batch norm's running statistics; 1 − momentum in Keras
    scale: bool = True  # batch norm multiplies by a learnt γ
    bias: bool = False  # convolutions before a batch norm have a bias
    same: bool = False  # TensorFlow's "same": the odd pixel of padding goes below and right, averages leave padding out
    zero_pool: bool = False  # max pooling pads with zeros, not −∞
    early_stride: bool = False  # a stage halves its size one layer earlier than in torchvision; each family defines where

    def conv(self, inputs: int, outputs: int, kernel: int, stride: int = 1, *, groups: int = 1, bias: bool | None = None) -> nn.Conv2d:
        """A convolution with `⌈H / stride⌉` output rows; `bias` defaults to the dialect's."""
        make = SameConv2d if self.same and stride > 1 else nn.Conv2d
        return make(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=self.bias if bias is None else bias)

    def norm(self, width: int) -> nn.BatchNorm2d:
        """Batch norm of `width` channels."""
        layer = nn.BatchNorm2d(width, self.eps, self.momentum)
        if not self.scale:
            layer.weight = None  # type: ignore[assignment]
        return layer

    def max_pool(self, kernel: int, stride: int) -> nn.Module:
        """Max pooling over `kernel` × `kernel`, with `⌈H / stride⌉` output rows."""
        if self.same:
            return SamePool(kernel, stride, "max", fill=0.0 if self.zero_pool else float("-inf"))
        if self.zero_pool:
            return nn.Sequential(nn.ZeroPad2d(kernel // 2), nn.MaxPool2d(kernel, stride))
        return nn.MaxPool2d(kernel, stride, kernel // 2)

    def avg_pool(self, kernel: int, stride: int) -> nn.Module:
        """Mean pooling over `kernel` × `kernel`, with `⌈H / stride⌉` output rows; torchvision's includes the zero padding."""
        if self.same and stride > 1:
            return SamePool(kernel, stride, "avg")
        return nn.AvgPool2d(kernel, stride, kernel // 2, count_include_pad=not self.same)


TORCHVISION = Dialect()


def same_padding(x: Tensor, kernel: int, stride: int) -> list[int]:
    """Padding left, right, top, bottom for `⌈W / stride⌉` windows; an odd pixel is added at the end."""
    missing = [max((-(-n // stride) - 1) * stride + kernel - n, 0) for n in (x.shape[-1], x.shape[-2])]
    return [side for n in missing for side in (n // 2, n - n // 2)]


class SameConv2d(nn.Conv2d):
    """A convolution with TensorFlow's "same" padding, which depends on the size of its input."""

    def forward(self, x: Tensor) -> Tensor:
        """`(N, inputs, H, W)` → `(N, outputs, ⌈H/stride⌉, ⌈W/stride⌉)`."""
        x = F.pad(x, same_padding(x, self.kernel_size[0], self.stride[0]))
        return F.conv2d(x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


class SamePool(nn.Module):
    """Pooling with TensorFlow's "same" padding: the maximum, or the mean, over pixels inside the picture."""

    def __init__(self, kernel: int, stride: int, kind: str, fill: float = 0.0) -> None:
        super().__init__()
        self.kernel, self.stride, self.kind, self.fill = kernel, stride, kind, fill

    def forward(self, x: Tensor) -> Tensor:
        """`(N, C, H, W)` → `(N, C, ⌈H/stride⌉, ⌈W/stride⌉)`."""
        around = same_padding(x, self.kernel, self.stride)
        if self.kind == "max":
            return F.max_pool2d(F.pad(x, around, value=self.fill), self.kernel, self.stride)
        inside = F.avg_pool2d(F.pad(x.new_ones(1, 1, *x.shape[-2:]), around), self.kernel, self.stride)
        return F.avg_pool2d(F.pad(x, around), self.kernel, self.stride) / inside
