"""What the verbs take as a model and as data, and the recipe of a training as settings."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import torch

from ..base.compute.device import pick_device
from ..base.errors import wrong
from ..classifier import Classifier
from ..datasets.dataset import Dataset, Parts
from ..exports.open import engined, open_classifier
from ..runs.trained import Trained


class LabelledPictures(Protocol):
    """A dataset class of your own: `len(data)` pictures, and `data[i]` is `(picture, class name)`.

    A picture is a path, a PIL image or a uint8 array `(H, W)` or `(H, W, C)`; a label may be a number where `data.classes` names them.
    """

    def __len__(self) -> int:
        """The number of pictures."""
        ...

    def __getitem__(self, index: int, /) -> tuple[Any, Any]:
        """The picture and the class of one index."""
        ...


Model: TypeAlias = str | Path | Classifier | Trained
Data: TypeAlias = str | Path | Parts | Dataset | LabelledPictures | Sequence[Any]


@dataclass(frozen=True)
class Opened:
    """A classifier and the `folder` (or origin) that it was loaded from, `""` for one that was made in memory."""

    classifier: Classifier
    folder: str


def open_model(
    model: Model, *, device: str | torch.device = "auto", allow_code: bool = False, engine: str = "", quiet: bool = True
) -> Opened:
    """The classifier of a path, an exported file, an origin such as `torchvision:resnet50`, a finished training, or itself.

    `engine` computes its network. Raises ClearsightError.
    """
    if isinstance(model, Trained):
        return Opened(engined(model.classifier, engine, quiet=quiet), str(model.run))
    if isinstance(model, Classifier):
        return Opened(engined(model, engine, quiet=quiet), model.folder)
    if not isinstance(model, (str, Path)):
        raise wrong("model", "a path, an origin, a Classifier or a finished training", type(model).__name__)
    chosen = pick_device(device) if isinstance(device, str) else device
    found = open_classifier(model, device=chosen, allow_code=allow_code, engine=engine, quiet=quiet)
    return Opened(found, found.folder)


def data_of(model: Model, data: Data | None, split: str) -> Any:
    """What `held_out.choose` takes: a single dataset as the split that it is judged as, a training's own data where none are given."""
    if data is None and isinstance(model, Trained):
        return model.parts
    if isinstance(data, Dataset):
        return Parts("data", data.classes, {split: data})
    return data
