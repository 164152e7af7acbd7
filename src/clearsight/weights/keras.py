"""Weights saved by Keras: `.h5` of keras.applications and older programs, `.weights.h5` and `.keras` of Keras 3."""

import importlib
import json
import re
import zipfile
from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..base.errors import ClearsightError, CorruptFile, MissingExtra
from ..images.preprocess import MAX_SIDE
from ..models.base import Model
from .contents import Contents
from .names import Rules, in_order, renamed

Layers = dict[str, list[np.ndarray]]  # name of a layer → its arrays in Keras' order: kernel, bias · gamma, beta, mean, variance


def read(path: Path) -> Contents:
    """The layers of a file that have weights, and the model's name and input size where the file has its configuration."""
    try:
        h5py: Any = importlib.import_module("h5py")
    except ModuleNotFoundError:
        raise MissingExtra(f"{path} needs h5py to be read: pip install 'clearsight[keras]'.") from None
    try:
        if not zipfile.is_zipfile(path):
            with h5py.File(path) as file:
                config = _config(file.attrs.get("model_config", "{}"))
                return Contents(_layers(file, path, config), _name(config), _size(config))
        with zipfile.ZipFile(path) as archive, h5py.File(BytesIO(archive.read("model.weights.h5"))) as file:
            config = _config(archive.read("config.json"))
            return Contents(_layers(file, path, config), _name(config), _size(config))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise CorruptFile(f"{path} is not a file of Keras weights: {error}.") from error


def _config(text: bytes | str) -> dict[str, Any]:
    values = json.loads(text)
    return values if isinstance(values, dict) else {}


def _within(config: dict[str, Any]) -> dict[str, Any]:
    """The settings of a layer or model: its `config`."""
    settings = config.get("config")
    return settings if isinstance(settings, dict) else {}


def _name(config: dict[str, Any]) -> str:
    return str(_within(config).get("name", ""))


def _inner(config: dict[str, Any]) -> list[dict[str, Any]]:
    """The layers of a model, in order; empty for a layer."""
    layers = _within(config).get("layers")
    return [layer for layer in layers if isinstance(layer, dict)] if isinstance(layers, list) else []


def _size(config: dict[str, Any]) -> tuple[int, int] | None:
    """The input `(H, W)` in px that a model was built for; None if it takes any size."""
    for key in ("batch_shape", "batch_input_shape", "build_input_shape"):
        shape = _within(config).get(key)
        if isinstance(shape, list) and len(shape) == 4 and all(type(n) is int and 0 < n <= MAX_SIDE for n in shape[1:3]):
            return shape[1], shape[2]
    return next((size for layer in _inner(config) if (size := _size(layer))), None)


def _keys(config: dict[str, Any], within: str = "") -> dict[str, str]:
    """Where Keras 3 stores a model's layers, by class and number (`conv2d_1`, in a model in it `functional/conv2d_1`) → name."""
    names: dict[str, str] = {}
    seen: Counter[str] = Counter()
    for layer in _inner(config):
        kind = re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", str(layer.get("class_name", "")))).lower()
        key = f"{within}{kind}_{seen[kind]}" if seen[kind] else f"{within}{kind}"
        seen[kind] += 1
        names |= {key: _name(layer), **_keys(layer, f"{key}/")}
    return names


def _layers(file: Any, path: Path, config: dict[str, Any]) -> Layers:
    group = file.get("model_weights", file)
    layers = _old(group) if "layer_names" in group.attrs or "layer_names0" in group.attrs else _new(group, path, _keys(config))
    for name in list(layers):
        if len(arrays := layers[name]) > 1 and arrays[0].ndim == arrays[1].ndim == 4:  # a separable convolution is two layers here
            layers |= {f"{name}/depthwise": arrays[:1], f"{name}/pointwise": arrays[1:]}
            del layers[name]
    if not layers:
        raise CorruptFile(f"{path} holds no layers with weights.")
    return layers


def _old(group: Any) -> Layers:
    layers: Layers = {}
    for layer in _listed(group, "layer_names"):
        weights = _listed(group[layer], "weight_names")
        several = len({weight.rpartition("/")[0] for weight in weights}) > 1  # a network that is a layer of another
        for weight in weights:
            name = weight.rpartition("/")[0] if several else layer
            layers.setdefault(name.replace("/", "_"), []).append(np.asarray(group[layer][weight]))
    return layers


