"""The box that a unit can see on the picture, and beside it what it heeds."""

from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw

from ...base.errors import wrong
from ...look.capture import layer as of_name
from ...look.receptive_field import box, effective, share
from ...look.target import Subject
from ...models.summary import Summary
from .canvas import FAINT, INK, PAPER, bar, coloured, tile, write

SIDE, EDGE = 360, 24
MARK = (230, 90, 20)


def field_figure(subject: Subject, summary: Summary, layer: str, at: tuple[int, ...] | None, picture: Any = None) -> Image.Image:
    """The theoretical box on the picture (grey without one), the share of it that is padding, and the gradient's field."""
    of_name(subject.model, layer)
    row = next(one for one in summary.layers if one.name == layer)
    grid = row.output[1:] if len(row.output) == 3 else (1, 1)
    place = (grid[0] // 2, grid[1] // 2) if at is None else at
    if len(place) != 2 or not all(0 <= n < most for n, most in zip(place, grid, strict=True)):
        raise wrong("at", f"within {'×'.join(map(str, grid))}, counted from 0", place)
    height, width = subject.input_size[1:]
    noise = torch.randn(8, *subject.input_size, generator=torch.Generator().manual_seed(0))
    seen = effective(subject.model, noise if picture is None else subject.inputs(picture), layer, (place[0], place[1])).cpu()
    shown = np.full((height, width, 3), 225, np.uint8)
    if picture is not None:
        shown = subject.preprocessing.load(picture).expand(3, -1, -1).permute(1, 2, 0).contiguous().numpy()
    values = (seen / (seen.max() or 1)).sqrt().numpy()
    field = coloured(values, 0, 1, "viridis")
    top, left, bottom, right = box(row, (place[0], place[1]))
    inside = max(0, min(height, bottom) - max(0, top)) * max(0, min(width, right) - max(0, left))
    padding = 1 - inside / ((bottom - top) * (right - left))
    image = Image.new("RGB", (2 * SIDE + 3 * EDGE, SIDE + 130), PAPER)
    draw = ImageDraw.Draw(image)
    write(draw, (EDGE, 14), f"{subject.name}  {layer} at {place[0]},{place[1]}", INK, 17)
    factor = SIDE / max(height, width)
    for x, pixels, words in (
        (
            EDGE,
            shown,
            f"it can see {bottom - top}×{right - left} px ({row.field.status if row.field else ''}), {padding:.0%} of it padding",
        ),
        (2 * EDGE + SIDE, field, f"it heeds: 95 % of the gradient in {share(seen):.1%} of the pixels"),
    ):
        image.paste(tile(pixels, SIDE), (x, 46))
        edges = (
            x + max(0, left) * factor,
            46 + max(0, top) * factor,
            x + min(width, right) * factor - 1,
            46 + min(height, bottom) * factor - 1,
        )
        draw.rectangle(edges, outline=MARK, width=3)
        write(draw, (x, 46 + SIDE + 8), words, INK, 13)
    image.paste(bar(0, 1, "viridis"), (2 * EDGE + SIDE - 20, 46 + SIDE + 30))
    write(draw, (2 * EDGE + SIDE + 226, 46 + SIDE + 32), "√(|gradient| / largest)", FAINT, 12)
    return image
