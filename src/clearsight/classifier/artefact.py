"""A classifier on disk: `config.json`, `model.safetensors` and a model card (the Hugging Face Hub's layout).

Golden samples, pictures stored with their probabilities, let any machine verify that it computes the same.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypedDict

import numpy as np
import safetensors.torch
import torch
from PIL import Image
from torch import nn

from .. import models, weights
from ..base.code import is_code, require_allowed
from ..base.compute.device import shapes_only
from ..base.errors import ClearsightError, CorruptFile, MissingExtra, UnreadableImage, UsageError, listed
from ..base.files import digest, inside, write_atomic, write_json
from ..base.randomness import generators_kept
from ..base.remote.address import is_address
from ..base.result import Result
from ..images.decode import decode
from ..images.preprocess import Preprocessing
from ..models import own
from ..models.base import Model
from . import ensemble, hub
from .addresses import put
from .classifier import Classifier
from .config import (
    CONFIG,
    FORMAT,
    MAX_CONFIG_BYTES,
    VERSION,
    Config,
    classes_of,
    config_digest,
    described,
    facts_of,
    field_of,
    read_config,
    require_own,
    temperature_of,
    views_of,
    weights_digest,
)
from .model_card import BEGIN, model_card
from .uncertainty import NOTHING, Reference, reference

WEIGHTS = "model.safetensors"
GOLDEN_FILE = re.compile(r"golden/[A-Za-z0-9_-]+\.png")
MAX_GOLDEN = 1000
QUICKLY = 3  # compression of their PNGs: the usual 6 takes more than twice as long, for files smaller by a twentieth
MAX_GOLDEN_BYTES = 2**28
# Kernels, thread counts and batch sizes reorder float32 sums; a probability moves by about 1e-6 through
# them and by 1e-2 and more through another resize, a channel swap or a missing normalisation.
TOLERANCE = 1e-3
BF16_TOLERANCE = 5e-2  # products in bfloat16 move a probability by about 1e-2


class GoldenSample(TypedDict):
    """A golden sample in `config.json`: its file, the digest of that, and a probability for each class."""

    file: str
    sha256: str
    probabilities: list[float]


@dataclass(frozen=True)
class Verification(Result):
    """The result of `verify`: the largest difference of any golden sample's probabilities, and whether it is within the tolerance.

    `speed`, `precision`, `device` and `engine` say how the probabilities were computed.
    """

    ok: bool
    n: int
    labels_equal: int
    max_difference: float
    tolerance: float = TOLERANCE
    speed: str = "plain"
    precision: str = "float32"
    device: str = "cpu"
    note: str = ""
    engine: str = "torch"


def save(classifier: Classifier, folder: str | Path, golden_samples: Sequence[np.ndarray] = ()) -> None:
    """Write the artefact, also to an address; `golden_samples` are pictures, uint8 `(H, W, C)`, stored with their probabilities.

    Raises UsageError for a network that is not in the registry, a faster copy, or files of another program in `folder`.
    """
    if is_address(folder):
        with TemporaryDirectory() as local:
            save(classifier, local, golden_samples)
            put(Path(local), str(folder))
        classifier.folder = str(folder)
        return
    folder = Path(folder)
    if not classifier.architecture:
        raise UsageError(
            "a classifier is saved with the name of its network, and this has a model of its own: pass architecture='@package.module:Net'."
        )
    if classifier.speed != "plain":
        raise UsageError(
            f"this classifier was made faster ({classifier.speed}) and no longer has its network's weights: save the one it came from."
        )
    inside(folder, "golden")
    _require_free(folder)
    state = _as_built(classifier).state_dict()
    weights = safetensors.torch.save({name: value.detach().cpu().contiguous() for name, value in state.items()})
    classifier.weights_digest = digest(weights)
    config = {
        "format": FORMAT,
        "format_version": VERSION,
        **described(classifier),
        "weights": {"file": WEIGHTS, "sha256": classifier.weights_digest},
        "golden": _save_golden_samples(classifier, folder, golden_samples),
        **_save_reference(classifier.reference, folder),
    }
    write_atomic(folder / WEIGHTS, weights)
    write_atomic(folder / "README.md", model_card(classifier))
    write_json(folder / CONFIG, config | {"sha256": config_digest(config)})  # last, since it contains the digests of the others
    classifier.folder = classifier.folder or str(folder)


def _save_reference(kept: Reference, folder: Path) -> dict[str, dict[str, str]]:
    """Write the vectors and scores, and say so in `config.json`; without any a file of an earlier classifier goes."""
    data, told = kept.saved()
    if not data:
        (folder / reference.FILE).unlink(missing_ok=True)
        return {}
    write_atomic(folder / reference.FILE, data)
    return {"reference": {"file": reference.FILE, "sha256": digest(data), **told}}


def _as_built(classifier: Classifier) -> nn.Module:
    """The model with the names of weights that `models.build` gives it: a bare module of the user's own is wrapped as there."""
    name, model = classifier.architecture, classifier.model
    own_code = is_code(name) or name in own.REGISTERED
    return own.OwnModel(model) if own_code and not isinstance(model, Model) else model


