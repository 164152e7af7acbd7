"""`verify`: the golden pictures of an artefact or an exported file through any engine."""

from pathlib import Path
from typing import Any

import torch

from ..base.errors import CorruptFile
from ..base.files import digest
from ..classifier import Verification, artefact
from ..classifier.config import is_exported, read_config
from ..classifier.engines.exported import Exported
from ..classifier.engines.sessions import TORCH
from .open import open_classifier


def verify(
    model: str | Path, *, device: str | torch.device = "cpu", speed: str = "auto", engine: str = "", allow_code: bool = False,
    quiet: bool = True,
) -> Verification:  # fmt: skip
    """The golden pictures of `model` computed by `engine` on this device, compared with their stored probabilities.

    Raises CorruptFile when one of them, or the classifier, was changed, UsageError for an origin, which has none.
    """
    if not is_exported(model) and engine in ("", TORCH):
        return artefact.verify(model, device=device, speed=speed, allow_code=allow_code)
    classifier = open_classifier(model, device=device, engine=engine, allow_code=allow_code, quiet=quiet).faster(speed)
    if is_exported(model):
        assert isinstance(classifier, Exported)
        return artefact.verified(classifier, Path(model).parent, classifier.config)
    return artefact.verified(classifier, Path(model), read_config(Path(model)))


def golden_rows(file: Exported, answers: Exported) -> list[dict[str, Any]]:
    """The golden pictures of an exported `file` with the probabilities of `answers`; raises CorruptFile when one was changed."""
    rows = []
    for row in file.config.get("golden", []):  # type: ignore[attr-defined]
        png = (file.path.parent / row["file"]).read_bytes()
        if digest(png) != row["sha256"]:
            raise CorruptFile(f"{file.path.parent / row['file']} is damaged: its SHA-256 is not the one in {file.path}. Export again.")
        picture = artefact.stacked(png, file.preprocessing)
        rows.append({"file": row["file"], "sha256": row["sha256"], "probabilities": answers.of_picture(picture).tolist()})
    return rows
