"""A contact sheet of augmentation: a row a change, one picture in as many ways."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ...augment.op import Op
from ...augment.registry import row_of
from ...look.augmented import Tried, changed, written
from .canvas import sheet
from .maps import stacked

SIDE = 96


def contact_sheet(
    title: str, ops: Sequence[Op], pictures: Tensor, indices: Tensor, seed: int, found: Sequence[Tried], wide: int
) -> Image.Image:
    """Of pictures uint8 `(N, C, H, W)`: another one for each change, first as it is; beside the change what was found of it."""
    sheets = []
    for i, op in enumerate(ops):
        at = i % len(pictures)
        same = pictures[at : at + 1]
        tiles = [("as it is", _rgb(same[0]))]
        tiles += [("", _rgb(changed(op, same, indices[at : at + 1], seed, epoch)[0])) for epoch in range(wide - 1)]
        note = row_of(op).meaning
        if found:
            one = found[i]
            doubt = "DOUBTFUL: " if one.doubtful else ""
            note += f"; {doubt}confidence {one.before:.0%} to {one.after:.0%}, {one.kept:.0%} of {one.n} right ones still right"
        sheets.append(sheet(written(op) if i else f"{title}   {written(op)}", tiles, note, None, SIDE, wide))
    return stacked(sheets)


def _rgb(picture: Tensor) -> NDArray[np.uint8]:
    shown: NDArray[np.uint8] = picture.expand(3, -1, -1).permute(1, 2, 0).contiguous().numpy()
    return shown
