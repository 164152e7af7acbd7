"""The learning-rate range test as a figure: the loss over the rate, with the recipe's rate and the suggestion."""

from matplotlib.figure import Figure

from ...training.api import RangeTest
from ..style import PRINT, Style, styled
from .page import EDGE, Page


@styled
def rate_figure(tested: RangeTest, *, style: Style = PRINT) -> Figure:
    """The smoothed losses of a range test on a logarithmic axis of learning rates."""
    note = f"Each step on a batch of {tested.batch} pictures at a higher rate; losses are smoothed."
    page = Page(style, "Learning-rate range test")
    tall, left = (page.room - 4 * page.line() if style.slide else 3.2), 0.6
    axes = page.chart(EDGE + left, page.y + 0.1, page.inner - left - 0.2, tall)
    axes.set_xscale("log")
    axes.plot(tested.rates, tested.losses, color=style.colour("accent"), gid="class-line")
    low, high = min(tested.losses), max(tested.losses)
    axes.set_ylim(low - 0.06 * (high - low or 1), high + 0.06 * (high - low or 1))
    marks = (("recipe", tested.lr, "ink", 0.94), ("suggested", tested.suggestion, "good", 0.86), ("diverges", tested.diverged, "bad", 0.78))
    for name, rate, role, height in marks:
        if rate:
            axes.axvline(rate, color=style.colour(role), linewidth=style.stroke, linestyle=(0, (4, 3)))
            words = axes.annotate(f"{name} {rate:.2g}", (rate, height), (4, 0), ("data", "axes fraction"), "offset points", va="center")
            words.set(color=style.colour(role), weight="bold")
    axes.set_xlabel("learning rate")
    axes.set_ylabel("loss")
    axes.grid(axis="y")
    page.y += 0.1 + tall + page.line(style.small) + page.line() + 0.25
    page.paragraph(note, "faint", style.small)
    return page.finish()
