"""A classifier on disk: `config.json`, `model.safetensors` and a model card (the Hugging Face Hub's layout).

Golden samples, pictures stored with their probabilities, let any machine verify that it computes the same.
"""

import json
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from PIL import Image
from torch import nn

from .. import weights
from ..base.code import is_code, require_allowed
from ..base.compute.device import hardware
from ..base.errors import ClearsightError, CorruptFile, MissingExtra, UnreadableImage, UsageError, listed
from ..base.files import digest, inside, read_json, write_atomic, write_json
from ..base.randomness import generators_kept
from ..base.result import Result
from ..images.preprocess import Preprocessing
from . import ensemble
from .classifier import Classifier
from .model_card import BEGIN, model_card

FORMAT = "clearsight-classifier"
VERSION = 1
CONFIG = "config.json"
WEIGHTS = "model.safetensors"
GOLDEN_FILE = re.compile(r"golden/[A-Za-z0-9_-]+\.png")
MAX_GOLDEN = 1000
MAX_GOLDEN_BYTES = 2**28
MAX_CONFIG_BYTES = 2**25
COUNTED = ("epochs", "training_pictures", "seconds")
# Kernels, thread counts and batch sizes reorder float32 sums; a probability moves by about 1e-6 through
# them and by 1e-2 and more through another resize, a channel swap or a missing normalisation.
TOLERANCE = 1e-3
BF16_TOLERANCE = 5e-2  # products in bfloat16 move a probability by about 1e-2


@dataclass(frozen=True)
class Verification(Result):
    """The result of `verify`: the largest difference of any golden sample's probabilities, and whether it is within the tolerance.

    `speed`, `precision` and `device` say how the probabilities were computed.
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


def save(classifier: Classifier, folder: str | Path, golden_samples: Sequence[np.ndarray] = ()) -> None:
    """Write the artefact; `golden_samples` are pictures, uint8 `(H, W, C)`, stored with their probabilities.

    Raises UsageError for a network that is not in the registry, a faster copy, or files of another program in `folder`.
    """
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
    weights = safetensors.torch.save({name: value.detach().cpu().contiguous() for name, value in classifier.model.state_dict().items()})
    classifier.weights_digest = digest(weights)
    preprocessing = classifier.preprocessing
    config = {
        "format": FORMAT,
        "format_version": VERSION,
        "architecture": {
            "name": classifier.architecture,
            "channels": preprocessing.channels,
            "height": preprocessing.height,
            "width": preprocessing.width,
        },
        "classes": list(classifier.classes),
        "preprocessing": preprocessing.to_dict(),
        "temperature": classifier.temperature,
        "views": classifier.views,
        "weights": {"file": WEIGHTS, "sha256": classifier.weights_digest},
        "golden": _save_golden_samples(classifier, folder, golden_samples),
        "facts": classifier.facts,
        "made_with": hardware(),
    }
    write_atomic(folder / WEIGHTS, weights)
    write_atomic(folder / "README.md", model_card(classifier))
    write_json(folder / CONFIG, config | {"sha256": config_digest(config)})  # last, since it contains the digests of the others
    classifier.folder = classifier.folder or str(folder)


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


def config_digest(config: dict[str, Any]) -> str:
    """SHA-256 of the content of a `config.json` without its own `sha256`; formatting does not matter."""
    return digest(json.dumps({name: value for name, value in config.items() if name != "sha256"}, sort_keys=True).encode())


def _save_golden_samples(classifier: Classifier, folder: Path, pictures: Sequence[np.ndarray]) -> list[dict[str, Any]]:
    rows = []
    for i, picture in enumerate(pictures):
        file = f"golden/{i:02d}.png"
        stream = BytesIO()
        Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(stream, format="PNG")
        write_atomic(folder / file, stream.getvalue())
        rows.append({"file": file, "sha256": digest(stream.getvalue()), "probabilities": _probabilities(classifier, stream.getvalue())})
    return rows


def _probabilities(classifier: Classifier, png: bytes) -> list[float]:
    row: list[float] = classifier.probabilities(classifier.preprocessing.load(png)[None])[0].tolist()
    return row


def load(folder: str | Path, *, device: str | torch.device = "cpu", allow_code: bool = False) -> Classifier:
    """The classifier in `folder`, its weights checked against their digest, or from an origin such as `keras:FILE.h5`.

    `allow_code` lets it import a network of your own that it names (`@package.module:Net`). Raises UsageError when there is no
    classifier or such code is not allowed, CorruptFile when a file is not what was written, ClearsightError when it was written by a
    newer Clearsight.
    """
    if isinstance(folder, str) and weights.is_origin(folder):
        found = weights.load(folder)
        facts = {"weights_from": folder, "weights_from_sha256": found.digest, **found.facts}
        classifier = Classifier(found.model, found.preprocessing, found.classes, architecture=found.architecture, facts=facts)
        classifier.weights_digest, classifier.folder = found.digest, folder
        return classifier.to(device)
    return load_digested(Path(folder), allow_code)[0].to(device)


def load_digested(folder: Path, allow_code: bool = False) -> tuple[Classifier, str]:
    """The classifier in `folder` and the SHA-256 of its weights; errors as of `load`."""
    config = _config(folder)
    require_allowed(_code_in(config), folder / CONFIG, allow_code)
    classifier = _classifier(folder, config)
    classifier.weights_digest, classifier.folder = str(config["weights"]["sha256"]), str(folder)
    return classifier, classifier.weights_digest


def _code_in(config: dict[str, Any]) -> list[str]:
    """The networks in the user's own code that the classifier is made of."""
    architecture = config.get("architecture")
    name = str(architecture.get("name")) if isinstance(architecture, dict) else ""
    try:
        return [word for word in ensemble.members(name) or [name] if is_code(word)]
    except ClearsightError:
        return []  # a name of too many members: building the network reports it


