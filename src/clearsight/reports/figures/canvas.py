"""Colours and sheets of maps: viridis for amounts, blue over white to red, centred on zero, for what has a sign; never jet."""

import base64
import io
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ...base.errors import wrong

Array = NDArray[np.floating]
# matplotlib's viridis (S. van der Walt, N. Smith, 2015) in 16 even steps; ColorBrewer's RdBu in 11, reversed
VIRIDIS = "440154 481a6c 472f7d 414487 39568c 31688e 2a788e 23888e 1f988b 22a884 35b779 54c568 7ad151 a5db36 d2e21b fde725"
DIVERGING = "053061 2166ac 4393c3 92c5de d1e5f0 f7f7f7 fddbc7 f4a582 d6604d b2182b 67001f"
SUFFIXES = (".png", ".gif", ".svg", ".html")
LACKING = str.maketrans({"×": "x", "−": "-", "…": " to ", "√": "root of ", "±": "+/-", "²": "2", "→": "to"})  # in Pillow's font
PAPER, INK, FAINT = (255, 255, 255), (32, 36, 42), (120, 128, 138)


def _table(colours: str) -> NDArray[np.uint8]:
    stops = np.array([[int(word[i : i + 2], 16) for i in (0, 2, 4)] for word in colours.split()], float)
    places = np.linspace(0, len(stops) - 1, 256)
    return np.stack([np.interp(places, np.arange(len(stops)), stops[:, c]) for c in range(3)], 1).round().astype(np.uint8)


TABLES = {"viridis": _table(VIRIDIS), "diverging": _table(DIVERGING)}


def coloured(values: Array, low: float, high: float, table: str) -> NDArray[np.uint8]:
    """Numbers `(H, W)` as RGB `(H, W, 3)`, `low` and below at one end of the table, `high` and above at the other."""
    scaled = (np.asarray(values, float) - low) / ((high - low) or 1)
    chosen: NDArray[np.uint8] = TABLES[table][(scaled.clip(0, 1) * 255).round().astype(int)]
    return chosen


def limits(values: Array, table: str) -> tuple[float, float]:
    """From the least to the greatest; as far below zero as above it where zero is the middle."""
    low, high = float(np.min(values)), float(np.max(values))
    most = max(abs(low), abs(high))
    return (-most, most) if table == "diverging" else (low, high)


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own, so that a figure looks alike everywhere."""
    return ImageFont.load_default(size)


def write(draw: ImageDraw.ImageDraw, at: tuple[float, float], words: str, ink: tuple[int, int, int], size: int, anchor: str = "la") -> None:
    """Words on a figure, in letters that the font has."""
    draw.text(at, words.translate(LACKING), ink, font(size), anchor)


def tile(picture: NDArray[np.uint8], side: int) -> Image.Image:
    """The picture enlarged by whole pixels, or made smaller, to fit `side` px."""
    image = Image.fromarray(picture)
    factor = side / max(image.size)
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.NEAREST if factor >= 1 else Image.Resampling.BOX)


def bar(low: float, high: float, table: str, width: int = 240) -> Image.Image:
    """A colour bar with numbers at its ends and in the middle."""
    image = Image.new("RGB", (width, 34), PAPER)
    strip = coloured(np.linspace(low, high, width - 40)[None].repeat(12, 0), low, high, table)
    image.paste(Image.fromarray(strip), (20, 2))
    draw = ImageDraw.Draw(image)
    for x, value, anchor in ((20, low, "la"), (width // 2, (low + high) / 2, "ma"), (width - 20, high, "ra")):
        write(draw, (x, 17), short(value), INK, 12, anchor)
    return image


def short(value: float) -> str:
    """`-0.0312`, `224`."""
    return f"{value:.3g}".replace("-", "−") if abs(value) > 1e-12 else "0"


def sheet(
    title: str,
    tiles: Sequence[tuple[str, NDArray[np.uint8]]],
    note: str = "",
    legend: Image.Image | None = None,
    side: int = 72,
    columns: int = 0,
) -> Image.Image:
    """RGB tiles with a line beneath each, as nearly 3:2 as they go without `columns`, under a title and over a note and a colour bar."""
    if not tiles:
        raise wrong("tiles", "at least one", 0)
    shown = [(label, tile(picture, side)) for label, picture in tiles]
    columns = columns or min(len(shown), max(1, round(math.sqrt(len(shown) * 1.5))))
    gap, labelled = 8, 16 if any(label for label, _ in shown) else 0
    rows = math.ceil(len(shown) / columns)
    wide = [round(font(size).getlength(words.translate(LACKING))) for words, size in ((title, 17), (note, 12))]
    inner = max(columns * (side + gap) - gap, *wide, 240)
    height = 46 + rows * (side + labelled + gap) + (22 if note else 0) + (40 if legend else 0) + 10
    image = Image.new("RGB", (inner + 32, height), PAPER)
    draw = ImageDraw.Draw(image)
    write(draw, (16, 12), title, INK, 17)
    for i, (label, picture) in enumerate(shown):
        x, y = 16 + i % columns * (side + gap), 46 + i // columns * (side + labelled + gap)
        image.paste(picture, (x, y))
        write(draw, (x + side // 2, y + side + 2), label, FAINT, 11, "ma")
    y = 46 + rows * (side + labelled + gap)
    if legend:
        image.paste(legend, (0, y))
        y += 40
    write(draw, (16, y), note, FAINT, 12)
    return image


def encoded(frames: Sequence[Image.Image], suffix: str, milliseconds: int = 700) -> bytes:
    """The last picture as `.png`, or all as an animated `.gif`; `.svg` and `.html` hold one of these whole and need nothing else.

    Raises UsageError for another suffix.
    """
    if suffix not in SUFFIXES:
        raise wrong("--out", f"a name that ends in {', '.join(SUFFIXES)}", suffix)
    if suffix in (".svg", ".html"):
        kind = "gif" if len(frames) > 1 else "png"
        data = f"data:image/{kind};base64,{base64.b64encode(encoded(frames, '.' + kind, milliseconds)).decode()}"
        width, height = frames[0].size
        if suffix == ".html":
            return f'<!doctype html><meta charset="utf-8"><title>Clearsight</title><img alt="" src="{data}">'.encode()
        size = f'width="{width}" height="{height}"'
        return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><image {size} href="{data}"/></svg>'.encode()
    stream = io.BytesIO()
    if suffix == ".gif":
        frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:], duration=milliseconds, loop=0)
    else:
        frames[-1].save(stream, "PNG")
    return stream.getvalue()
