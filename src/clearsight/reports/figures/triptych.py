"""The panda that becomes a gibbon: picture + ε × change = new picture, with the classifier's answer to each."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

from matplotlib.figure import Figure

from ...attacks.picture import PictureAttack, attack_picture
from ...attacks.quantization import encoded
from ...base.errors import UsageError
from ...base.files import make_folder, write_atomic
from ...classifier import Classifier
from ..saving import saved
from ..style import PRINT, Style, styled
from .maps import rgb
from .page import EDGE, Array, Page, cut

KINDS = (".png", ".svg", ".pdf")
WORDS = {"before": "picture", "change": "change, magnified", "after": "new picture"}

BETWEEN, SLIDE_BETWEEN = 0.72, 1.7  # inches between two panels, for + and =


class Panel(NamedTuple):
    """A picture RGB uint8 `(H, W, 3)`, what it is, and the answer with its probability."""

    pixels: Array
    words: str
    label: str
    confidence: float


class Answered(TypedDict):
    """An answer in JSON output."""

    label: str
    confidence: float


class TriptychFigures(TypedDict):
    """The JSON of `clearsight attack MODEL PICTURE`; `survives` says which saved forms are still misclassified."""

    before: Answered
    change: Answered
    after: Answered
    method: str
    epsilon: float
    norm: str
    largest_change: float
    survives: dict[str, bool]
    triptych: str
    picture: str


def triptych(classifier: Classifier, file: Any, out: Path, *, style: Style = PRINT, **settings: Any) -> TriptychFigures:
    """Attack the picture in `file` (any input of `decode`), write the figure to `out` and the new picture next to it as a PNG.

    `settings` are those of `attack_picture`. Returns the answers before and after, of the change alone, and which saved forms still
    fool. Raises UsageError for another kind of file, or where the picture would be overwritten.
    """
    if out.suffix.lower() not in KINDS:
        raise UsageError(f"the triptych is a PNG, SVG or PDF: --out must end in {', '.join(KINDS)}. Got {str(out)!r}.")
    new = out.with_name(f"{out.stem}-picture.png")
    if isinstance(file, (str, Path)) and Path(file).resolve() in (out.resolve(), new.resolve()):
        raise UsageError(f"{file} is the picture to attack, and would be written over: name another file with --out.")
    found = attack_picture(classifier, file, **settings)
    make_folder(out.parent)
    write_atomic(new, encoded(found.pictures["after"], "PNG"))
    write_atomic(out, saved([triptych_figure(panels(found), found.largest, style=style)], out.suffix.lower()))
    before, change, after = (Answered(label=found.answers[name].label, confidence=found.answers[name].confidence) for name in WORDS)
    return {
        "before": before,
        "change": change,
        "after": after,
        "method": found.method,
        "epsilon": found.epsilon,
        "norm": found.norm,
        "largest_change": found.largest,
        "survives": found.survives,
        "triptych": str(out),
        "picture": str(new),
    }


def panels(found: PictureAttack) -> list[Panel]:
    """The three panels of an attack."""
    rows = ((name, found.pictures[name], found.answers[name]) for name in WORDS)
    return [Panel(rgb(picture), WORDS[name], answer.label, answer.confidence) for name, picture, answer in rows]


@styled
def triptych_figure(panels: Sequence[Panel], largest: float, *, style: Style = PRINT) -> Figure:
    """Three panels; `largest` is the largest change of a value, in units of [0, 1]; the last answer is red where it is another."""
    page = Page(style)
    gap = SLIDE_BETWEEN if style.slide else BETWEEN
    across = (page.inner - 2 * gap) / 3
    height, width = panels[0].pixels.shape[:2]
    side = min(across / width, (page.room - 4 * page.line()) / height if style.slide else 9.0)
    wide, tall = width * side, height * side
    if style.slide:
        page.y += (page.room - tall - 3.5 * page.line()) / 2
    left, top = EDGE + (page.inner - 3 * wide - 2 * gap) / 2, page.y
    fooled = panels[0].label != panels[-1].label
    for k, (panel, role) in enumerate(zip(panels, ("good", "faint", "bad" if fooled else "good"), strict=True)):
        x = left + k * (wide + gap)
        page.picture(panel.pixels, x, top, wide, tall)
        sure = f"{panel.confidence:.1%} confidence"
        lines = ((panel.words, "faint", style.small), (panel.label, role, style.text * 1.2), (sure, role, style.text))
        y = top + tall + 0.08
        for words, colour, size in lines:
            page.text(x + wide / 2, y, cut(words, size, wide + gap - 0.1), colour, size, ha="center")
            y += page.line(size)
    middle, first = top + tall / 2, left + wide + gap / 2
    page.text(first, middle - page.line() * 0.6, "+", "ink", style.title * 1.2, ha="center", va="center")
    page.text(first, middle + page.line() * 0.7, f"{largest * 255:.3g}/255 ×", "ink", style.text, ha="center", va="center")
    page.text(first + wide + gap, middle, "=", "ink", style.title * 1.2, ha="center", va="center")
    page.y = y
    return page.finish()
