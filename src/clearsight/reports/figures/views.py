"""Views of pictures with their similarities, the matrix of these before and after, and the loss worked out for two pictures."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from ...images.convert import visible
from ...look.views import Similarities, Term
from ..style import PRINT, Style, styled
from .page import EDGE, UNTRAINED, Array, Page, Scale, cut

LETTERS = "ab"


@styled
def views_figure(
    data: str, views: Tensor, found: Sequence[Similarities], terms: Sequence[Term], temperature: float, *, style: Style = PRINT
) -> Figure:
    """Views uint8 `(2N, C, H, W)`: a pair of the same and one of different images, matrices of all cosines, and NT-Xent (in print)."""
    page = Page(style, f"Two views of each picture of {data}")
    pictures = [_rgb(view) for view in views]
    half, top = len(pictures) // 2, page.y
    side = 0.33 * page.room if style.slide else 0.2 * page.inner
    _pair(page, EDGE, (pictures[0], pictures[half]), "same image", [one.cosines[0, half] for one in found], side, "good")
    x = EDGE + page.inner / 2
    _pair(page, x, (pictures[0], pictures[1]), "different images", [one.cosines[0, 1] for one in found], side, "bad")
    page.y = top + side + 2 * page.line() + 0.2
    _matrices(page, found, terms, temperature)
    return page.finish()


def _rgb(view: Tensor) -> Array:
    pixels = visible(view.permute(1, 2, 0).numpy())
    return np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)))


def _pair(page: Page, x: float, pair: Sequence[Array], words: str, cosines: Sequence[float], side: float, role: str) -> None:
    for k, pixels in enumerate(pair):
        page.picture(pixels, x + k * (side + 0.1), page.y, side, side)
    page.text(x, page.y + side + 0.05, words, role)
    numbers = " → ".join(f"{cosine:.3f}" for cosine in cosines)
    page.text(x, page.y + side + 0.05 + page.line(), f"cosine {numbers}", "ink")


def _matrices(page: Page, found: Sequence[Similarities], terms: Sequence[Term], temperature: float) -> None:
    """Cosines of all views; in print the worked loss below."""
    style, top = page.style, page.y
    low = min(float(one.cosines.min()) for one in found)
    scale = Scale(None, False, low, 1.0)
    tall = page.room - page.line() - 0.2 if style.slide else 0.3 * page.inner
    for k, one in enumerate(found):
        x = EDGE + k * (page.inner / 2)
        page.picture(by_picture(one.cosines), x, top, tall, tall, scale)
        aside, width = x + tall + 0.15, page.inner / 2 - tall - 0.25
        when = ("before", "after")[k] if len(found) == 2 else ""
        lines = [(f"{when}: {one.name}" if when else one.name, "ink"), *([] if one.trained else [(UNTRAINED, "bad")])]
        lines += [(f"same {one.same:.3f}", "good"), (f"different {one.different:.3f}", "bad")]
        for row, (words, role) in enumerate((words, role) for words, role in lines if words):
            page.text(aside, top + row * page.line(), cut(words, style.text, width), role)
    page.y = top + tall + 0.1
    if style.slide:
        page.paragraph(f"Cosines of all views, {low:.2f} (dark) to 1 (bright); partners side by side", "faint", most=1)
        return
    page.y += page.colour_bar(EDGE, page.y, 3.2, scale, "cosine of all views; the two of a picture side by side")
    _worked(page, terms, temperature)


def by_picture(cosines: Array) -> Array:
    """A matrix of views in the order 1a, 1b, 2a, 2b, …: the pairs are squares along the diagonal."""
    order = np.arange(len(cosines)).reshape(2, -1).T.ravel()
    return cosines[np.ix_(order, order)]


def _worked(page: Page, terms: Sequence[Term], temperature: float) -> None:
    page.y += 0.05
    page.paragraph(f"NT-Xent of pictures 1 and 2, τ = {temperature:g}: −log of the partner's share of exp(cosine / τ)")
    for term in terms:
        half = len(term.cosines) // 2
        shares = term.exponentials
        added = " + ".join(f"{shares[k]:.3g}" for k in (term.partner, *(k for k in range(2 * half) if k not in (term.view, term.partner))))
        name = f"{term.view % half + 1}{LETTERS[term.view // half]}"
        page.paragraph(f"view {name}:  −log( {shares[term.partner]:.3g} / ({added}) ) = {term.loss:.4f}", "faint")
    page.paragraph(f"mean {sum(term.loss for term in terms) / len(terms):.4f}")
