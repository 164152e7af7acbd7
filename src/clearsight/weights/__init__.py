"""Floor 3: other people's trained weights, loaded exactly. `load` is the one door; an origin is `STORE:FILE` or `STORE:NAME`."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .. import models
from ..base.errors import UsageError, unknown
from ..images.preprocess import Preprocessing
from ..models.base import Model
from . import adapt, fetch, keras, timm, torchvision
from .names import Mismatch, check, renamed

STORES = ("keras", "torchvision", "timm", "hf")


@dataclass(frozen=True)
class Pretrained:
    """What a classifier is made of; `architecture` is the network's name here, empty for one that only its library knows."""

    model: Model
    preprocessing: Preprocessing
    classes: tuple[str, ...]
    architecture: str


def load(
    origin: str, *, model: str = "", classes: Sequence[str] = (), resize_head: bool = False, channels: int | None = None, seed: int = 0
) -> Pretrained:
    """The network of `origin` (`keras:FILE.h5`, `torchvision:resnet50`, `timm:NAME`, …) with its weights, on the CPU.

    What is no file is looked up in the catalogue (`fetch`) and downloaded once.

    `model` names the network where the file does not tell; `classes` names the outputs; `resize_head` makes the head anew for
    them, from `seed`; `channels` adapts the first layer. Raises UsageError for what cannot be meant, Mismatch for weights of
    another network, CorruptFile for a file that is not of the store's kind.
    """
    store, colon, what = origin.partition(":")
    if not colon or store not in STORES:
        raise unknown("origin of weights", store, [f"{name}:" for name in STORES])
    if resize_head and len(classes) < 2:
        raise UsageError(f"a new head needs the names of at least 2 classes. Got {len(classes)}.")
    path = Path(what).expanduser()
    network: Model
    if store in ("timm", "hf") and not path.is_file():
        architecture = ""
        network, preprocessing, labels = timm.load(store, what)
    else:
        if not path.is_file():
            path, model = _fetched(store, what, model)
        network, architecture = _from_file(store, path, model, len(classes) if resize_head else None)
        preprocessing, labels = models.preprocessing(architecture), ()
    if resize_head:
        adapt.new_head(network, len(classes), seed)
    outputs = network.head.out_features
    if classes and len(classes) != outputs:
        raise UsageError(f"{origin} has {outputs} classes and {len(classes)} names came. Make the head anew for them with --resize-head.")
    if channels:
        adapt.new_channels(network, channels)
    reads = getattr(network.get_submodule(adapt.first_convolution(network)), "in_channels", preprocessing.channels)
    if reads != preprocessing.channels:
        preprocessing = adapt.new_preprocessing(preprocessing, reads)
    return Pretrained(network.eval(), preprocessing, tuple(classes) or labels or class_names(outputs), architecture)


def _fetched(store: str, what: str, model: str) -> tuple[Path, str]:
    """The published weights that the catalogue calls `what`, and the network they are for."""
    if Path(what).name != what or Path(what).suffix:
        raise UsageError(f"there is no file {what}: an origin is STORE:FILE, as {store}:weights.h5, or STORE:NAME, as {store}:vgg16.")
    row = fetch.find(f"{store}:{what}")
    name = model or (f"{row.name}.keras" if store == "keras" else row.name)
    models.family(name)  # before the download: a network that is not here has no use for it
    return fetch.fetch(f"{store}:{what}"), name


def is_origin(text: str) -> bool:
    """Whether `text` means an origin, and not a folder."""
    return text.partition(":")[0] in STORES and ":" in text


def class_names(count: int) -> tuple[str, ...]:
    """ImageNet's 1,000 in the order that all stores share; numbers for any other `count`."""
    if count != 1000:
        return tuple(str(i) for i in range(count))
    return tuple(files(__package__).joinpath("imagenet.txt").read_text(encoding="utf-8").splitlines())


def _from_file(store: str, path: Path, name: str, new_classes: int | None) -> tuple[Model, str]:
    """The network with the values of the file, which may lack a head where `new_classes` says how many it shall have."""
    values, said = (keras if store == "keras" else torchvision).read(path)
    name = name or _recognised(store, values, path, said)
    state = translated(store, values, name)
    head, first = f"{_blank(name).HEAD}.weight", f"{adapt.first_convolution(_blank(name))}.weight"
    classes = len(state[head]) if head in state else new_classes
    if not classes:
        raise Mismatch(f"{path} has no head: give the names of your classes, and --resize-head.")
    (channels, height, width), _ = models.published(name)
    if first in state:
        channels = state[first].shape[1]
    network = models.build(name, classes, channels=channels, height=height, width=width)
    wanted = {key: value for key, value in network.state_dict().items() if not key.endswith("num_batches_tracked")}
    if head not in state:
        state |= {key: value for key, value in wanted.items() if key.startswith(f"{network.HEAD}.")}
    check(wanted, state, str(path), f"The file was read as the weights of {name}: say model= if it is another network.")
    network.load_state_dict(state, strict=False)  # batch norm's counters are all that is not in `wanted`
    return network, name


def translated(store: str, values: Any, name: str) -> dict[str, Tensor]:
    """The values of a file under the names of the network `name`."""
    family = models.family(name)
    rules = getattr(family, "NAMES", {}).get(store, {})
    if store == "keras":
        return keras.translate(values, _blank(name), rules, getattr(family, "FLATTENED", {}))
    former = getattr(family, "FORMERLY", {})
    return torchvision.translate({renamed(key, former) or key: value for key, value in values.items()}, _blank(name), rules)


def _recognised(store: str, values: Any, path: Path, said: str) -> str:
    """The network whose names and shapes the file has, those tried first that are called most like it."""
    names = [name for name in models.names() if (name.partition(".")[2] == "keras") == (store == "keras")]
    hint = (said or path.stem).lower()
    for name in sorted(names, key=lambda name: -SequenceMatcher(None, name.partition(".")[0], hint).ratio()):
        if _shapes(translated(store, values, name), name) == _shapes(_blank(name).state_dict(), name):
            return name
    raise Mismatch(f"{path} has the weights of no network here. Say which it is with model= to see the differences.")


def _shapes(state: dict[str, Tensor], name: str) -> set[tuple[str, Any]]:
    """Names and shapes, but for what depends on the number of classes or of channels."""
    head, first = f"{_blank(name).HEAD}.", f"{adapt.first_convolution(_blank(name))}.weight"
    kept = (key for key in state if not key.startswith(head) and not key.endswith("num_batches_tracked"))
    return {(key, None if key == first else tuple(state[key].shape)) for key in kept}


@cache
def _blank(name: str) -> Model:
    """The network without values."""
    (channels, height, width), _ = models.published(name)
    with torch.device("meta"):
        return models.build(name, 1000, channels=channels, height=height, width=width)
