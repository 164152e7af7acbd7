"""Adapt a trained network to other classes or other channels."""

from collections.abc import Iterable
from dataclasses import replace

from torch import Tensor, nn

from ..base.errors import UsageError
from ..base.randomness import generators_kept, seeded
from ..images.preprocess import Preprocessing
from ..models.base import Model
from ..models.convnets.efficientnet import Standardise


def new_head(model: Model, classes: int, seed: int = 0, heads: Iterable[str] = ()) -> None:
    """Replace the head, or the linear layers `heads`, by untrained ones for `classes` classes."""
    with seeded(seed):
        for head in sorted(heads) or [model.HEAD]:
            where, _, name = head.rpartition(".")
            old = model.get_submodule(head)
            assert isinstance(old, nn.Linear)
            setattr(model.get_submodule(where), name, nn.Linear(old.in_features, classes))


def first_convolution(model: nn.Module) -> str:
    """The name of the first convolution, or ""."""
    return next((str(name) for name, module in model.named_modules() if isinstance(module, nn.Conv2d)), "")


@generators_kept()  # the new layer draws initial values before it gets its own
def new_channels(model: nn.Module, channels: int) -> None:
    """Adapt the first convolution to `channels` channels: the sum of the kernels for grey, or repeated kernels for more channels."""
    name = first_convolution(model)
    old = model.get_submodule(name)
    if getattr(old, "in_channels", 0) == channels:
        return
    if not isinstance(old, nn.Conv2d) or old.groups > 1:
        raise UsageError(f"a network without a plain first convolution cannot be adapted to {channels} channels: leave it those it has.")
    new = type(old)(channels, old.out_channels, old.kernel_size, old.stride, old.padding, bias=old.bias is not None)  # type: ignore[arg-type]
    new.load_state_dict({**old.state_dict(), "weight": _kernel(old.weight.detach(), channels)})
    where, _, last = name.rpartition(".")
    setattr(model.get_submodule(where), last, new)
    for module in model.modules():
        if isinstance(module, Standardise):
            module.adapt(channels)


def _kernel(kernel: Tensor, channels: int) -> Tensor:
    inputs = kernel.shape[1]
    if channels == 1:
        return kernel.sum(1, keepdim=True)
    return kernel.repeat(1, -(-channels // inputs), 1, 1)[:, :channels] * (inputs / channels)  # keeps the strength of the response


def new_preprocessing(preprocessing: Preprocessing, channels: int) -> Preprocessing:
    """The preprocessing for pictures of `channels` channels, with the mean of the colours' statistics."""
    mean, std = (sum(values) / len(values) for values in (preprocessing.mean, preprocessing.std))
    return replace(preprocessing, channels=channels, order="rgb", mean=(mean,) * channels, std=(std,) * channels)