def _require_free(folder: Path) -> None:
    """Raise UsageError if an artefact would overwrite the user's own README.md or the files of another program."""
    card, config = folder / "README.md", folder / CONFIG
    if card.is_file() and not card.is_symlink() and not card.read_bytes()[: len(BEGIN)] == BEGIN.encode():
        raise UsageError(f"{card} is not a classifier's card, and would be overwritten: save to a folder of its own, or move that file.")
    if config.is_file() and FORMAT.encode() not in config.read_bytes():
        raise UsageError(f"{config} belongs to another program, and would be overwritten: save to a folder of its own.")
    ours = config.is_file() or card.is_file() or (folder / "recipe.toml").is_file()
    if (folder / WEIGHTS).is_file() and not ours:
        raise UsageError(f"{folder / WEIGHTS} belongs to no classifier here, and would be overwritten: save to a folder of its own.")


def _save_golden_samples(classifier: Classifier, folder: Path, pictures: Sequence[np.ndarray]) -> list[GoldenSample]:
    rows: list[GoldenSample] = []
    for i, picture in enumerate(pictures):
        file = f"golden/{i:02d}.png"
        png = packed(picture)
        write_atomic(folder / file, png)
        rows.append({"file": file, "sha256": digest(png), "probabilities": _probabilities(classifier, png)})
    return rows


def packed(picture: np.ndarray) -> bytes:
    """A picture, uint8 `(H, W, C)`, as a golden sample's PNG; the inverse is `stacked`."""
    height, width, bands = np.atleast_3d(picture).shape  # of other bands than 1 and 3 each pixel is a row of grey ones
    plane = picture if bands == 3 else np.ascontiguousarray(picture).reshape(height, width * bands)
    stream = BytesIO()
    Image.fromarray(plane).save(stream, format="PNG", compress_level=QUICKLY)
    return stream.getvalue()


def _probabilities(classifier: Classifier, png: bytes) -> list[float]:
    row: list[float] = classifier.of_picture(stacked(png, classifier.preprocessing)).tolist()
    return row


def stacked(png: bytes, preprocessing: Preprocessing) -> np.ndarray:
    """A golden sample as a picture, uint8 `(H, W, C)`."""
    n = preprocessing.channels
    if n in (1, 3):
        return decode(png, channels=n)
    plane = decode(png, channels=1)
    return plane.reshape(plane.shape[0], -1, n)


def load(folder: str | Path, *, device: str | torch.device = "cpu", allow_code: bool = False) -> Classifier:
    """The classifier in `folder`, at an address or `hf:OWNER/NAME`, its weights checked by their digest, or of an origin (`keras:FILE.h5`).

    `allow_code` lets it import a network of your own that it names (`@package.module:Net`). Raises UsageError when there is no
    classifier or such code is not allowed, CorruptFile when a file is not what was written, ClearsightError when it was written by a
    newer Clearsight.
    """
    folder = hub.local(folder)
    if isinstance(folder, str) and weights.is_origin(folder):
        found = weights.load(folder)
        facts = {"weights_from": folder, "weights_from_sha256": found.digest, **found.facts}
        classifier = Classifier(found.model, found.preprocessing, found.classes, architecture=found.architecture, facts=facts)
        classifier.weights_digest, classifier.folder = found.digest, folder
        return classifier.to(device)
    return load_digested(Path(folder), allow_code)[0].to(device)


def load_digested(folder: Path, allow_code: bool = False) -> tuple[Classifier, str]:
    """The classifier in `folder` and the SHA-256 of its weights; errors as of `load`."""
    config = read_config(folder)
    require_allowed(_code_in(config), folder / CONFIG, allow_code)
    classifier = _classifier(folder, config)
    classifier.weights_digest, classifier.folder = weights_digest(config), str(folder)
    return classifier, classifier.weights_digest


