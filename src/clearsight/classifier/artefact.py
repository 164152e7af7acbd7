"""A classifier on disk: `config.json` + `model.safetensors` + a model card (the Hugging Face Hub's layout),
and golden pictures with their probabilities, so that any machine can prove that it computes the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from PIL import Image
from safetensors import SafetensorError

from .. import models
from ..base.device import hardware
from ..base.errors import ClearsightError, CorruptFile, UsageError
from ..base.files import digest, read_json, write_atomic, write_json
from ..images.preprocess import Preprocessing
from .card import model_card
from .classifier import Classifier

FORMAT = "clearsight-classifier"
VERSION = 1
WEIGHTS = "model.safetensors"
MAX_CONFIG_BYTES = 32 * 2**20
# Kernels, thread counts and batch sizes reorder float32 sums; a probability moves by about 1e-6 through
# them and by 1e-2 and more through another resize, a channel swap or a missing normalisation.
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Verification:
    """What `verify` found: the largest difference of any golden probability, and whether all is well."""

    ok: bool
    n: int
    labels_equal: int
    max_difference: float
    tolerance: float = TOLERANCE


def save(classifier: Classifier, folder: str | Path, golden: Sequence[np.ndarray] = ()) -> None:
    """Write the artefact; `golden` are pictures, uint8 `(H, W, C)`, whose probabilities are kept with it."""
    folder = Path(folder)
    if not classifier.architecture:
        raise UsageError("only a classifier whose network is in `clearsight models` can be saved; this one has a model of its own.")
    weights = safetensors.torch.save({name: value.detach().cpu().contiguous() for name, value in classifier.model.state_dict().items()})
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
        "mirror": classifier.mirror,
        "weights": {"file": WEIGHTS, "sha256": digest(weights)},
        "golden": _save_golden(classifier, folder, golden),
        "facts": classifier.facts,
        "made_with": hardware(),
    }
    write_atomic(folder / WEIGHTS, weights)
    write_atomic(folder / "README.md", model_card(classifier))
    write_json(folder / "config.json", config)  # last: it holds the digests of the others


def _save_golden(classifier: Classifier, folder: Path, pictures: Sequence[np.ndarray]) -> list[dict[str, Any]]:
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


def load(folder: str | Path, *, device: str | torch.device = "cpu") -> Classifier:
    """The classifier in `folder`, its weights checked against their digest.

    Raises UsageError when there is none, CorruptFile when a file is not what was written, ClearsightError
    when it was written by a newer Clearsight.
    """
    folder = Path(folder)
    config = _config(folder)
    try:
        architecture = config["architecture"]
        classes = [str(label) for label in config["classes"]]
        model = models.build(
            architecture["name"],
            len(classes),
            channels=int(architecture["channels"]),
            height=int(architecture["height"]),
            width=int(architecture["width"]),
        )
        preprocessing = Preprocessing.from_dict(config["preprocessing"])
        temperature, expected = float(config["temperature"]), config["weights"]["sha256"]
        mirror = bool(config.get("mirror", False))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CorruptFile(f"{folder / 'config.json'} is not a classifier's: {type(error).__name__} at {error}.") from error
    model.load_state_dict(_weights(folder / WEIGHTS, expected, model.state_dict()))
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    facts = config.get("facts")
    return Classifier(
        model,
        preprocessing,
        classes,
        temperature=temperature,
        architecture=architecture["name"],
        mirror=mirror,
        facts=facts if isinstance(facts, dict) else {},
    ).to(device)


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    if not folder.is_dir():
        raise UsageError(f"no classifier at {folder}: give the run folder that `clearsight train` made (it holds config.json).")
    if not path.is_file():
        unfinished = (folder / "recipe.toml").is_file()
        advice = (
            f"its training is not finished: clearsight train --resume {folder}" if unfinished else "train one with: clearsight train DATA"
        )
        raise UsageError(f"no classifier in {folder} (config.json is missing); {advice}")
    if path.stat().st_size > MAX_CONFIG_BYTES:
        raise CorruptFile(f"{path} has {path.stat().st_size:,} bytes; a classifier's has at most {MAX_CONFIG_BYTES:,}.")
    config = read_json(path)
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise CorruptFile(f"{path} does not describe a Clearsight classifier (its `format` is not {FORMAT!r}).")
    if not isinstance(config.get("format_version"), int) or config["format_version"] > VERSION:
        raise ClearsightError(
            f"{path} has format version {config.get('format_version')!r}; this Clearsight reads up to {VERSION}. Update Clearsight."
        )
    return config


def _weights(path: Path, expected: str, wanted: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorruptFile(f"cannot read the weights {path}: {error.strerror or error}.") from error
    if digest(data) != expected:
        raise CorruptFile(f"{path} is damaged: its SHA-256 is not the one in config.json. Take it from where it was made again.")
    try:
        weights = safetensors.torch.load(data)
    except SafetensorError as error:
        raise CorruptFile(f"{path} is not a safetensors file: {error}.") from error
    shapes = {name: tuple(value.shape) for name, value in weights.items()}
    shapes_wanted = {name: tuple(value.shape) for name, value in wanted.items()}
    if shapes != shapes_wanted:
        differences = sorted(set(shapes.items()) ^ set(shapes_wanted.items()))
        lines = [f"  {'+' if shapes.get(name) == shape else '-'} {name} {shape}" for name, shape in differences[:20]]
        raise CorruptFile(f"{path} does not fit the network of config.json (- wanted, + in the file):\n" + "\n".join(lines))
    return weights


def verify(folder: str | Path) -> Verification:
    """Classify the golden pictures again and compare; raises CorruptFile when a golden picture was changed."""
    folder = Path(folder)
    classifier = load(folder)
    rows = _config(folder).get("golden") or []
    largest, equal = 0.0, 0
    for row in rows:
        try:
            path, expected, probabilities = folder / "golden" / Path(row["file"]).name, row["sha256"], row["probabilities"]
            data = path.read_bytes()
        except (OSError, KeyError, TypeError) as error:
            raise CorruptFile(f"{folder} has lost a golden picture: {error}.") from error
        if digest(data) != expected:
            raise CorruptFile(f"{path} is damaged: its SHA-256 is not the one in config.json.")
        ours, theirs = np.array(_probabilities(classifier, data)), np.array(probabilities)
        largest = max(largest, float(np.abs(ours - theirs).max()))
        equal += int(ours.argmax() == theirs.argmax())
    ok = bool(rows) and equal == len(rows) and largest <= TOLERANCE
    return Verification(ok, len(rows), equal, largest)