@generators_kept()  # networks of timm draw initial weights, which are replaced
def _classifier(folder: Path, config: dict[str, Any]) -> Classifier:
    path = folder / CONFIG
    try:
        classes = _classes(config)
        preprocessing = Preprocessing.from_dict(_field(config, "preprocessing", dict))
        architecture = _field(config, "architecture", dict)
        size = {name: _field(architecture, name, int) for name in ("channels", "height", "width")}
        if any(size[name] != getattr(preprocessing, name) for name in size):
            raise CorruptFile("its preprocessing makes pictures of another size than its network takes")
        name = _field(architecture, "name", str)
        with torch.device("meta"):  # no memory is allocated before the weights are known to fit
            model = ensemble.build(name, len(classes), **size)
        expected = _field(_field(config, "weights", dict), "sha256", str)
        classifier = Classifier(
            model,
            preprocessing,
            classes,
            temperature=_temperature(config),
            architecture=name,
            views=_views(config),
            facts=_facts(config),
        )
    except MissingExtra:
        raise
    except ClearsightError as error:
        raise CorruptFile(f"{path} is not a classifier's: {str(error).splitlines()[0]}") from error
    model.load_state_dict(_weights(folder, expected, model.state_dict()), assign=True)
    if any(buffer.is_meta for buffer in model.buffers()):
        _compute_constants(model, ensemble.build(name, len(classes), **size, seed=0))
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return classifier


def _compute_constants(model: nn.Module, built: nn.Module) -> None:
    """Copy the buffers that are not stored, because they follow from the size, from a network that was `built`."""
    others = dict(built.named_modules())
    for name, module in model.named_modules():
        for key, buffer in module.named_buffers(recurse=False):
            if buffer.is_meta:
                module.register_buffer(key, others[name].get_buffer(key), persistent=False)


def _field(table: dict[str, Any], name: str, kind: Any, default: Any = None) -> Any:
    value = table.get(name, default)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise CorruptFile(f"its {name!r} is missing or of the wrong kind.")
    return value


def _classes(config: dict[str, Any]) -> list[str]:
    classes: list[str] = _field(config, "classes", list)
    if not all(isinstance(label, str) for label in classes) or len(set(classes)) < len(classes):
        raise CorruptFile("its 'classes' must be texts, each of them once.")
    return classes


def _facts(config: dict[str, Any]) -> dict[str, Any]:
    """The metadata of its training; any field is allowed, but those that are read again must have the right type."""
    facts: dict[str, Any] = _field(config, "facts", dict, {})
    validation = facts.get("validation") or {}
    top1 = (validation.get("top1") if isinstance(validation, dict) else None) or {}
    numbers = [facts.get(name) or 0 for name in COUNTED]
    if top1:
        # an accuracy has an interval, or the reason why not
        limits = ("low", "high") if not isinstance(top1, dict) or type(top1.get("reason")) is not str else ()
        numbers += [top1.get(name) if isinstance(top1, dict) else None for name in ("value", *limits)] + [validation.get("n")]
    if not isinstance(validation, dict) or any(type(number) not in (int, float) for number in numbers):
        raise CorruptFile(f"its 'facts' must have numbers in {', '.join(COUNTED)} and 'validation'.")
    return facts


def _views(config: dict[str, Any]) -> str:
    mirror = config.get("mirror", False)  # in artefacts written before other views existed
    if not isinstance(mirror, bool):
        raise CorruptFile("its 'mirror' must be true or false.")
    views: str = _field(config, "views", str, "mirror" if mirror else "")
    return views


def _temperature(config: dict[str, Any]) -> float:
    value = _field(config, "temperature", int | float)
    if not 1e-6 <= value <= 1e6:
        raise CorruptFile("its 'temperature' must be a number from 0.000001 to 1000000.")
    return float(value)


