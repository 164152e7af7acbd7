"""What a paper leaves open and two origins decide differently, as the options of one class."""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Dialect:
    """How an origin computes; the defaults are torchvision's. The methods make the layers that depend on it."""

    eps: float = 1e-5  # of batch norm
    momentum: float = 0.1  # weight of the new batch in batch norm's running statistics; Keras' momentum is 1 − it
    scale: bool = True  # batch norm multiplies by a learnt γ
    bias: bool = False  # convolutions beside a batch norm have a bias
    same: bool = False  # TensorFlow's "same": the odd pixel of padding goes below and right, averages leave padding out
    zero_pool: bool = False  # zeros, not −∞, stand around what a maximum is taken of
    early_stride: bool = False  # a stage halves its size one step earlier than in torchvision; the family says where

    def conv(self, inputs: int, outputs: int, kernel: int, stride: int = 1, *, groups: int = 1, bias: bool | None = None) -> nn.Conv2d:
        """A convolution of `⌈H / stride⌉` rows; `bias` is the dialect's unless given."""
        make = SameConv2d if self.same and stride > 1 else nn.Conv2d
        return make(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=self.bias if bias is None else bias)

    def norm(self, width: int) -> nn.BatchNorm2d:
        """Batch norm of `width` channels."""
        layer = nn.BatchNorm2d(width, self.eps, self.momentum)
        if not self.scale:
            layer.weight = None  # type: ignore[assignment]
        return layer

    def max_pool(self, kernel: int, stride: int) -> nn.Module:
        """The maximum over `kernel` × `kernel`, of `⌈H / stride⌉` rows."""
        if self.same:
            return SamePool(kernel, stride, "max", fill=0.0 if self.zero_pool else float("-inf"))
        if self.zero_pool:
            return nn.Sequential(nn.ZeroPad2d(kernel // 2), nn.MaxPool2d(kernel, stride))
        return nn.MaxPool2d(kernel, stride, kernel // 2)

    def avg_pool(self, kernel: int, stride: int) -> nn.Module:
        """The mean over `kernel` × `kernel`, of `⌈H / stride⌉` rows; torchvision's counts zeros around the picture."""
        if self.same and stride > 1:
            return SamePool(kernel, stride, "avg")
        return nn.AvgPool2d(kernel, stride, kernel // 2, count_include_pad=not self.same)


TORCHVISION = Dialect()


def same_padding(x: Tensor, kernel: int, stride: int) -> list[int]:
    """Left, right, top, bottom: what lets `⌈W / stride⌉` windows fit, the odd pixel at the end."""
    missing = [max((-(-n // stride) - 1) * stride + kernel - n, 0) for n in (x.shape[-1], x.shape[-2])]
    return [side for n in missing for side in (n // 2, n - n // 2)]


class SameConv2d(nn.Conv2d):
    """A convolution with TensorFlow's "same" padding, which depends on the size of its input."""

    def forward(self, x: Tensor) -> Tensor:
        """`(N, inputs, H, W)` → `(N, outputs, ⌈H/stride⌉, ⌈W/stride⌉)`."""
        x = F.pad(x, same_padding(x, self.kernel_size[0], self.stride[0]))
        return F.conv2d(x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


class SamePool(nn.Module):
    """Pooling with TensorFlow's "same" padding: the maximum, or the mean, of what lies inside the picture."""

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
