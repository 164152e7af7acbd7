"""`verify`: the golden pictures of an artefact or an exported file through any engine."""

from pathlib import Path

import torch

from ..classifier import Verification, artefact
from ..classifier.config import CONFIG, is_exported, read_config
from ..classifier.engines.exported import Exported
from ..classifier.engines.sessions import TORCH
from ..classifier.hub import local
from .open import open_classifier


def verify(
    model: str | Path, *, device: str | torch.device = "cpu", speed: str = "auto", engine: str = "", allow_code: bool = False,
    quiet: bool = True,
) -> Verification:  # fmt: skip
    """The golden pictures of `model` computed by `engine` on this device, compared with their stored probabilities.

    Raises CorruptFile when one of them, or the classifier, was changed, UsageError for an origin, which has none.
    """
    model = local(model)
    if not is_exported(model) and engine in ("", TORCH):
        return artefact.verify(model, device=device, speed=speed, allow_code=allow_code)
    classifier = open_classifier(model, device=device, engine=engine, allow_code=allow_code, quiet=quiet).faster(speed)
    if is_exported(model):
        assert isinstance(classifier, Exported)
        return artefact.verified(classifier, Path(model), classifier.config)
    return artefact.verified(classifier, Path(model) / CONFIG, read_config(Path(model)))