def _code_in(config: Config) -> list[str]:
    """The networks in the user's own code that the classifier is made of."""
    architecture = config.get("architecture")
    name = str(architecture.get("name")) if isinstance(architecture, dict) else ""
    try:
        return [word for word in ensemble.members(name) or [name] if is_code(word)]
    except ClearsightError:
        return []  # a name of too many members: building the network reports it


@generators_kept()  # networks of timm draw initial weights, which are replaced
def _classifier(folder: Path, config: Config) -> Classifier:
    path = folder / CONFIG
    try:
        classes = classes_of(config)
        preprocessing = Preprocessing.from_dict(field_of(config, "preprocessing", dict))
        architecture = field_of(config, "architecture", dict)
        size = {name: field_of(architecture, name, int) for name in ("channels", "height", "width")}
        if any(size[name] != getattr(preprocessing, name) for name in size):
            raise CorruptFile("its preprocessing makes pictures of another size than its network takes")
        name = field_of(architecture, "name", str)
        with shapes_only():  # no memory is allocated before the weights are known to fit
            model = ensemble.build(name, len(classes), **size)
        expected = weights_digest(config)
        classifier = Classifier(
            model,
            preprocessing,
            classes,
            temperature=temperature_of(config),
            architecture=name,
            views=views_of(config),
            facts=facts_of(config),
        )
    except MissingExtra:
        raise
    except ClearsightError as error:
        said = f"{path} is not a classifier's: {str(error).splitlines()[0]}"
        raise CorruptFile(f"{said}{_unregistered(config)}") from error
    model.load_state_dict(_weights(folder, expected, model.state_dict()), assign=True)
    if any(buffer.is_meta for buffer in model.buffers()):
        _compute_constants(model, ensemble.build(name, len(classes), **size, seed=0))
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    classifier.reference = _reference(folder, config, len(classes))
    return classifier


def _reference(folder: Path, config: Config, classes: int) -> Reference:
    """The vectors and scores that `save` wrote; nothing in artefacts written before there were any."""
    told, path = config.get("reference"), folder / reference.FILE
    if told is None:
        return NOTHING
    if not isinstance(told, dict) or not all(isinstance(word, str) for word in told.values()) or "sha256" not in told:
        raise CorruptFile(f"{folder / CONFIG} is not a classifier's: its 'reference' must be a table of texts.")
    data = _read(folder, path, told["sha256"], reference.MOST_BYTES)
    try:
        return reference.read(data, told, classes)
    except CorruptFile as error:
        raise CorruptFile(f"{path} is damaged: {error}.") from error


def _unregistered(config: Config) -> str:
    """Advice where the network's name may be one that the user has registered in another process; else ''."""
    architecture = config.get("architecture")
    name = architecture.get("name") if isinstance(architecture, dict) else None
    if not isinstance(name, str) or not own.can_register(name):
        return ""
    with suppress(ClearsightError):
        models.family(name)
        return ""
    name = f"{name:.60}"
    return f" If {name} is a network of your own, register it first: clearsight.models.register({name!r}, build)."


def _compute_constants(model: nn.Module, built: nn.Module) -> None:
    """Copy the buffers that are not stored, because they follow from the size, from a network that was `built`."""
    others = dict(built.named_modules())
    for name, module in model.named_modules():
        for key, buffer in module.named_buffers(recurse=False):
            if buffer.is_meta:
                module.register_buffer(key, others[name].get_buffer(key), persistent=False)


def _read(folder: Path, path: Path, expected: str, most: int, told: str = CONFIG) -> bytes:
    """The bytes of a file in `folder` whose SHA-256 must be `expected`, by the file `told`."""
    require_own(folder, path, most)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorruptFile(f"cannot read {path}: {error.strerror or error}.") from error
    if digest(data) != expected:
        raise CorruptFile(f"{path} is damaged: its SHA-256 is not the one in {told}. Take it from where it was made again.")
    return data