def _listed(group: Any, attribute: str) -> list[str]:
    """A list of names, which HDF5 may store in parts: `layer_names0`, `layer_names1`, …"""
    parts = [key for key in (attribute, *(f"{attribute}{i}" for i in range(len(group.attrs)))) if key in group.attrs]
    return [name.decode() if isinstance(name, bytes) else str(name) for key in parts for name in group.attrs[key]]


def _new(group: Any, path: Path, names: dict[str, str]) -> Layers:
    """Keras 3's layers; `names` has those of the configuration, for early versions, which did not store them with the weights."""
    layers: Layers = {}

    def visit(where: str, entry: Any) -> None:
        if where.rpartition("/")[2] != "vars" or not len(entry) or where.startswith("optimizer"):
            return
        place = "/".join(where.split("/")[1:-1:2])  # containers and keys alternate: layers/functional/layers/conv2d/vars
        name = entry.attrs.get("name", names.get(place))
        if name is None:
            raise ClearsightError(f"{path} was saved by an early Keras 3, without the names of layers: save the whole model, as .keras.")
        layers[str(name)] = [np.asarray(entry[str(i)]) for i in range(len(entry))]

    group.visititems(visit)
    return layers


def translate(layers: Layers, model: Model, rules: Rules, flattened: dict[str, tuple[int, int, int]]) -> dict[str, Tensor]:
    """The values under our names; layers without a rule keep theirs. `flattened` gives the `(C, H, W)` that a linear layer reads flat.

    The head may have any name: it changed over the years, and with every replacement.
    """
    state: dict[str, Tensor] = {}
    used: list[str] = []
    for name, module in model.named_modules():
        target = _layer((renamed(name, rules) if _own(module) else None) or "", layers, used)
        if name == model.HEAD and target is None:
            target = _only([layer for layer, arrays in layers.items() if layer not in used and arrays[0].ndim == 2])
        if target is None:
            continue
        used.append(target)
        for key, value in _converted(module, layers[target], flattened.get(name)).items():
            state[f"{name}.{key}"] = value
    for layer in layers.keys() - used:
        state |= {f"{layer} {i}": torch.from_numpy(array) for i, array in enumerate(layers[layer])}
    return state


def _layer(target: str, layers: Layers, used: list[str]) -> str | None:
    """The layer of that name, by the first existing one of several (`a|b`); with `*` the next of those that Keras numbers."""
    for name in target.split("|"):
        fitting = [layer for layer in in_order(layers, name) if layer not in used] if "*" in name else [name] if name in layers else []
        if fitting:
            return fitting[0]
    return None


def _only(layers: list[str]) -> str | None:
    return layers[0] if len(layers) == 1 else None


def _own(module: nn.Module) -> dict[str, Tensor]:
    """The names of the module's own values, in order, without batch norm's counter."""
    every = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
    return {name: value for name, value in every if name != "num_batches_tracked"}


def _converted(module: nn.Module, arrays: list[np.ndarray], flattened: tuple[int, int, int] | None) -> dict[str, Tensor]:
    first, *rest = arrays
    names = ["weight", "bias", "running_mean", "running_var"]
    if isinstance(module, nn.Conv2d):
        height, width, inputs, outputs = first.shape
        if module.groups > 1 and inputs == module.in_channels:  # depthwise: `outputs` for each input
            first = first.transpose(2, 3, 0, 1).reshape(inputs * outputs, 1, height, width)
        else:
            first = first.transpose(3, 2, 0, 1)
    elif isinstance(module, nn.Linear):
        outputs = first.shape[-1]
        if flattened:
            channels, height, width = flattened
            first = first.reshape(height, width, channels, outputs).transpose(2, 0, 1, 3)
        first = first.reshape(-1, outputs).T  # also of a 1×1 convolution
    elif isinstance(module, nn.BatchNorm2d):
        names = names[-len(arrays) :]  # without γ they are three
    else:
        own = _own(module)
        if [value.numel() for value in own.values()] == [array.size for array in arrays]:
            names, (first, *rest) = list(own), [array.reshape(value.shape) for array, value in zip(arrays, own.values(), strict=True)]
    return {name: torch.from_numpy(np.asarray(value, order="C")).float() for name, value in zip(names, [first, *rest], strict=False)}
