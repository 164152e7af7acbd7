"""Published weights of other libraries, loaded exactly: `load(origin)`, where an origin is `STORE:FILE` or `STORE:NAME`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from .. import models
from ..base.errors import CorruptFile, UsageError, listed, unknown
from ..base.files import digest, file_digest
from ..base.randomness import generators_kept
from ..images.preprocess import Preprocessing
from ..models.base import Model
from . import adapt, fetch, keras, timm, torchvision
from .fetch import at_hand as at_hand
from .licence import CHECKED, FACT, NOT_STATED, OWN_FILE
from .names import Mismatch, check, renamed

STORES = ("keras", "torchvision", "timm", "hf", "package")


@dataclass(frozen=True)
class Pretrained:
    """A loaded network, with everything that a classifier needs.

    `architecture` is its name for `build`, empty for networks of the Hub without one. `digest` is the SHA-256 of the file, or,
    where timm reads it, of the tensors as `model.safetensors` would hold them. `licence` is the publisher's wording, and `checked`
    describes the evidence that the file is the published one.
    """

    model: Model
    preprocessing: Preprocessing
    classes: tuple[str, ...]
    architecture: str
    digest: str
    licence: str = NOT_STATED
    checked: str = OWN_FILE

    @property
    def facts(self) -> dict[str, str]:
        """The facts on licence and verification that a classifier made from it stores."""
        return {FACT: self.licence, CHECKED: self.checked}


@generators_kept()  # layers draw initial values before those of the file are loaded
def load(
    origin: str, *, model: str = "", classes: Sequence[str] = (), resize_head: bool = False, channels: int | None = None, seed: int = 0
) -> Pretrained:
    """The network of `origin` (`keras:FILE.h5`, `torchvision:resnet50`, `timm:NAME`, …) with its weights, on the CPU.

    Names that are not files are searched in the catalogue (`fetch`) and downloaded once, or found in an installed package.

    `model` names the network if the file does not identify it; `classes` names the outputs; `resize_head` initialises a new head for
    them, from `seed`; `channels` adapts the first layer. Raises UsageError for invalid arguments, Mismatch for weights of
    another network, CorruptFile for a file of another format.
    """
    if resize_head and len(classes) < 2:
        raise UsageError(f"a new head needs the names of at least 2 classes. Got {len(classes)}.")
    found = read(origin, model=model, headless=len(classes) if resize_head else 0)
    network, outputs = found.model, found.model.head.out_features
    if resize_head:
        at = found.preprocessing
        every = heads(found.architecture, at.channels, at.height, at.width) if found.architecture else ()
        adapt.new_head(network, len(classes), seed, {name.rpartition(".")[0] for name in every})
    elif classes and len(classes) != outputs:
        raise UsageError(f"{origin} has {outputs} classes and {len(classes)} names came. Make a new head for them with --resize-head.")
    preprocessing = found.preprocessing
    if channels and channels != preprocessing.channels:
        adapt.new_channels(network, channels)
        preprocessing = adapt.new_preprocessing(preprocessing, channels)
    return replace(found, preprocessing=preprocessing, classes=tuple(classes) or found.classes)


@generators_kept()
def read(origin: str, *, model: str = "", headless: int = 0) -> Pretrained:
    """The network of `origin` as stored; a file without a head gets an untrained one for `headless` classes, if that is not 0."""
    store, _, what = origin.partition(":")
    if "://" in origin:
        raise UsageError(f"{origin} is an address: download the file (curl -LO), then give its name, as torchvision:FILE or keras:FILE.")
    if store not in STORES:
        raise unknown("origin of weights", store, [f"{name}:" for name in STORES])
    path = Path(what).expanduser()
    if store in ("timm", "hf") and not path.is_file():
        return _from_timm(store, what, model)
    row = None
    if store == "package" or not path.is_file():
        row, path, model = _fetched(store, what, model)
    store = "torchvision" if store == "package" else store  # whose kind of file it is
    network, name = _from_file(store, path, model, headless)
    preprocessing = models.preprocessing(name)
    reads = getattr(network.get_submodule(adapt.first_convolution(network)), "in_channels", preprocessing.channels)
    if reads != preprocessing.channels:
        preprocessing = adapt.new_preprocessing(preprocessing, reads)
    sha256 = file_digest(path)
    found = Pretrained(network.eval(), preprocessing, class_names(network.head.out_features), name, sha256)
    row = row or fetch.recognised(store, path, sha256)
    return replace(found, licence=row.licence, checked=row.check) if row else found


def _from_timm(store: str, what: str, model: str) -> Pretrained:
    network, preprocessing, labels, name, licence = timm.load(store, what)
    if model not in ("", name):
        raise UsageError(f"{store}:{what} is the network {name}, and --model is {model}: leave it out.")
    values = {key: value.contiguous() for key, value in network.state_dict().items()}
    classes = labels or class_names(network.head.out_features)
    sha256 = digest(safetensors.torch.save(values))
    return Pretrained(network.eval(), preprocessing, classes, name, sha256, licence, timm.checked(store, what))


def build(
    name: str,
    classes: int,
    *,
    channels: int = 3,
    height: int = 224,
    width: int = 224,
    dropout: float | None = None,
    seed: int | None = None,
) -> Model:
    """The network `name` of `models.build`, or any network of timm as `timm:NAME`."""
    store, _, what = name.partition(":")
    make = partial(timm.build, what) if store == "timm" else partial(models.build, name)
    return make(classes, channels=channels, height=height, width=width, dropout=dropout, seed=seed)


def heads(name: str, channels: int, height: int, width: int) -> set[str]:
    """The names of a network's values whose shape depends on the number of classes: the head's, and those of auxiliary heads."""
    with torch.device("meta"):
        two, three = (build(name, n, channels=channels, height=height, width=width).state_dict() for n in (2, 3))
    return {key for key, value in two.items() if value.shape != three[key].shape}


def _fetched(store: str, what: str, model: str) -> tuple[fetch.Weights, Path, str]:
    """The published weights called `what` in the catalogue: their row, file and network."""
    if what and Path(what).is_dir():
        raise UsageError(f"{what} is a folder, where {store}:FILE is one file of weights. A classifier's folder is given without {store}:.")
    if Path(what).name != what or Path(what).suffix:
        suffix = "h5" if store == "keras" else "pth"
        form = f"STORE:FILE, as {store}:weights.{suffix}, or STORE:NAME, as {store}:vgg16"
        raise UsageError(f"there is no file {what}: an origin is {'package:NAME' if store == 'package' else form}.")
    row = fetch.find(f"{store}:{what}")
    name = row.network
    models.family(name)  # before the download, so that an unknown network costs none
    if model not in ("", name):
        raise UsageError(f"{store}:{what} has the weights of {name}, and --model is {model}: leave it out.")
    return row, fetch.fetch(f"{store}:{what}"), name


def is_origin(text: str) -> bool:
    """Whether `text` is written as an origin, of a known or unknown store, and is not a folder."""
    store, colon, _ = text.partition(":")
    return bool(colon) and (store in STORES or (len(store) > 1 and store.isalpha() and not Path(text).exists()))


def class_names(count: int) -> tuple[str, ...]:
    """ImageNet's 1,000 class names, in the order of all stores; numbers for any other `count`."""
    if count != 1000:
        return tuple(str(i) for i in range(count))
    return tuple(files(__package__).joinpath("imagenet.txt").read_text(encoding="utf-8").splitlines())


