"""`config.json`: the description of a classifier, read with a check of every field."""

import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ..base.compute.device import hardware
from ..base.errors import ClearsightError, CorruptFile, UsageError
from ..base.files import digest, read_json
from ..weights.fetch import of_network

if TYPE_CHECKING:
    from .classifier import Classifier

FORMAT = "clearsight-classifier"
VERSION = 1
CONFIG = "config.json"
MAX_CONFIG_BYTES = 2**25
EXPORTED = "give the run folder that it was exported from"
EXPORTED_SUFFIXES = (".onnx", ".pt2")
COUNTED = ("epochs", "training_pictures", "seconds")

Config: TypeAlias = Mapping[str, object]  # a `config.json`, in which nothing is certain before `field_of` has checked it


def described(classifier: "Classifier") -> dict[str, Any]:
    """What a `config.json` and an exported file say of a classifier, without its weights and golden samples."""
    preprocessing = classifier.preprocessing
    size = {"channels": preprocessing.channels, "height": preprocessing.height, "width": preprocessing.width}
    return {
        "architecture": {"name": classifier.architecture, **size},
        "classes": list(classifier.classes),
        "preprocessing": preprocessing.to_dict(),
        "temperature": classifier.temperature,
        "views": classifier.views,
        "facts": classifier.facts,
        "made_with": hardware(),
    }


def config_digest(config: Config) -> str:
    """SHA-256 of the content of a `config.json` without its own `sha256`; formatting does not matter."""
    return digest(json.dumps({name: value for name, value in config.items() if name != "sha256"}, sort_keys=True).encode())


def field_of(table: Config, name: str, kind: Any, default: Any = None) -> Any:
    """The value of `name`, of a `kind` such as `str` or `int | float`; raises CorruptFile for another, or without one."""
    value = table.get(name, default)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise CorruptFile(f"its {name!r} is missing or of the wrong kind.")
    return value


def weights_digest(config: Config) -> str:
    """SHA-256 of the weights; raises CorruptFile."""
    found: str = field_of(field_of(config, "weights", dict), "sha256", str)
    return found


def classes_of(config: Config) -> list[str]:
    """The class names; raises CorruptFile."""
    classes: list[str] = field_of(config, "classes", list)
    if not all(isinstance(label, str) for label in classes) or len(set(classes)) < len(classes):
        raise CorruptFile("its 'classes' must be texts, each of them once.")
    return classes


def facts_of(config: Config) -> dict[str, Any]:
    """The metadata of its training; any field is allowed, but those that are read again must have the right type."""
    facts: dict[str, Any] = field_of(config, "facts", dict, {})
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


def views_of(config: Config) -> str:
    """The views that are averaged; raises CorruptFile."""
    mirror = config.get("mirror", False)  # in artefacts written before other views existed
    if not isinstance(mirror, bool):
        raise CorruptFile("its 'mirror' must be true or false.")
    views: str = field_of(config, "views", str, "mirror" if mirror else "")
    return views


def temperature_of(config: Config) -> float:
    """The temperature; raises CorruptFile."""
    value = field_of(config, "temperature", int | float)
    if not 1e-6 <= value <= 1e6:
        raise CorruptFile("its 'temperature' must be a number from 0.000001 to 1000000.")
    return float(value)


def is_exported(model: object) -> bool:
    """Whether `model` is the path of an exported file, by its suffix."""
    return isinstance(model, str | Path) and Path(model).suffix.lower() in EXPORTED_SUFFIXES and not Path(model).is_dir()


def read_config(folder: Path) -> Config:
    """The `config.json` of the classifier in `folder`, as it was written; raises UsageError without one, CorruptFile, ClearsightError."""
    path = folder / CONFIG
    if not folder.is_dir():
        if is_exported(folder):
            raise UsageError(f"{folder} is an exported file: it answers, and has no network to train or to look into; {EXPORTED}.")
        if rows := of_network(str(folder)):
            raise UsageError(f"no classifier at {folder}: it is a network, and its trained weights are {rows[0].tagged}.")
        raise UsageError(
            f"no classifier at {folder}: give the run folder that `clearsight train` made (it holds config.json), "
            "or trained weights as torchvision:NAME, package:NAME, timm:NAME, hf:REPO, FILE.pth, FILE.h5."
        )
    if not path.is_file():
        if files := sorted(folder.glob("*.onnx")):
            raise UsageError(f"{folder} has exported files and no run: name one of them, as {files[0]}.")
        unfinished = (folder / "recipe.toml").is_file()
        advice = (
            f"its training is not finished: clearsight train --resume {folder}" if unfinished else "train one with: clearsight train DATA"
        )
        raise UsageError(f"no classifier in {folder} (config.json is missing); {advice}")
    require_own(folder, path, MAX_CONFIG_BYTES)
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


def require_own(folder: Path, path: Path, most: int) -> None:
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
