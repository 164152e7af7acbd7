"""The panda that becomes a gibbon: picture + ε × change = new picture, with what the classifier says of each."""

from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from ...attacks.attack import attack
from ...attacks.quantization import encoded, levels
from ...base.errors import UsageError
from ...base.files import make_folder, write_atomic
from ...classifier import Classifier

SIDE, GAP, EDGE = 280, 84, 28  # px of a panel, between panels, around all
INK, FAINT, GOOD, BAD = "#1c2430", "#687385", "#1a7f4b", "#b3261e"


def triptych(classifier: Classifier, file: Any, out: Path, *, epsilon: float, **settings: Any) -> dict[str, Any]:
    """Attack the picture in `file` (whatever `decode` takes); write the figure to `out` and the new picture beside it.

    The label is what the classifier says of the picture. Returns the answers before and after, of the change alone, and what
    survives saving.
    """
    if out.suffix.lower() != ".png":
        raise UsageError(f"the triptych is a PNG: --out must end in .png. Got {str(out)!r}.")
    new = out.with_name(f"{out.stem}-picture.png")
    if isinstance(file, (str, Path)) and Path(file).resolve() in (out.resolve(), new.resolve()):
        raise UsageError(f"{file} is the picture to attack, and would be written over: name another file with --out.")
    picture = classifier.preprocessing.load(file)[None]
    with torch.no_grad():
        label = classifier.scores(picture).argmax(1).cpu()
    found = attack(classifier, picture, label, epsilon=epsilon, check=False, curve=False, sure=True, **settings)
    changed = found.pictures.cpu()
    change = changed - picture.float() / 255
    largest = float(change.abs().max())
    shown = (change / max(largest, 1e-12) + 1) / 2
    answers = {
        name: _answer(classifier, rows) for name, rows in (("before", picture), ("change", levels(shown)), ("after", levels(changed)))
    }
    make_folder(out.parent)
    write_atomic(new, encoded(levels(changed)[0], "PNG"))
    write_atomic(out, _drawn([picture[0], levels(shown)[0], levels(changed)[0]], answers, largest))
    return {
        **answers,
        "method": found.method,
        "epsilon": epsilon,
        "norm": found.norm,
        "largest_change": largest,
        "survives": {"float": not bool(found.robust[0]), **{kind: not bool(saved[0]) for kind, saved in found.saved.items()}},
        "triptych": str(out),
        "picture": str(new),
    }


def _answer(classifier: Classifier, picture: Tensor) -> dict[str, Any]:
    confidence, index = classifier.probabilities(picture)[0].cpu().max(0)
    return {"label": classifier.classes[int(index)], "confidence": float(confidence)}


def _drawn(panels: list[Tensor], answers: dict[str, dict[str, Any]], largest: float) -> bytes:
    """The figure as a PNG file."""
    tiles = [_tile(panel) for panel in panels]
    width, height = (max(size) for size in zip(*(tile.size for tile in tiles), strict=True))
    sheet = Image.new("RGB", (3 * width + 2 * GAP + 2 * EDGE, height + 2 * EDGE + 66), "white")
    draw = ImageDraw.Draw(sheet)
    fooled = answers["before"]["label"] != answers["after"]["label"]
    words = ("picture", "change, made visible", "new picture")
    inks = (GOOD, FAINT, BAD if fooled else GOOD)
    for k, (tile, answer, word, ink) in enumerate(zip(tiles, answers.values(), words, inks, strict=True)):
        left = EDGE + k * (width + GAP)
        sheet.paste(tile, (left, EDGE))
        middle, under = left + width // 2, EDGE + height + 10
        _text(draw, middle, under, word, 13, FAINT, width)
        _text(draw, middle, under + 19, str(answer["label"]), 19, ink, width)
        _text(draw, middle, under + 45, f"{answer['confidence']:.1%} confidence", 14, ink, width)
    between = EDGE + width + GAP // 2
    _text(draw, between, EDGE + height // 2 - 40, "+", 34, INK, GAP)
    _text(draw, between - 10, EDGE + height // 2 + 2, f"{largest * 255:.3g}/255", 17, INK, GAP)
    for way in (-4, 4):  # the font that comes with Pillow has no ×
        draw.line((between + 24, EDGE + height // 2 + 12 - way, between + 32, EDGE + height // 2 + 12 + way), INK, 2)
    _text(draw, between + width + GAP, EDGE + height // 2 - 22, "=", 34, INK, GAP)
    written = BytesIO()
    sheet.save(written, "PNG")
    return written.getvalue()


def _tile(picture: Tensor) -> Image.Image:
    """uint8 `(C, H, W)`, small ones enlarged by whole factors."""
    values = picture.permute(1, 2, 0).contiguous().numpy()
    image = Image.fromarray(values[..., 0] if values.shape[2] == 1 else values).convert("RGB")
    factor = max(1, SIDE // max(image.size))
    image = image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    image.thumbnail((2 * SIDE, 2 * SIDE), Image.Resampling.LANCZOS)
    return image


def _text(draw: ImageDraw.ImageDraw, middle: int, top: int, words: str, size: int, ink: str, width: int) -> None:
    """`words` centred, cut with … where they would not fit."""
    font = ImageFont.load_default(size)
    cut = words
    while len(cut) > 2 and draw.textlength(cut, font) > width:
        cut = cut[:-2] + "…"
    draw.text((middle, top), cut, ink, font, anchor="ma")
