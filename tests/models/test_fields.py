"""Receptive fields against what really happens: a row or column of NaN reaches exactly the units that see it."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from clearsight import models
from clearsight.models.fields import BOUND, EXACT, WHOLE, plain_fields
from clearsight.models.summary import Summary, summarise


class Do(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[..., Tensor], *parts: nn.Module) -> None:
        super().__init__()
        self.function, self.parts = function, nn.ModuleList(parts)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x, *self.parts)


def conv(inputs: int, outputs: int, kernel: int, **options: object) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, **options)  # type: ignore[arg-type]


def gate(x: Tensor, down: nn.Module, up: nn.Module) -> Tensor:
    return x * torch.sigmoid(up(torch.relu(down(x.mean((2, 3), keepdim=True)))))


def shuffle(x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    return x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)


def next_block(x: Tensor, depthwise: nn.Module, norm: nn.Module, linear: nn.Module) -> Tensor:
    return x + linear(norm(depthwise(x).permute(0, 2, 3, 1))).permute(0, 3, 1, 2)


def focus(x: Tensor) -> Tensor:
    return torch.cat([x[:, :, ::2, ::2], x[:, :, 1::2, ::2], x[:, :, ::2, 1::2], x[:, :, 1::2, 1::2]], 1)


def inception(x: Tensor, *branches: nn.Module) -> Tensor:
    return torch.cat([branch(x) for branch in branches], 1)


def channels_attend(x: Tensor) -> Tensor:
    flat = x.flatten(2)
    return (torch.softmax(flat @ flat.transpose(1, 2), 2) @ flat).view_as(x)


def some(x: Tensor) -> Tensor:
    return x[:, [0, 2]] * x[:, 1:2] + x.mean(1, keepdim=True)


def split(x: Tensor) -> Tensor:
    return torch.cat(x.chunk(2, 1), 1).amax(1, keepdim=True) + x.unbind(1)[0][:, None]


# network → the status of its output
NETWORKS: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "three 3×3": (lambda: nn.Sequential(*(conv(3, 3, 3) for _ in range(3))), EXACT),
    "stride, padding": (lambda: nn.Sequential(conv(3, 4, 5, stride=3, padding=2), nn.ReLU(inplace=True), conv(4, 4, 3, stride=2)), EXACT),
    "dilation": (lambda: nn.Sequential(conv(3, 4, 3, dilation=3, padding=3), conv(4, 4, (1, 3), dilation=(1, 2))), EXACT),
    "pooling": (lambda: nn.Sequential(nn.MaxPool2d(3, 2, 1), nn.AvgPool2d(2), nn.LocalResponseNorm(3), conv(3, 4, (3, 1))), EXACT),
    "ceil": (lambda: nn.Sequential(nn.MaxPool2d(3, 2, ceil_mode=True), nn.AvgPool2d(3, 2, 1, ceil_mode=True), conv(3, 3, 2)), EXACT),
    "kernel 1, stride 2": (lambda: nn.Sequential(conv(3, 4, 1, stride=2), nn.BatchNorm2d(4), conv(4, 4, 3, groups=2)), EXACT),
    "uneven padding": (lambda: nn.Sequential(nn.ZeroPad2d((0, 1, 1, 2)), conv(3, 4, 3, stride=2), nn.ZeroPad2d((2, 0, 0, 1))), EXACT),
    "residual": (lambda: Do(lambda x, f: f(x) + x, nn.Sequential(conv(3, 3, 3, padding=1), nn.GELU(), conv(3, 3, 3, padding=1))), EXACT),
    "branches": (lambda: Do(inception, conv(3, 2, 1, stride=2), conv(3, 2, 5, stride=2, padding=2), nn.MaxPool2d(3, 2, 1)), EXACT),
    "shifted branches": (lambda: Do(lambda x, f: f(F.pad(x, (2, 0, 0, 0))) + f(F.pad(x, (0, 2, 0, 0))), conv(3, 3, 1)), EXACT),
    "channel shuffle": (lambda: nn.Sequential(conv(3, 4, 3), Do(shuffle), conv(4, 4, 3)), EXACT),
    "ConvNeXt": (lambda: Do(next_block, conv(3, 3, 3, padding=1), nn.LayerNorm(3), nn.Linear(3, 3)), EXACT),
    "slices": (lambda: nn.Sequential(Do(focus), conv(12, 4, 3)), EXACT),
    "crop": (lambda: nn.Sequential(conv(3, 4, 3), Do(lambda x: x[:, :, 2:-1, 3:]), conv(4, 4, 3)), EXACT),
    "some channels": (lambda: nn.Sequential(conv(3, 4, 3), Do(some), conv(2, 4, 3)), EXACT),
    "channels split": (lambda: nn.Sequential(conv(3, 6, 3), Do(split)), EXACT),
    "adaptive, even": (lambda: nn.Sequential(conv(3, 4, 3, padding=1), nn.AdaptiveAvgPool2d((8, 6)), conv(4, 4, 2)), EXACT),
    "adaptive, uneven": (lambda: nn.Sequential(nn.AdaptiveAvgPool2d(7), conv(3, 3, 2)), BOUND),
    "transposed": (lambda: nn.Sequential(conv(3, 4, 2, stride=2), nn.ConvTranspose2d(4, 3, 3, stride=2, padding=1)), BOUND),
    "nearest": (lambda: nn.Sequential(conv(3, 4, 2, stride=2), nn.Upsample(scale_factor=2), conv(4, 3, 3)), BOUND),
    "bilinear": (lambda: nn.Sequential(conv(3, 4, 4, stride=4), nn.Upsample(scale_factor=2, mode="bilinear")), BOUND),
    "pixel shuffle": (lambda: nn.Sequential(conv(3, 4, 2, stride=2), nn.PixelShuffle(2)), BOUND),
    "rolled": (lambda: Do(lambda x: torch.roll(x, 1, 2)), BOUND),
    "global average": (lambda: nn.Sequential(conv(3, 4, 3), nn.AdaptiveAvgPool2d(1)), WHOLE),
    "global maximum": (lambda: nn.Sequential(conv(3, 4, 3), Do(lambda x: x.amax((2, 3), keepdim=True))), WHOLE),
    "squeeze and excite": (lambda: nn.Sequential(Do(gate, conv(3, 2, 1), conv(2, 3, 1)), conv(3, 3, 3)), WHOLE),
    "group norm": (lambda: nn.Sequential(conv(3, 4, 3), nn.GroupNorm(2, 4)), WHOLE),
    "instance norm": (lambda: nn.Sequential(conv(3, 4, 3), nn.InstanceNorm2d(4)), WHOLE),
    "layer norm over all": (lambda: nn.LayerNorm((3, 24, 36)), WHOLE),
    "attention": (lambda: Do(channels_attend), WHOLE),
    "fully connected": (lambda: nn.Sequential(conv(3, 2, 3), nn.Flatten(), nn.Linear(2 * 22 * 34, 5), nn.Unflatten(1, (5, 1, 1))), WHOLE),
}  # fmt: skip


def maps(model: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """The maps `(N, c, h, w)` that every module puts out, in its first call."""
    outputs: dict[str, Tensor] = {}

    def keep(name: str, _: nn.Module, __: object, y: Tensor) -> None:
        if y.ndim == 4 and name not in outputs:
            outputs[name] = y.clone()  # the next module may work in place

    handles = [module.register_forward_hook(partial(keep, name)) for name, module in model.named_modules()]
    model(x)
    for handle in handles:
        handle.remove()
    return outputs


def compare(summary: Summary, seen: dict[str, tuple[Tensor, Tensor]]) -> int:
    """Every unit sees no more than is said, and just that where the box lies inside the picture; how often it did."""
    checked = 0
    for layer in {layer.name: layer for layer in reversed(summary.layers)}.values():
        field = layer.field
        if layer.name not in seen or (field.status != WHOLE and field.axes != (2, 3)):
            continue
        for axis, (found, n) in enumerate(zip(seen[layer.name], field.seen, strict=True)):
            for unit in range(found.shape[1 + axis]):
                rows = found.select(1 + axis, unit).any(1).nonzero().flatten().tolist()
                start = unit * field.stride[axis] - field.before[axis]
                end = start + field.size[axis] - 1
                assert not rows or (rows[0] >= start and rows[-1] <= end), (layer.name, axis, unit, rows, start, end)
                if field.status == WHOLE or (field.status == EXACT and start >= 0 and end < n):
                    assert (rows[0], rows[-1]) == ((0, n - 1) if field.status == WHOLE else (start, end)), (layer.name, axis, unit)
                    checked += 1
    return checked


@pytest.mark.parametrize("name", NETWORKS)
def test_nothing_outside_the_box_reaches_a_unit(name):
    torch.manual_seed(0)
    make, status = NETWORKS[name]
    model = make().eval()
    found = summarise(model, (3, 24, 36))
    assert found.layers[-1].field.status == status
    assert compare(found, plain_fields(partial(maps, model), (3, 24, 36))) or status == BOUND


@pytest.mark.parametrize(
    "name", ["lenet5", "convnet", "swift", "resnet18", "conv8-5x5/2p1 lrn relu (conv8g2 bn tanh)*2 pool3x3/2-ceil softmax"]
)
def test_networks_see_what_is_said(name):
    torch.manual_seed(0)
    model = models.build(name, 4, height=28, width=36).eval()
    assert compare(summarise(model, (3, 28, 36)), plain_fields(partial(maps, model), (3, 28, 36))) > 20
