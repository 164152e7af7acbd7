"""The sliding filter: picture, products and maps as squares with their numbers."""

import numpy as np
from PIL import Image, ImageDraw
from torch import Tensor

from ...look.convolution import Convolution, transposed_remark
from .canvas import FAINT, INK, PAPER, coloured, limits, write

CELL, GAP, TOP = 46, 40, 78
MARK = (230, 140, 20)


def frames(found: Convolution, title: str, remark: bool = True) -> list[Image.Image]:
    """A frame for every place of the filter; the last one shows all of the map."""
    return [_frame(found, place, title, remark) for place in range(len(found.steps))]


def _frame(found: Convolution, place: int, title: str, remark: bool) -> Image.Image:
    step = found.steps[place]
    parts = [("picture", found.picture), ("filter", found.filter), ("products", step.products), ("feature map", found.feature_map)]
    parts += [("after ReLU", found.relu)] + ([("2×2 max pooling", found.max_pool)] if found.max_pool.numel() else [])
    width = sum(values.shape[1] * CELL + GAP for _, values in parts) + GAP
    height = TOP + max(values.shape[0] for _, values in parts) * CELL + 96
    image = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(image)
    write(draw, (GAP, 14), title, INK, 20)
    x = GAP
    last = place == len(found.steps) - 1
    for name, values in parts:
        shown = place + 1 if name == "feature map" else values.numel() if last or name in ("picture", "filter", "products") else 0
        write(draw, (x, TOP - 24), name, FAINT, 14)
        _squares(draw, values, (x, TOP), shown, "viridis" if name == "picture" else "diverging")
        if name == "picture":
            _mark(draw, (x, TOP), step.row, step.column, *found.filter.shape)
        if name == "feature map":
            _mark(draw, (x, TOP), step.row, step.column, 1, 1)
        x += values.shape[1] * CELL + GAP
    terms = " ".join(f"{float(v):+g}" for v in step.products.flatten()) if step.products.numel() <= 16 else "the sum of all products"
    write(draw, (GAP, height - 80), f"row {step.row + 1}, column {step.column + 1}:  {terms}  =  {step.sum:.6g}", INK, 16)
    if remark:
        first, second = transposed_remark(found).split(": ", 1)
        write(draw, (GAP, height - 50), f"{first}:", FAINT, 13)
        write(draw, (GAP, height - 30), second, FAINT, 13)
    return image


def _squares(draw: ImageDraw.ImageDraw, values: Tensor, at: tuple[int, int], shown: int, table: str) -> None:
    colours = coloured(values.numpy(), *limits(values.numpy(), table), table)
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            x, y = at[0] + j * CELL, at[1] + i * CELL
            seen = i * values.shape[1] + j < shown
            colour = tuple(int(n) for n in colours[i, j]) if seen else PAPER
            draw.rectangle((x, y, x + CELL - 2, y + CELL - 2), fill=colour, outline=(215, 219, 224))
            if seen:
                ink = INK if float(np.dot(colour, (0.299, 0.587, 0.114))) > 130 else PAPER
                write(draw, (x + CELL // 2 - 1, y + CELL // 2), f"{float(values[i, j]):.4g}", ink, 12, "mm")


def _mark(draw: ImageDraw.ImageDraw, at: tuple[int, int], row: int, column: int, rows: int, columns: int) -> None:
    x, y = at[0] + column * CELL, at[1] + row * CELL
    draw.rectangle((x - 2, y - 2, x + columns * CELL, y + rows * CELL), outline=MARK, width=4)
