"""Out-of-fold answers: what cross-validation says of the training pictures, each by a head that has not learnt from it."""

from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from ..base.errors import CorruptFile
from ..base.files import write_atomic
from ..classifier import validation
from ..metrics.accuracy import ranks

FILE = "out-of-fold.safetensors"


@dataclass(frozen=True)
class HeldOut:
    """Logits float32 `(n, K)` and labels int64 `(n,)` of the training pictures at `places` int64 `(n,)`.

    Pictures with the same number in `groups`, int64 `(n,)`, were held out together: `heads.cross_validation` has the folds.
    """

    places: Tensor
    labels: Tensor
    logits: Tensor
    groups: Tensor

    def judged(self) -> validation.Validated:
        """The validation entry of an artefact's facts."""
        right = int((ranks(self.logits, self.labels) == 0).sum())
        return {**validation.judged(right, len(self.labels), ()), "by": validation.FOLDS}

    def save(self, folder: Path) -> None:
        """Write it into a run folder."""
        names = ("places", "labels", "logits", "groups")
        write_atomic(folder / FILE, safetensors.torch.save({name: getattr(self, name).contiguous() for name in names}))


def read(folder: Path) -> HeldOut | None:
    """The out-of-fold answers of a run; None where it has none. Raises CorruptFile."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        found = safetensors.torch.load(path.read_bytes())
        return HeldOut(found["places"], found["labels"], found["logits"], found.get("groups", torch.arange(len(found["places"]))))
    except (KeyError, ValueError, safetensors.SafetensorError) as error:
        raise CorruptFile(f"{path} does not hold the out-of-fold answers of a run: {error}.") from error