def _weights(folder: Path, expected: str, wanted: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    path = folder / WEIGHTS
    needed = sum(value.nbytes for value in wanted.values())
    data = _read(folder, path, expected, needed + MAX_CONFIG_BYTES)
    try:
        weights = safetensors.torch.load(data)
    except Exception as error:  # safetensors raises several kinds of errors for invalid headers
        raise CorruptFile(f"{path} is not a safetensors file: {type(error).__name__}.") from error
    if _entries(weights) != _entries(wanted):
        ours, theirs = (set(_entries(of).items()) for of in (wanted, weights))
        only = [
            listed(sorted(f"{name!r:.100} {entry:.100}" for name, entry in part), 4) or "none" for part in (ours - theirs, theirs - ours)
        ]
        raise CorruptFile(f"{path} does not fit the network of config.json. Only the network has: {only[0]}. Only the file has: {only[1]}.")
    return weights


def _entries(tensors: dict[str, torch.Tensor]) -> dict[str, str]:
    return {name: f"{value.dtype} {tuple(value.shape)}" for name, value in tensors.items()}


def verify(folder: str | Path, *, device: str | torch.device = "cpu", speed: str = "auto", allow_code: bool = False) -> Verification:
    """Classify the golden samples again, on this device with this speed, and compare with the stored probabilities.

    Raises CorruptFile when a golden sample was changed.
    """
    folder = hub.local(folder)
    if isinstance(folder, str) and weights.is_origin(folder):
        raise UsageError(
            f"{folder} are weights without golden samples, so there is nothing to compare with. Verify a classifier's folder, "
            f"or measure the accuracy of these weights: clearsight evaluate {folder} DATA"
        )
    folder = Path(folder)
    config = read_config(folder)
    require_allowed(_code_in(config), folder / CONFIG, allow_code)
    return verified(_classifier(folder, config).to(device).faster(speed), folder / CONFIG, config)


def verified(classifier: Classifier, told: Path, config: Config) -> Verification:
    """The golden samples next to the file `told`, classified, and compared with the probabilities in its `config`; raises CorruptFile."""
    differences, equal = [], 0
    for file, expected, probabilities in _golden_samples(told, config):
        data = _golden(told, file, expected)
        try:
            ours = np.array(_probabilities(classifier, data))
        except UnreadableImage as error:
            raise CorruptFile(f"{told.parent / file} is not a picture: {error.reason}.") from error
        differences.append(float(np.abs(ours - probabilities).max()))
        equal += int(ours.argmax() == probabilities.argmax())
    largest = float(np.max(differences, initial=0.0))  # NaN if any is
    tolerance = TOLERANCE if classifier.precision == "float32" else BF16_TOLERANCE
    ok = bool(differences) and equal == len(differences) and largest <= tolerance
    road = (classifier.speed, classifier.precision, str(classifier.device), classifier.note, classifier.engine)
    return Verification(ok, len(differences), equal, largest, tolerance, *road)


def golden_pngs(folder: Path) -> list[bytes]:
    """The golden samples of the classifier in `folder` as PNGs; raises CorruptFile when one was changed."""
    return [_golden(folder / CONFIG, file, expected) for file, expected, _ in _golden_samples(folder / CONFIG, read_config(folder))]


def _golden(told: Path, file: str, expected: str) -> bytes:
    """The golden sample that the file `told` calls `file`."""
    if not (path := told.parent / file).exists():
        raise CorruptFile(f"{path} is missing, a golden sample of {told}: copy the folder golden next to it, from where it was made.")
    return _read(told.parent, path, expected, MAX_GOLDEN_BYTES, told.name)


def _golden_samples(told: Path, config: Config) -> list[tuple[str, str, np.ndarray]]:
    """File, SHA-256 and probabilities of every golden sample in the `config` of the file `told`."""
    rows, classes = config.get("golden", []), len(classes_of(config))
    try:
        if not isinstance(rows, list) or len(rows) > MAX_GOLDEN:
            raise CorruptFile(f"its 'golden' must be a list of at most {MAX_GOLDEN} pictures.")
        found = []
        for row in rows:
            if not isinstance(row, dict) or not GOLDEN_FILE.fullmatch(field_of(row, "file", str)):
                raise CorruptFile("a golden sample's 'file' must be golden/NAME.png.")
            values = field_of(row, "probabilities", list)
            if len(values) != classes or not all(type(value) in (int, float) and 0 <= value <= 1.001 for value in values):
                raise CorruptFile(f"a golden sample needs {classes} probabilities, one per class.")
            found.append((row["file"], field_of(row, "sha256", str), np.array(values, dtype=float)))
    except CorruptFile as error:
        raise CorruptFile(f"{told} is not a classifier's: {error}") from error
    return found
