"""What can be watched while a network learns: after each epoch its answers to 24 validation pictures, and its first filters.

The weights are the same, bit for bit, with and without it: it draws no random number and changes no state.
"""

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from ...base.errors import ClearsightError
from ...base.files import inside, write_atomic, write_json
from ...look.filters import kernels
from ...recipes.recipe import Pretraining
from ...runs.watched import FOLDER, PICTURES, SHEET, Watched, file_of, packed
from ..compute.training_model import inference
from ..context import TrainingContext

WATCHED, FILTERS = 24, 64  # pictures; filters of the first layer
SIDE = 64  # px of a picture on the sheet at most


def watch(context: TrainingContext, folder: Path) -> None:
    """Write the answers and filters of the epoch that has just ended to `watch/` of the run folder; the pictures too, the first time."""
    chosen = _chosen(context)
    pictures = next(iter(context.val.batches([chosen]))) if len(chosen) else None
    place, epoch = inside(folder, FOLDER), int(context.state.counters.rows[-1]["epoch"])
    if pictures is not None and not (place / PICTURES).is_file():
        write_atomic(place / SHEET, _sheet(pictures))
        write_json(place / PICTURES, _described(context, chosen, pictures))
    answers = _answers(context, pictures) if pictures is not None else torch.empty(0, 0)
    found = Watched(answers.numpy(), _filters(context.state.model, context).numpy())
    write_atomic(place / file_of(epoch), packed(found))


def _chosen(context: TrainingContext) -> Tensor:
    """The validation pictures that are watched, spread evenly; none where the network learns without labels."""
    n = 0 if isinstance(context.recipe, Pretraining) else len(context.val)
    return torch.linspace(0, max(n - 1, 0), min(n, WATCHED)).round().long()


def _answers(context: TrainingContext, pictures: Tensor) -> Tensor:
    """Probabilities float32 `(n, K)`, by the weights that validation judges."""
    outputs = inference(context.state.model.eval(), context.state.averaged or None, context.speed, context.device)
    with torch.inference_mode():
        return outputs(context.inputs(pictures)).softmax(1).cpu()


def _filters(model: nn.Module, context: TrainingContext) -> Tensor:
    """The first filters float16 `(O, I, H, W)`: those of a convolution, or templates of as many weights as a picture has numbers."""
    shape = context.preprocessing
    try:
        return kernels(model)[1][:FILTERS].half()
    except ClearsightError:
        first = next((one for one in model.modules() if isinstance(one, nn.Linear)), None)
        if first is None or first.in_features != shape.channels * shape.height * shape.width:
            return torch.empty(0, dtype=torch.float16)
        return first.weight.detach()[:FILTERS].cpu().half().view(-1, shape.channels, shape.height, shape.width)


def _described(context: TrainingContext, chosen: Tensor, pictures: Tensor) -> dict[str, object]:
    """Index, name and label of each picture, and how they lie on the sheet."""
    part = context.splits.parts["val"]
    rows = [{"index": i, "name": str(part.names[i]), "label": int(context.val.labels[i])} for i in chosen.tolist()]
    return {"side": _side(pictures), "pictures": rows}


def _side(pictures: Tensor) -> int:
    return min(SIDE, max(pictures.shape[2:]))


def _sheet(pictures: Tensor) -> bytes:
    """The pictures `(n, C, H, W)` side by side as a PNG: grey, or the first three bands."""
    side, out = _side(pictures), io.BytesIO()
    sheet = Image.new("RGB", (side * len(pictures), side))
    shown = pictures[:, :3] if pictures.shape[1] >= 3 else pictures[:, :1].expand(-1, 3, -1, -1)
    for k, one in enumerate(np.ascontiguousarray(shown.permute(0, 2, 3, 1).cpu().numpy())):
        small = Image.fromarray(one)
        small.thumbnail((side, side))
        sheet.paste(small, (k * side + (side - small.width) // 2, (side - small.height) // 2))
    sheet.save(out, "PNG")
    return out.getvalue()
