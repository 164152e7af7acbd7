"""The panda that becomes a gibbon: picture + ε × change = new picture, with the classifier's answer to each."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

from matplotlib.figure import Figure

from ...attacks.picture import PictureAttack, attack_picture
from ...attacks.quantization import encoded
from ...attacks.sweep import sweep
from ...base.errors import UsageError, wrong
from ...base.files import make_folder, write_atomic
from ...classifier import Classifier
from ..live.attack import live_attack
from ..live.page import page
from ..saving import saved
from ..style import PRINT, Style, styled
from .maps import rgb
from .page import EDGE, LARGEST, Array, Page, cut, measure, short, wrapped

KINDS = (".png", ".svg", ".pdf", ".html")
MOST_DPI, MID_GREY = 480.0, 128

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
    """The JSON of `clearsight attack MODEL PICTURE`; `survives` says which saved forms are still misclassified.

    `exact` is the answer to x + ε·sign(∇ₓJ) in floats, `after` that to its 256 levels in the file `picture`; `size` is height and width.
    """

    before: Answered
    change: Answered
    after: Answered
    exact: Answered
    method: str
    epsilon: float
    norm: str
    box: str
    access: str
    size: list[int]
    largest_change: float
    survives: dict[str, bool]
    triptych: str
    picture: str


def triptych(classifier: Classifier, file: Any, out: Path, *, typed: str = "", style: Style = PRINT, **settings: Any) -> TriptychFigures:
    """Attack the picture in `file` (any input of `decode`), write the figure to `out` and the new picture next to it as a PNG.

    `typed` is ε as it was typed, for the figure; `settings` are those of `attack_picture`. Returns the answers before and after, of the
    change alone, and which saved forms still fool. Raises UsageError for another kind of file, or where the picture would be overwritten.
    """
    if out.suffix.lower() not in KINDS:
        raise UsageError(f"the triptych is a PNG, SVG, PDF or HTML page: --out must end in {', '.join(KINDS)}. Got {str(out)!r}.")
    new = out.with_name(f"{out.stem}-picture.png")
    if isinstance(file, (str, Path)) and Path(file).resolve() in (out.resolve(), new.resolve()):
        raise UsageError(f"{file} is the picture to attack, and would be written over: name another file with --out.")
    live = out.suffix.lower() == ".html"
    if live and settings.get("method", "fgsm") != "fgsm":
        raise wrong("--method", "fgsm for an .html, whose slider moves along x + ε·sign(∇ₓJ)", settings["method"])
    found = attack_picture(classifier, file, **settings)
    make_folder(out.parent)
    figure = triptych_figure(panels(found), factor_of(found, typed), note_of(found), style=style)
    write_atomic(out, page(live_attack(sweep(classifier, found)), figure) if live else saved([figure], out.suffix.lower()))
    write_atomic(new, encoded(found.pictures["after"], "PNG"))  # after the figure: without it nothing is left behind
    answers = (*(found.answers[name] for name in ("before", "change", "after")), found.exact)
    before, change, after, exact = (Answered(label=answer.label, confidence=answer.confidence) for answer in answers)
    return {
        "before": before,
        "change": change,
        "after": after,
        "exact": exact,
        "method": found.method,
        "epsilon": found.epsilon,
        "norm": found.norm,
        "box": found.box,
        "access": found.access,
        "size": list(found.pictures["before"].shape[1:]),
        "largest_change": found.largest,
        "survives": found.survives,
        "triptych": str(out),
        "picture": str(new),
    }


def panels(found: PictureAttack) -> list[Panel]:
    """The three panels of an attack: x, what is added, and their sum with the answer to it in floats."""
    change = f"sign({found.sign})" if found.sign else "the change, magnified"
    words = {"before": "x", "change": change, "after": f"x + ε·{change}" if found.sign else "x + the change"}
    answers = found.answers | {"after": found.exact}
    rows = ((name, found.pictures[name], answers[name]) for name in words)
    return [Panel(rgb(picture), words[name], answer.label, answer.confidence) for name, picture, answer in rows]


def factor_of(found: PictureAttack, typed: str = "") -> str:
    """What the middle panel is multiplied by: ε as it was typed, or the largest change where that is another number."""
    if found.norm == "linf" and (found.sign or math.isclose(found.largest, found.epsilon, rel_tol=1e-3)):
        return typed.replace(" ", "") or short(found.epsilon)
    return short(found.largest)


def note_of(found: PictureAttack) -> str:
    """Method, ε in levels, and what the attack was given."""
    levels = f"{found.epsilon * 255:.3g} of 255 levels" if found.norm == "linf" else found.norm
    height, width = found.pictures["before"].shape[1:]
    unseen = bool(found.sign) and float((found.pictures["change"] == MID_GREY).all(0).float().mean()) > 0.01
    grey = " Grey: no gradient, as where the picture is cropped." if unseen else ""
    return f"{found.method}, ε = {levels}, {width}×{height} px. {found.box.capitalize()} box: {found.access}.{grey}"


@styled
def triptych_figure(panels: Sequence[Panel], factor: str, note: str = "", *, style: Style = PRINT) -> Figure:
    """Three panels, `factor` before the middle one and a `note` below; the last answer is red where it is another.

    In print a PNG has as many pixels per inch as a panel needs to have one for each of the picture's, up to 480.
    """
    page = Page(style)
    gap = max(SLIDE_BETWEEN if style.slide else BETWEEN, measure(f"{factor} ×", style.text) + 0.16)
    across = (page.inner - 2 * gap) / 3
    height, width = panels[0].pixels.shape[:2]
    lines = wrapped(note, style.small, page.inner) if note else []
    below = (3.6 + len(lines)) * page.line() + 0.2
    side = min(across / width, (page.room - below) / height if style.slide else 9.0)
    wide, tall = width * side, height * side
    if style.slide:
        page.y += (page.room - tall - below) / 2
    else:
        page.figure.set_dpi(min(MOST_DPI, max(style.dpi, min(width, LARGEST) / wide)))
    left, top = EDGE + (page.inner - 3 * wide - 2 * gap) / 2, page.y
    fooled = panels[0].label != panels[-1].label
    for k, (panel, role) in enumerate(zip(panels, ("good", "faint", "bad" if fooled else "good"), strict=True)):
        x = left + k * (wide + gap)
        page.picture(panel.pixels, x, top, wide, tall)
        _answer(page, panel, role, x + wide / 2, top + tall + 0.08, wide + gap - 0.1)
    middle, first = top + tall / 2, left + wide + gap / 2
    page.text(first, middle - page.line() * 0.6, "+", "ink", style.title * 1.2, ha="center", va="center")
    page.text(first, middle + page.line() * 0.7, f"{factor} ×", "ink", style.text, ha="center", va="center")
    page.text(first + wide + gap, middle, "=", "ink", style.title * 1.2, ha="center", va="center")
    page.y = top + tall + 3.5 * page.line() + 0.2
    page.paragraph(note, "faint", style.small)
    return page.finish()


def _answer(page: Page, panel: Panel, role: str, x: float, y: float, width: float) -> None:
    style = page.style
    sure = f"{panel.confidence:.1%} confidence"
    for words, colour, size in ((panel.words, "faint", style.small), (panel.label, role, style.text * 1.2), (sure, role, style.text)):
        page.text(x, y, cut(words, size, width), colour, size, ha="center")
        y += page.line(size)
