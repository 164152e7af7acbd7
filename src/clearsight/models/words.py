"""The words of a formula: their options, spelling, and layers."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from ..layers.dropout import Dropout
from ..layers.response import ResponseNorm

Options = dict[str, Any]
Shape = tuple[int, ...]  # (C, H, W), or (D,) after flattening
LARGEST = 2**20  # of any number; larger ones are typing errors
LARGEST_OUTPUT = 2**31  # numbers of one layer


class DoesNotFit(Exception):
    """A layer that is impossible at its place; the message has the reason."""


def _pair(found: re.Match[str]) -> tuple[int, int]:
    return int(found[1]), int(found[2] or found[1])


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.ASCII)


# option → its pattern, its description, its parser; in the order of printing
OPTIONS: dict[str, tuple[re.Pattern[str], str, Callable[[re.Match[str]], Any]]] = {
    "kernel": (_pattern(r"-?(\d+)x(\d+)"), "-5x5 (kernel)", _pair),
    "width": (_pattern(r"(\d+)"), "a number (width)", lambda found: int(found[1])),
    "rate": (_pattern(r"(\d+(?:\.\d+)?|\.\d+)"), "a number such as 0.5", lambda found: float(found[1])),
    "grid": (_pattern(r"=(\d+)x(\d+)"), "=7x7 (what is left of any size)", _pair),
    "stride": (_pattern(r"/(\d+)(?:x(\d+))?"), "/2 (stride)", _pair),
    "padding": (_pattern(r"p(\d+)(?:x(\d+))?"), "p1 (padding)", _pair),
    "groups": (_pattern(r"g(\d+)"), "g2 (groups)", lambda found: int(found[1])),
    "dilation": (_pattern(r"d(\d+)(?:x(\d+))?"), "d2 (dilation)", _pair),
    "k": (_pattern(r"k(\d+(?:\.\d+)?)"), "k2", lambda found: float(found[1])),
    "alpha": (_pattern(r"a(\d+(?:\.\d+)?)"), "a0.0001 (α)", lambda found: float(found[1])),
    "beta": (_pattern(r"b(\d+(?:\.\d+)?)"), "b0.75 (β)", lambda found: float(found[1])),
    "eps": (_pattern(r"-eps(\d+(?:\.\d+)?)"), "-eps0.001", lambda found: float(found[1])),
    "momentum": (_pattern(r"-momentum(\d+(?:\.\d+)?)"), "-momentum0.01", lambda found: float(found[1])),
    "nobias": (_pattern(r"-nobias"), "-nobias", lambda _: True),
    "ceil": (_pattern(r"-ceil"), "-ceil (rounds sizes up)", lambda _: True),
}
LETTERS = {"stride": "/", "padding": "p", "groups": "g", "dilation": "d", "grid": "=", "k": "k", "alpha": "a", "beta": "b"}
POSITIVE = ("kernel", "width", "grid", "stride", "groups", "dilation")


@dataclass(frozen=True)
class Word:
    """`make(options, shape)` returns the layer for an input of `shape` (without the batch) and its output shape."""

    make: Callable[[Options, Shape], tuple[nn.Module, Shape]]
    says: str
    options: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    needs: str = ""  # the required option


def resolved(word: str, given: Options) -> Options:
    """`given` with defaults: conv alone is VGG's, 3×3 padded by 1; with an explicit kernel it is not padded."""
    options = {**WORDS[word].defaults, **given}
    if word == "conv" and "padding" not in given:
        options["padding"] = (0, 0) if "kernel" in given else (1, 1)
    if options.get("grid"):
        return {"grid": options["grid"]}
    if "stride" in WORDS[word].options and "stride" not in options:
        options["stride"] = options["kernel"]
    return options


def written(word: str, options: Options) -> str:
    """A layer in a formula, in its shortest form."""
    if word in ("avgpool", "pool") and options.get("grid") == (1, 1):
        return "globalpool" if word == "avgpool" else "globalmaxpool"
    order = ("width", *(name for name in OPTIONS if name != "width"))
    said: Options = {}
    for name in (name for name in order if name in options):  # an option is written if its default differs
        silent = resolved(word, said)
        if any(silent.get(n) != options[n] for n in (("kernel", "padding") if name == "kernel" else (name,))):
            said[name] = options[name]
    if word == "lrn" and said:
        said = {"width": options["width"], **said}  # lrn5k1, not lrnk1
    return word + "".join(_said(name, value, said) for name, value in said.items())


