"""The lecture's first slide: `def classify(image) -> int`."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from ..base.errors import UsageError
from .artefact import load
from .classifier import Classifier


def classify(image: Any, model: str | Path | None = None) -> int:
    """The class index of `image` (path, bytes, PIL image or array), predicted by the artefact `model`, or the newest one under `runs/`.

    The name of the class and its probability are in `load(model).classify(image)`. Raises UsageError without a classifier, UnreadableImage
    for an unreadable picture.
    """
    folder = Path(model) if model is not None else newest()
    config = folder / "config.json"
    changed = config.stat().st_mtime_ns if config.is_file() else 0
    return _loaded(str(folder.resolve()), changed).classify(image).index


def newest(runs: str | Path = "runs") -> Path:
    """The most recently finished artefact under `runs`."""
    found = sorted(Path(runs).glob("*/config.json"), key=lambda path: path.stat().st_mtime_ns)
    if not found:
        raise UsageError(f"no classifier under {runs}/: train one (clearsight train DATA), or pass model=FOLDER.")
    return found[-1].parent


@lru_cache(maxsize=2)
def _loaded(folder: str, changed: int) -> Classifier:
    return load(folder)
