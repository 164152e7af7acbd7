"""Weights as tensors by name: the `.pth` of torchvision and timm, and safetensors."""

import warnings
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from ..base.errors import CorruptFile
from ..models.base import Model
from .contents import Contents
from .names import Rules, renamed


def read(path: Path) -> Contents:
    """The tensors of a file by name, and the class names of a checkpoint; nothing in it is executed.

    Raises CorruptFile for any other content.
    """
    values: Any
    try:
        if path.suffix == ".safetensors":
            values = safetensors.torch.load_file(path)
        else:
            with warnings.catch_warnings(action="ignore"):  # the error has the same text
                values = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a damaged or foreign file
        if type(error).__name__ != "UnpicklingError":
            raise CorruptFile(f"{path} cannot be read as weights: it is damaged, cut short, or of another kind.") from error
        raise CorruptFile(
            f"{path} is not a file of weights alone: it holds objects or code, which are never run here, or it is damaged. Where it "
            "was made, save the tensors alone: torch.save(model.state_dict(), FILE)."
        ) from error
    classes = _classes(values) if isinstance(values, dict) else ()
    for inner in ("state_dict", "model"):  # a training's checkpoint
        if isinstance(values, dict) and isinstance(values.get(inner), dict):
            values = values[inner]
    if not isinstance(values, dict) or not values or not all(isinstance(value, Tensor) for value in values.values()):
        raise CorruptFile(f"{path} does not hold tensors by name (a state_dict).")
    return Contents({name.removeprefix("module."): value for name, value in values.items()}, classes=classes)


def _classes(checkpoint: dict[str, Any]) -> tuple[str, ...]:
    """The class names that a training stored next to its weights, as a list or as torchvision's `class_to_idx`; empty if it did not."""
    for key in ("classes", "class_names", "class_to_idx"):
        names: Any = checkpoint.get(key)
        if isinstance(names, dict):
            names = [name for name, _ in sorted(names.items(), key=lambda item: item[1])]
        if isinstance(names, (list, tuple)) and names and all(isinstance(name, str) for name in names):
            return tuple(names)
    return ()


def translate(values: dict[str, Tensor], model: Model, rules: Rules) -> dict[str, Tensor]:
    """The values under our names; unknown ones keep theirs."""
    state = {name: value for name, value in values.items() if not name.endswith("num_batches_tracked")}
    wanted = {name: renamed(name, rules) or name for name in model.state_dict() if not name.endswith("num_batches_tracked")}
    found = {ours: state.pop(theirs) for ours, theirs in wanted.items() if theirs in state}
    for name, value in found.items():
        if value.ndim == 4 and isinstance(model.get_submodule(name.rpartition(".")[0]), nn.Linear):
            found[name] = value.flatten(1)  # a 1×1 convolution, or one as large as its input
    return found | state