def _said(name: str, value: Any, options: Options) -> str:
    if value is True:
        return f"-{name}"
    if name == "kernel":
        return ("-" if "width" in options else "") + "x".join(str(n) for n in value)
    if isinstance(value, tuple):
        value = "x".join(str(n) for n in (value if name == "grid" or value[0] != value[1] else value[:1]))
    elif isinstance(value, float):
        value = f"{value:.12f}".rstrip("0").rstrip(".")
    return f"{LETTERS.get(name, '' if name in ('width', 'rate') else '-' + name)}{value}"


def _maps(word: str, shape: Shape) -> Shape:
    if len(shape) != 3:
        raise DoesNotFit(f"{word} looks at maps, and here they are flattened already")
    return shape


def _slid(options: Options, shape: Shape) -> Shape:
    """The output size of a sliding window, as in torch."""
    sizes = []
    for size, k, s, p, d in zip(
        shape[1:], options["kernel"], options["stride"], options["padding"], options.get("dilation", (1, 1)), strict=True
    ):
        span = size + 2 * p - d * (k - 1) - 1
        if span < 0:
            raise DoesNotFit(f"a window of {d * (k - 1) + 1} px does not fit the {shape[1]}×{shape[2]} px that are left here")
        count = -(-span // s) + 1 if options.get("ceil") else span // s + 1
        sizes.append(count - 1 if options.get("ceil") and (count - 1) * s >= size + p else count)
    return (shape[0], *sizes)


def _conv(options: Options, shape: Shape) -> tuple[nn.Module, Shape]:
    shape = _maps("conv", shape)
    width, groups = options.get("width", shape[0]), options["groups"]
    if shape[0] % groups or width % groups:
        raise DoesNotFit(f"{groups} groups do not divide {shape[0]} channels in and {width} out")
    after = (width, *_slid(options, shape)[1:])
    _affordable(width * shape[0] // groups * math.prod(options["kernel"]))
    kernel, stride, padding, dilation = (options[name] for name in ("kernel", "stride", "padding", "dilation"))
    layer = nn.Conv2d(shape[0], width, kernel, stride, padding, dilation, groups, bias=not options.get("nobias"))
    return layer, after


def _affordable(weights: int) -> None:
    if weights > 2**31:
        raise DoesNotFit(f"this layer would have {weights:,} weights; {2**31:,} are allowed")


def require_affordable(shape: Shape) -> None:
    """Raise DoesNotFit for an output of more numbers than any machine has room for."""
    if math.prod(shape) > LARGEST_OUTPUT:
        raise DoesNotFit(f"this layer would have {math.prod(shape):,} outputs for each picture; {LARGEST_OUTPUT:,} are allowed")


def _pool(sliding: type[nn.Module], adaptive: type[nn.Module]) -> Callable[[Options, Shape], tuple[nn.Module, Shape]]:
    def make(options: Options, shape: Shape) -> tuple[nn.Module, Shape]:
        shape = _maps("pooling", shape)
        if "grid" in options:
            grid = options["grid"]
            return adaptive(grid[0] if grid[0] == grid[1] else grid), (shape[0], *grid)
        if any(2 * p > k for p, k in zip(options["padding"], options["kernel"], strict=True)):
            raise DoesNotFit("the padding of a pooling is at most half its kernel")
        after = _slid(options, shape)
        named = {"ceil_mode": bool(options.get("ceil")), "padding": options["padding"]}
        return sliding(options["kernel"], options["stride"], **named), after

    return make


def _fc(options: Options, shape: Shape) -> tuple[nn.Module, Shape]:
    _affordable(options["width"] * shape[0])
    return nn.Linear(shape[0], options["width"], bias=not options.get("nobias")), (options["width"],)


def _bn(options: Options, shape: Shape) -> tuple[nn.Module, Shape]:
    make = nn.BatchNorm2d if len(shape) == 3 else nn.BatchNorm1d
    return make(shape[0], options["eps"], options["momentum"]), shape


def _lrn(options: Options, shape: Shape) -> tuple[nn.Module, Shape]:
    size = options["width"]
    alpha = float(f"{options['alpha'] * size:.12g}")  # torch divides its alpha by the size
    return ResponseNorm(size, alpha, options["beta"], options["k"]), _maps("lrn", shape)


def _flatten(_: Options, shape: Shape) -> tuple[nn.Module, Shape]:
    return nn.Flatten(), (math.prod(shape),)


def _dropout(options: Options, shape: Shape) -> tuple[nn.Module, Shape]:
    if not 0 <= options["rate"] < 1:
        raise DoesNotFit("a dropout is at least 0 and below 1")
    return Dropout(options["rate"]), shape


def _same(make: Callable[..., nn.Module], *names: str) -> Callable[[Options, Shape], tuple[nn.Module, Shape]]:
    return lambda options, shape: (make(*(options[name] for name in names)), shape)


ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU, "relu6": nn.ReLU6, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "gelu": nn.GELU, "silu": nn.SiLU,
    "hardswish": nn.Hardswish,
}  # fmt: skip
_SLIDE = {"padding": (0, 0), "kernel": (2, 2)}
_POOLS = ("kernel", "grid", "stride", "padding", "ceil")
WORDS: dict[str, Word] = {
    "conv": Word(
        _conv,
        "convolution",
        ("kernel", "width", "stride", "padding", "groups", "dilation", "nobias"),
        {"kernel": (3, 3), "stride": (1, 1), "groups": 1, "dilation": (1, 1)},
    ),
    "pool": Word(_pool(nn.MaxPool2d, nn.AdaptiveMaxPool2d), "maximum pooling", _POOLS, _SLIDE),
    "avgpool": Word(_pool(nn.AvgPool2d, nn.AdaptiveAvgPool2d), "average pooling", _POOLS, _SLIDE),
    "fc": Word(_fc, "fully connected layer", ("width", "nobias"), needs="width"),
    "softmax": Word(_fc, "the last layer, one value a class", ("nobias",)),
    "lrn": Word(
        _lrn, "AlexNet's response norm", ("width", "k", "alpha", "beta"), {"width": 5, "k": 2.0, "alpha": 1e-4, "beta": 0.75}
    ),
    "bn": Word(_bn, "batch norm", ("eps", "momentum"), {"eps": 1e-5, "momentum": 0.1}),
    "dropout": Word(_dropout, "dropout", ("rate",), {"rate": 0.5}),
    "flatten": Word(_flatten, "maps → vector; implied before the first fc"),
    "leakyrelu": Word(_same(nn.LeakyReLU, "rate"), "max(x, rate·x)", ("rate",), {"rate": 0.01}),
    "elu": Word(_same(nn.ELU, "rate"), "exponential linear unit", ("rate",), {"rate": 1.0}),
    **{word: Word(_same(kind), "activation") for word, kind in ACTIVATIONS.items()},
}  # fmt: skip
# other spellings of a word, with the options that they fix
ALIASES: dict[str, tuple[str, Options]] = {
    "norm": ("lrn", {}),
    "maxpool": ("pool", {}),
    "globalpool": ("avgpool", {"grid": (1, 1)}),
    "globalmaxpool": ("pool", {"grid": (1, 1)}),
    "swish": ("silu", {}),
    "batchnorm": ("bn", {}),
}


def _he(layers: Mapping[str, nn.Module]) -> None:
    weighted = [layer for layer in layers.values() if isinstance(layer, nn.Conv2d | nn.Linear)]
    for layer in weighted:
        nn.init.kaiming_normal_(layer.weight)
        _zero(layer.bias)
    if weighted and isinstance(weighted[-1], nn.Linear):
        nn.init.normal_(weighted[-1].weight, std=0.01)  # small first logits


def _vgg(layers: Mapping[str, nn.Module]) -> None:
    for layer in layers.values():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=0.01)
        if isinstance(layer, nn.Conv2d | nn.Linear):
            _zero(layer.bias)


def _zero(bias: Tensor | None) -> None:
    if bias is not None:
        nn.init.zeros_(bias)


# initialisations of weights, written after softmax; `he` is the default
STARTS: dict[str, Callable[[Mapping[str, nn.Module]], None]] = {"he": _he, "vgg": _vgg}