def _from_file(store: str, path: Path, name: str, headless: int) -> tuple[Model, str]:
    """The network with the values of the file, and its name; without a head in the file, it gets one for `headless` classes."""
    values, said = (keras if store == "keras" else torchvision).read(path)
    named = name
    name, exact = (named, True) if named else _recognised(store, values, path, said)
    state = translated(store, values, name)
    head, first = f"{_blank(name).HEAD}.weight", f"{adapt.first_convolution(_blank(name))}.weight"
    classes = len(state[head]) if head in state else headless
    if not classes and exact:
        raise Mismatch(f"{path} has no head: train with --resize-head, which makes one for the classes of the data.")
    (channels, height, width), _ = models.published(name)
    if first in state:
        channels = state[first].shape[1]
    network = models.build(name, classes or 1000, channels=channels, height=height, width=width)
    wanted = {key: value for key, value in network.state_dict().items() if not key.endswith("num_batches_tracked")}
    if head not in state:
        state |= {key: value for key, value in wanted.items() if key.startswith(f"{network.HEAD}.")}
    read_as = "as given" if named else "which comes nearest: if it is another network, name it with --model, or model= in Python"
    check(wanted, state, str(path), f"The file was read as the weights of {name}, {read_as}.")
    if odd := [key for key, value in state.items() if not value.isfinite().all()]:
        raise CorruptFile(f"{path} has values that are no finite numbers: {listed(odd, 4)}. It is damaged, or its training diverged.")
    network.load_state_dict(state, strict=False)  # only batch norm's counters are not in `wanted`
    return network, name


def translated(store: str, values: Any, name: str) -> dict[str, Tensor]:
    """The values of a file under the names of the network `name`."""
    family = models.family(name)
    rules = getattr(family, "NAMES", {}).get(store, {})
    rules = rules(name) if callable(rules) else rules
    if store == "keras":
        return keras.translate(values, _blank(name), rules, getattr(family, "FLATTENED", {}))
    former = getattr(family, "FORMERLY", {})
    return torchvision.translate({renamed(key, former) or key: value for key, value in values.items()}, _blank(name), rules)


def _recognised(store: str, values: Any, path: Path, said: str) -> tuple[str, bool]:
    """The network with the names and shapes of the file, trying similar names first; or the nearest one, and False."""
    names = [name for name in models.names() if (name.partition(".")[2] == "keras") == (store == "keras")]
    hint = (said or path.stem).lower()
    distances: dict[str, int] = {}
    for name in sorted(names, key=lambda name: -SequenceMatcher(None, name.partition(".")[0], hint).ratio()):
        theirs, ours = _shapes(translated(store, values, name), name), _shapes(_blank(name).state_dict(), name)
        if theirs == ours:
            return name, True
        if theirs & ours:
            distances[name] = len(theirs ^ ours)
    if not distances:
        raise Mismatch(f"{path} has the weights of no network here: nothing in it fits any. It has {listed(values, 4)}.")
    return min(distances, key=lambda name: distances[name]), False


def _shapes(state: dict[str, Tensor], name: str) -> set[tuple[str, Any]]:
    """Names and shapes, except for those that depend on the number of classes or of channels."""
    head, first = f"{_blank(name).HEAD}.", f"{adapt.first_convolution(_blank(name))}.weight"
    kept = (key for key in state if not key.startswith(head) and not key.endswith("num_batches_tracked"))
    return {(key, None if key == first else tuple(state[key].shape)) for key in kept}


@cache
def _blank(name: str) -> Model:
    """The network without values."""
    (channels, height, width), _ = models.published(name)
    with torch.device("meta"):
        return models.build(name, 1000, channels=channels, height=height, width=width)
