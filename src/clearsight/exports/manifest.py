"""The description of a classifier in an exported file: one JSON document with the fields of a `config.json`, and what else answers need.

An ONNX file has it in its `metadata_props` under the key `clearsight`; it is read without any library of ONNX.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO

from ..base.errors import ClearsightError, CorruptFile, UsageError
from ..classifier.classifier import Classifier
from ..classifier.config import (
    Config,
    classes_of,
    config_digest,
    described,
    facts_of,
    field_of,
    temperature_of,
    views_of,
    weights_digest,
)
from ..classifier.uncertainty import Limits, Reference
from ..classifier.uncertainty.reference import FALSE_ALARMS, from_scores
from ..images.preprocess import Preprocessing

FORMAT = "clearsight-export"
VERSION = 1
KEY = "clearsight"
COVERAGES = (0.9, 0.95, 0.99)
MOST_BYTES = 2**27


@dataclass(frozen=True, eq=False)
class Manifest:
    """The checked `document` of an exported file, its fields as the objects that they describe."""

    document: Config
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    temperature: float
    views: str
    facts: Mapping[str, Any]
    weights_digest: str
    entry: str
    outputs: tuple[str, ...]
    precision: str

    @cached_property
    def reference(self) -> Reference:
        """The held-out scores, by which the limits of novelty and of conformal sets are computed; the vectors are in the graph."""
        return from_scores(self.document, len(self.classes))

    def limits(self, false_alarms: float = 0.0, coverage: float = 0.0, by_class: bool = False) -> Limits:
        """As of `Classifier.limits`; raises UsageError as it does."""
        return self.reference.limits(self.classes, false_alarms, coverage, by_class)


def document(classifier: Classifier, entry: str, outputs: tuple[str, ...], more: Mapping[str, Any]) -> dict[str, Any]:
    """The description of `classifier` in a file with this `entry` and these `outputs`, and `more` fields, with its SHA-256."""
    told = {
        "format": FORMAT,
        "format_version": VERSION,
        "clearsight": version("clearsight"),
        "entry": entry,
        "outputs": list(outputs),
        "precision": "float32",
        **described(classifier),
        "weights": {"sha256": classifier.weights_digest},
        **classifier.reference.scores(),
        "limits": _limits(classifier),
        **more,
    }
    return told | {"sha256": config_digest(told)}


def parse(text: str, source: object) -> Manifest:
    """The manifest in the JSON `text` of the file `source`; raises CorruptFile, ClearsightError for one of a newer Clearsight."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CorruptFile(f"{source} has a description that is not valid JSON ({error}).") from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise CorruptFile(f"{source} has a description that is not of a Clearsight classifier (its `format` is not {FORMAT!r}).")
    number = told.get("format_version")
    if type(number) is not int or number < 1:
        raise CorruptFile(f"{source} has a `format_version` that is no whole number from 1 on.")
    if number > VERSION:
        raise ClearsightError(f"{source} has format version {number!s:.20}; this Clearsight reads up to {VERSION}. Update Clearsight.")
    if told.get("sha256") != config_digest(told):
        raise CorruptFile(f"{source} is damaged or was edited: its description does not have the SHA-256 that it gives.")
    try:
        return Manifest(
            told,
            tuple(classes_of(told)),
            Preprocessing.from_dict(field_of(told, "preprocessing", dict)),
            temperature_of(told),
            views_of(told),
            facts_of(told),
            weights_digest(told),
            field_of(told, "entry", str),
            tuple(field_of(told, "outputs", list)),
            field_of(told, "precision", str),
        )
    except ClearsightError as error:
        raise CorruptFile(f"{source} has a description that is not a classifier's: {error}") from error


def read(path: str | Path) -> Manifest:
    """The manifest of an exported ONNX file; raises UsageError for a file without one, CorruptFile, ClearsightError."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            texts = dict(_properties(file))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}.") from error
    except (ValueError, EOFError) as error:
        raise CorruptFile(f"{path} is not an ONNX file, or is damaged: {error}.") from error
    if KEY not in texts:
        raise UsageError(f"{path} was not exported by Clearsight, so its classes and preprocessing are unknown: clearsight export MODEL.")
    return parse(texts[KEY], path)


def _limits(classifier: Classifier) -> dict[str, Any]:
    """The limits at the usual rates, for programs without Clearsight; a rate that needs more held-out pictures is left out."""
    told: dict[str, Any] = {"novelty": {}, "coverage": {}}
    if classifier.reference.novelty:
        told["novelty"] = _possible(lambda rate: classifier.limits(false_alarms=rate).novelty, (0.01, FALSE_ALARMS, 0.1))
    if classifier.reference.calibration:
        told["coverage"] = _possible(lambda rate: float(classifier.limits(coverage=rate).scores[0]), COVERAGES)  # type: ignore[index]
    return told


def _possible(limit: Any, rates: tuple[float, ...]) -> dict[str, float]:
    found = {}
    for rate in rates:
        try:
            found[str(rate)] = limit(rate)
        except UsageError:
            continue
    return found


def _properties(file: BinaryIO) -> Iterator[tuple[str, str]]:
    """The `metadata_props` of an ONNX file, field 14 of its protocol buffer; the rest is skipped. Raises ValueError, EOFError."""
    end = file.seek(0, 2)
    file.seek(0)
    while file.tell() < end:
        tag = _varint(file)
        if tag & 7 == 0:
            _varint(file)
        elif tag & 7 == 2:
            size = _varint(file)
            if file.tell() + size > end:
                raise EOFError("it is cut off")
            if tag >> 3 == 14 and size <= MOST_BYTES:
                yield _pair(file.read(size))
            else:
                file.seek(size, 1)
        else:
            raise ValueError("it is no protocol buffer of a model")


def _varint(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            raise EOFError("it is cut off")
        value |= (byte[0] & 127) << shift
        if byte[0] < 128:
            return value
    raise ValueError("it is no protocol buffer of a model")


def _pair(data: bytes) -> tuple[str, str]:
    from io import BytesIO

    words, stream = {1: b"", 2: b""}, BytesIO(data)
    while stream.tell() < len(data):
        tag = _varint(stream)
        words[tag >> 3] = stream.read(_varint(stream))
    return words[1].decode(), words[2].decode()
