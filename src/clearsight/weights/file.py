"""A file of weights: layout and network are found by the names and shapes in it, input size and class names where it has them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Any

from torch import Tensor

from .. import models
from ..base.compute.device import shapes_only
from ..base.errors import CorruptFile, UsageError, listed
from ..images.preprocess import Preprocessing
from ..models import facts
from ..models.base import Model
from . import adapt, keras, torchvision
from .contents import Contents
from .names import Mismatch, check, renamed

KERAS_SUFFIXES = (".h5", ".hdf5", ".keras")
SUFFIXES = (*KERAS_SUFFIXES, ".pth", ".pt", ".bin", ".safetensors")
OURS = ""  # the layout of names as in our own networks


def is_file(text: str) -> bool:
    """Whether `text` is the path of a file of weights, by its suffix."""
    path = Path(text).expanduser()
    return path.suffix.lower() in SUFFIXES and not path.is_dir()


def layouts(store: str, path: Path) -> tuple[str, ...]:
    """The layouts to try: that of `store`, or, without one, all that a file with this suffix may have."""
    if store:
        return ("torchvision",) if store == "package" else (store,)
    return ("keras",) if path.suffix.lower() in KERAS_SUFFIXES else ("torchvision", "timm", OURS)


@dataclass(frozen=True)
class Found:
    """The network `name` with the values of a file, in evaluation mode, and what the file's preprocessing and classes are known to be."""

    model: Model
    name: str
    preprocessing: Preprocessing
    classes: tuple[str, ...]


def read(store: str, path: Path, name: str, headless: int) -> Found:
    """The network with the values of the file; without a head in the file, it gets one for `headless` classes.

    Raises Mismatch for weights of another network, CorruptFile for values that are not numbers, UsageError for class names that are
    not as many as the outputs.
    """
    contents = keras.read(path) if "keras" in layouts(store, path) else torchvision.read(path)
    network, name = _network(layouts(store, path), contents, path, name, headless)
    preprocessing = models.preprocessing(name)
    channels = getattr(network.get_submodule(adapt.first_convolution(network)), "in_channels", preprocessing.channels)
    if channels != preprocessing.channels:
        preprocessing = adapt.new_preprocessing(preprocessing, channels)
    if contents.size and _same_layers(name, network, channels, contents.size):
        preprocessing = replace(preprocessing, height=contents.size[0], width=contents.size[1])
    return Found(network.eval(), name, preprocessing, _classes(path, contents, network.head.out_features))


def _classes(path: Path, contents: Contents, outputs: int) -> tuple[str, ...]:
    """The class names in `NAME.classes.txt` next to the file, one per line, or those in the file, or empty."""
    listing = path.with_name(f"{path.name.removesuffix(path.suffix)}.classes.txt")
    if not listing.is_file():
        return contents.classes if len(contents.classes) == outputs else ()
    names = tuple(line.strip() for line in listing.read_text(encoding="utf-8").splitlines() if line.strip())
    if len(names) != outputs or len(set(names)) != outputs:
        raise UsageError(f"{listing} must name {outputs} classes, each once, one per line. It has {len(names)} lines.")
    return names


def _same_layers(name: str, network: Model, channels: int, size: tuple[int, int]) -> bool:
    """Whether the network for inputs of `size` has the layers of `network`: some have a smaller stem for small inputs."""
    with shapes_only():
        try:
            other = models.build(name, network.head.out_features, channels=channels, height=size[0], width=size[1])
        except UsageError:  # too small
            return False
    return repr(other) == repr(network)


def _network(where: Sequence[str], contents: Contents, path: Path, named: str, headless: int) -> tuple[Model, str]:
    values = contents.values
    layout, name, exact = (_layout(where, values, named), named, True) if named else _recognised(where, contents, path)
    state = translated(layout, values, name)
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


def translated(layout: str, values: Any, name: str) -> dict[str, Tensor]:
    """The values of a file under the names of the network `name`."""
    family = models.family(name)
    rules = getattr(family, "NAMES", {}).get(layout, {})
    rules = rules(name) if callable(rules) else rules
    if layout == "keras":
        return keras.translate(values, _blank(name), rules, getattr(family, "FLATTENED", {}))
    former = getattr(family, "FORMERLY", {})
    return torchvision.translate({renamed(key, former) or key: value for key, value in values.items()}, _blank(name), rules)


def _layout(where: Sequence[str], values: Any, name: str) -> str:
    """The layout in which most values of the file belong to the network `name`."""
    ours = _shapes(_blank(name).state_dict(), name)
    return max(where, key=lambda layout: len(_shapes(translated(layout, values, name), name) & ours))


def _recognised(where: Sequence[str], contents: Contents, path: Path) -> tuple[str, str, bool]:
    """Layout and network with the names and shapes of the file, trying the likeliest first; or the nearest ones, and False."""
    distances: dict[tuple[str, str], int] = {}
    for layout, name in _candidates(where, contents, path):
        theirs, ours = _shapes(translated(layout, contents.values, name), name), _shapes(_blank(name).state_dict(), name)
        if theirs == ours:
            return layout, name, True
        if theirs & ours:
            distances[layout, name] = len(theirs ^ ours)
    if not distances:
        raise Mismatch(f"{path} has the weights of no network here: nothing in it fits any. It has {listed(contents.values, 4)}.")
    return *min(distances, key=lambda found: distances[found]), False


def _candidates(where: Sequence[str], contents: Contents, path: Path) -> Iterator[tuple[str, str]]:
    """Layouts and names of networks: those with the nearest number of values first, among equals those with a similar name."""
    total, hint = _total(contents.values, "keras" in where), (contents.name or path.stem).lower()

    def distance(name: str) -> tuple[int, float]:
        counted = facts.written().get(name, {"stored": 0})["stored"]
        return abs(counted - total), -SequenceMatcher(None, name.partition(".")[0], hint).ratio()

    for name in sorted(models.names(), key=distance):
        for layout in where:
            if (name.partition(".")[2] == "keras") == (layout == "keras"):
                yield layout, name


def _total(values: Mapping[str, Any], keras: bool) -> int:
    """The number of values in a file, with 1,000 outputs in its last matrix, as `clearsight models` counts them."""
    arrays = [array for value in values.values() for array in (value if isinstance(value, list) else [value]) if array.ndim]
    total: int = sum(math.prod(array.shape) for array in arrays)
    matrices = [tuple(array.shape) for array in arrays if array.ndim == 2]
    if not matrices:
        return total
    inputs, outputs = (int(n) for n in (matrices[-1] if keras else matrices[-1][::-1]))
    return total + (inputs + 1) * (1000 - outputs)


def _shapes(state: dict[str, Tensor], name: str) -> set[tuple[str, Any]]:
    """Names and shapes, except for those that depend on the number of classes or of channels."""
    head, first = f"{_blank(name).HEAD}.", f"{adapt.first_convolution(_blank(name))}.weight"
    kept = (key for key in state if not key.startswith(head) and not key.endswith("num_batches_tracked"))
    return {(key, None if key == first else tuple(state[key].shape)) for key in kept}


@cache
def _blank(name: str) -> Model:
    """The network without values."""
    (channels, height, width), _ = models.published(name)
    with shapes_only():
        return models.build(name, 1000, channels=channels, height=height, width=width)
