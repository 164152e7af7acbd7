"""Networks of your own: a function or class under a registered name, or one that is named in text as `@package.module:Net`.

The protocol: `build(classes, channels, height, width) -> nn.Module`, called with those of these keywords (and `dropout`) that it takes,
height and width together or not at all; a class of `nn.Module` will do. The module maps inputs float32 `(N, channels, height, width)` to
logits `(N, classes)`, and its last layer is an `nn.Linear`. `clearsight.testing.check_model` tries a module against it.
"""

import copy
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from ..base.code import imported, is_code, word_of
from ..base.errors import UsageError, wrong
from ..base.randomness import generators_kept
from .base import Model

Build: TypeAlias = Callable[..., nn.Module]
KIND = "a network"
ALIASES = {"num_classes": "classes", "in_channels": "channels", "in_chans": "channels"}  # keywords of torchvision and timm


class OwnModel(Model):
    """A module of your own under our contract; `HEAD` is its last linear layer, `STAGES` are its own, or its children."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net
        linear = [name for name, module in net.named_modules() if isinstance(module, nn.Linear)]
        if not linear:
            raise UsageError(f"{type(net).__name__} has no linear layer: a network of your own ends in nn.Linear(features, classes).")
        self.HEAD = f"net.{linear[-1]}" if linear[-1] else "net"
        own = getattr(net, "STAGES", None) or _stages(net)
        self.STAGES = tuple(f"net.{name}" for name in own)

    def features(self, x: Tensor) -> Tensor:
        """The inputs `(N, D)` of the last linear layer."""
        kept: list[Tensor] = []
        hook = self.head.register_forward_pre_hook(lambda _module, given: kept.append(given[0].flatten(1)))
        try:
            self.net(x)
        finally:
            hook.remove()
        return kept[-1]

    def forward(self, x: Tensor) -> Tensor:
        """Logits `(N, K)` of inputs `(N, C, H, W)`."""
        logits: Tensor = self.net(x)
        return logits


def _stages(net: nn.Module) -> list[str]:
    """The names of the children of a module, those of rows and lists of modules one by one."""
    found = []
    for name, child in net.named_children():
        inner = _stages(child) if isinstance(child, (nn.Sequential, nn.ModuleList)) else []
        found += [f"{name}.{one}" for one in inner] or [name]
    return found


@dataclass(frozen=True, eq=False)
class Family:
    """What the registry asks of a family, of one network of your own."""

    make: Build
    RECIPE: str = "quick"
    SMALLEST: int = 1
    INPUT: tuple[int, int, int] = (3, 224, 224)
    CLASSES: int = 1000
    PAPER: tuple[int | None, str] = (None, "")
    __name__: str = "own"

    def build(self, name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> Model:
        """The network, tried on zeros; raises UsageError where it breaks the protocol."""
        given = {"classes": classes, "channels": channels, "height": height, "width": width}
        net = called(self.make, name, given if dropout is None else given | {"dropout": dropout})
        model = net if isinstance(net, Model) else OwnModel(net)
        _tried(model, name, (channels, height, width), classes)
        return model


@dataclass(frozen=True)
class Lent:
    """A module as it is: every call of it is a copy."""

    net: nn.Module

    def __call__(self) -> nn.Module:
        """A copy of the module with its weights."""
        return copy.deepcopy(self.net)


REGISTERED: dict[str, Family] = {}


def register(name: str, build: Build, *, recipe: str = "quick", smallest: int = 1) -> None:
    """Make `build` a network by the `name`: `train(data, model=name)`, and every verb that takes a model of this process.

    `recipe` is the one it is trained by unless another is named, `smallest` the least height and width in px. Raises UsageError for a name
    that is no word, or what cannot be called.

    >>> import clearsight as cs
    >>> from torch import nn
    >>> def tiny(classes, channels, height, width):
    ...     return nn.Sequential(nn.Flatten(), nn.Linear(channels * height * width, classes))
    >>> cs.models.register("tiny", tiny)
    >>> cs.models.build("tiny", classes=10, channels=1, height=8, width=8).head.out_features
    10
    """
    if not can_register(name):
        raise wrong("the name of a network", "letters, numbers, '-', '_' and '.'", name)
    if not callable(build):
        raise wrong(f"build of {name}", "something to call as build(classes, channels, height, width)", type(build).__name__)
    REGISTERED[name] = Family(build, RECIPE=recipe, SMALLEST=smallest)


def can_register(name: str) -> bool:
    """Whether `name` may be that of a registered network: letters, numbers, '-', '_' and '.'."""
    return name.replace("-", "").replace("_", "").replace(".", "").isalnum()


def lend(model: nn.Module | Build) -> str:
    """The name, `@package.module:Net`, of a class, a function or a module; a module is trained from the weights that it has."""
    word = word_of(type(model) if isinstance(model, nn.Module) else model, KIND)
    REGISTERED[word] = Family(Lent(model) if isinstance(model, nn.Module) else model)
    return word


def family(name: str) -> Family | None:
    """The family of a registered name or of code; None for any other name. Raises UsageError for code that is not allowed."""
    if name in REGISTERED:
        return REGISTERED[name]
    return Family(imported(name, KIND)) if is_code(name) else None


def called(make: Build, name: str, given: dict[str, Any]) -> nn.Module:
    """What `make` gives for those of the `given` keywords that it takes; raises UsageError for other arguments that it needs."""
    parameters = inspect.signature(make).parameters
    if not {"height", "width"} <= parameters.keys():  # a `width` alone means channels in many networks
        given = {name: value for name, value in given.items() if name not in ("height", "width")}
    taken, needed = {}, []
    for parameter in parameters.values():
        key = ALIASES.get(parameter.name, parameter.name)
        if key in given:
            taken[parameter.name] = given[key]
        elif parameter.default is parameter.empty and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            needed.append(parameter.name)
    if needed:
        raise UsageError(
            f"{name} is called with {', '.join(given)}, as far as it takes them, and needs {', '.join(needed)}: wrap it in a function that "
            "knows them."
        )
    net = make(**taken)
    if not isinstance(net, nn.Module):
        raise wrong(f"what {name} returns", "a torch.nn.Module", type(net).__name__)
    return net


@generators_kept()
def _tried(model: Model, name: str, shape: tuple[int, int, int], classes: int) -> None:
    """Raise UsageError unless the network maps pictures of this shape `(C, H, W)` to so many logits; nothing is computed on `meta`."""
    first = next(model.parameters(), None)
    if first is None or first.is_meta:
        return
    training, size = model.training, "×".join(map(str, shape))
    try:
        with torch.no_grad():
            logits = model.eval()(torch.zeros(2, *shape, device=first.device, dtype=first.dtype))
    except Exception as error:  # the user's code may raise anything
        raise UsageError(
            f"{name} fails on pictures of {size} ({type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}). "
            "Say channels= and size=, or mend it."
        ) from error
    finally:
        model.train(training)
    if not isinstance(logits, Tensor) or logits.shape != (2, classes):
        came = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise wrong(f"what {name} makes of 2 pictures of {size}", f"logits (2, {classes})", came)