def _config(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG
    if not folder.is_dir():
        raise UsageError(
            f"no classifier at {folder}: give the run folder that `clearsight train` made (it holds config.json), "
            "or trained weights as torchvision:NAME, torchvision:FILE, keras:FILE, timm:NAME, hf:REPO."
        )
    if not path.is_file():
        unfinished = (folder / "recipe.toml").is_file()
        advice = (
            f"its training is not finished: clearsight train --resume {folder}" if unfinished else "train one with: clearsight train DATA"
        )
        raise UsageError(f"no classifier in {folder} (config.json is missing); {advice}")
    _require_own(folder, path, MAX_CONFIG_BYTES)
    config = read_json(path)
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise CorruptFile(f"{path} does not describe a Clearsight classifier (its `format` is not {FORMAT!r}).")
    version = config.get("format_version")
    if type(version) is not int or version < 1:
        raise CorruptFile(f"{path} has a `format_version` that is no whole number from 1 on.")
    if version > VERSION:
        raise ClearsightError(f"{path} has format version {version!s:.20}; this Clearsight reads up to {VERSION}. Update Clearsight.")
    if config.get("sha256") != config_digest(config):
        raise CorruptFile(f"{path} is damaged or was edited: what it says does not have the SHA-256 that it gives.")
    return config


def _require_own(folder: Path, path: Path, most: int) -> None:
    """Raise CorruptFile unless `path` is a regular file of at most `most` bytes within `folder`: no link out of it, pipe or device."""
    try:
        real = path.resolve(strict=True)
        facts = real.stat()
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        raise CorruptFile(f"cannot read {path}: {getattr(error, 'strerror', None) or error}.") from error
    if not real.is_relative_to(folder.resolve()):
        raise CorruptFile(f"{path} is a link that leads out of its folder; put the file itself there.")
    if not stat.S_ISREG(facts.st_mode):
        raise CorruptFile(f"{path} is not a regular file.")
    if facts.st_size > most:
        raise CorruptFile(f"{path} has {facts.st_size:,} bytes, where there can be {most:,} at most.")


def _read(folder: Path, path: Path, expected: str, most: int) -> bytes:
    """The bytes of a file in `folder` whose SHA-256 must be `expected`."""
    _require_own(folder, path, most)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorruptFile(f"cannot read {path}: {error.strerror or error}.") from error
    if digest(data) != expected:
        raise CorruptFile(f"{path} is damaged: its SHA-256 is not the one in config.json. Take it from where it was made again.")
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
    if isinstance(folder, str) and weights.is_origin(folder):
        raise UsageError(
            f"{folder} are weights without golden samples, so there is nothing to compare with. Verify a classifier's folder, "
            f"or measure the accuracy of these weights: clearsight evaluate {folder} DATA"
        )
    folder = Path(folder)
    config = _config(folder)
    require_allowed(_code_in(config), folder / CONFIG, allow_code)
    classifier = _classifier(folder, config).to(device).faster(speed)
    differences, equal = [], 0
    for file, expected, probabilities in _golden_samples(folder, config):
        data = _read(folder, folder / file, expected, MAX_GOLDEN_BYTES)
        try:
            ours = np.array(_probabilities(classifier, data))
        except UnreadableImage as error:
            raise CorruptFile(f"{folder / file} is not a picture: {error.reason}.") from error
        differences.append(float(np.abs(ours - probabilities).max()))
        equal += int(ours.argmax() == probabilities.argmax())
    largest = float(np.max(differences, initial=0.0))  # NaN if any is
    tolerance = TOLERANCE if classifier.precision == "float32" else BF16_TOLERANCE
    ok = bool(differences) and equal == len(differences) and largest <= tolerance
    road = (classifier.speed, classifier.precision, str(classifier.device), classifier.note)
    return Verification(ok, len(differences), equal, largest, tolerance, *road)


def _golden_samples(folder: Path, config: dict[str, Any]) -> list[tuple[str, str, np.ndarray]]:
    """File, SHA-256 and probabilities of every golden sample."""
    rows, classes = config.get("golden", []), len(config["classes"])
    try:
        if not isinstance(rows, list) or len(rows) > MAX_GOLDEN:
            raise CorruptFile(f"its 'golden' must be a list of at most {MAX_GOLDEN} pictures.")
        found = []
        for row in rows:
            if not isinstance(row, dict) or not GOLDEN_FILE.fullmatch(_field(row, "file", str)):
                raise CorruptFile("a golden sample's 'file' must be golden/NAME.png.")
            values = _field(row, "probabilities", list)
            if len(values) != classes or not all(type(value) in (int, float) and 0 <= value <= 1.001 for value in values):
                raise CorruptFile(f"a golden sample needs {classes} probabilities, one per class.")
            found.append((row["file"], _field(row, "sha256", str), np.array(values, dtype=float)))
    except CorruptFile as error:
        raise CorruptFile(f"{folder / CONFIG} is not a classifier's: {error}") from error
    return found
