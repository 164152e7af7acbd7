"""Published weights of other libraries, loaded exactly: `load(origin)`, where an origin is `STORE:FILE`, `STORE:NAME` or a file."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.resources import files
from pathlib import Path

import safetensors.torch

from .. import models
from ..base.compute.device import shapes_only
from ..base.errors import UsageError, unknown
from ..base.files import digest, file_digest
from ..base.randomness import generators_kept
from ..images.preprocess import Preprocessing
from ..models.base import Model
from . import adapt, fetch, file, timm
from .fetch import at_hand as at_hand
from .licence import CHECKED, FACT, NOT_STATED, OWN_FILE
from .names import Mismatch as Mismatch

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
    """The network of `origin` (`torchvision:resnet50`, `timm:NAME`, `FILE.pth`, `keras:FILE.h5`, …) with its weights, on the CPU.

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
    if "://" in origin:
        raise UsageError(f"{origin} is an address: download the file (curl -LO), then give its name.")
    store, what = _parts(origin)
    path = Path(what).expanduser()
    if store in ("timm", "hf") and not path.is_file():
        return _from_timm(store, what, model)
    row = None
    if store == "package" or not path.is_file():
        row, path, model = _fetched(store, what, model)
    opened = file.read(store, path, model, headless)
    sha256 = file_digest(path)
    classes = opened.classes or class_names(opened.model.head.out_features)
    found = Pretrained(opened.model, opened.preprocessing, classes, opened.name, sha256)
    row = row or fetch.recognised(path, sha256)
    return replace(found, licence=row.licence, checked=row.check) if row else found


def _parts(origin: str) -> tuple[str, str]:
    """Store and name or file of an origin; a file of weights needs no store."""
    store, _, what = origin.partition(":")
    if store in STORES:
        return store, what
    if file.is_file(origin) and Path(origin).expanduser().is_file():
        return "", origin
    if what or not file.is_file(origin):
        raise unknown("origin of weights", store, [f"{name}:" for name in STORES])
    raise UsageError(f"there is no file {origin}.")


def short(origin: str) -> str:
    """A name for folders and tables: `torchvision-resnet50`, or a file's own."""
    store, _, what = origin.partition(":")
    return f"{store}-{Path(what).name}" if store in STORES else Path(origin).stem


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
    with shapes_only():
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
    """Whether `text` is written as an origin, of a known or unknown store, or as a file of weights, and is not a folder."""
    store, colon, _ = text.partition(":")
    if file.is_file(text):
        return True
    return bool(colon) and (store in STORES or (len(store) > 1 and store.isalpha() and not Path(text).exists()))


def class_names(count: int) -> tuple[str, ...]:
    """ImageNet's 1,000 class names, in the order of all stores; numbers for any other `count`."""
    if count != 1000:
        return tuple(str(i) for i in range(count))
    return tuple(files(__package__).joinpath("imagenet.txt").read_text(encoding="utf-8").splitlines())
