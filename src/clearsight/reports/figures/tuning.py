"""The stages of a network as blocks, frozen in grey and trained in colour, for each phase of fine-tuning."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from ...look.tuning import Phase, Stage
from ..style import PRINT, Style, styled
from .page import EDGE, Page, cut, measure

BETWEEN = 0.1  # inches between blocks
MOST = {"print": 99, "slide": 4}  # phases


@styled
def tuning_figure(title: str, stages: Sequence[Stage], phases: Sequence[Phase], *, style: Style = PRINT) -> Figure:
    """A row of blocks for each phase, from the picture (left) to the head (right); below, how many parameters are trained."""
    page = Page(style, title)
    whole = sum(stage.parameters for stage in stages)
    shown = phases[: MOST[style.size]]
    wide = (page.inner + BETWEEN) / len(stages) - BETWEEN
    tall = min(2.0, (page.room - page.line()) / len(shown) - page.line() - 0.2) if style.slide else 0.6
    if style.slide and len(shown) == 1:
        page.y += (page.room - tall) / 3
    for phase in shown:
        for k, stage in enumerate(stages):
            _block(page, stage, stage.name in phase.trained, EDGE + k * (wide + BETWEEN), wide, tall)
        page.y += tall + 0.06
        words = f"{phase.name}: {phase.parameters:,} of {whole:,} parameters trained ({phase.parameters / whole:.1%})"
        if phase.parameters == whole:
            words = f"{phase.name}: all {whole:,} parameters trained"
        page.paragraph(words, "ink", most=1)
        page.y += 0.12
    more = f"; {len(phases) - len(shown)} more phases, a stage more in each" if len(shown) < len(phases) else ""
    page.paragraph(f"Grey: frozen{more}", "faint", most=1)
    return page.finish()


def _block(page: Page, stage: Stage, trained: bool, x: float, wide: float, tall: float) -> None:
    style = page.style
    page.box(x, page.y, wide, tall, style.colour("accent" if trained else "line"), style.colour("accent" if trained else "line"))
    role = "paper" if trained else "ink"
    name = stage.name  # of net.trunk.0 the end tells one block from the next
    while not name.partition(".")[2].isdigit() and "." in name and measure(name, style.text) > wide - 0.04:
        name = name.partition(".")[2]
    for k, words in enumerate((name, short_count(stage.parameters))):
        y = page.y + tall / 2 + (k - 0.5) * page.line()
        page.text(x + wide / 2, y, cut(words, style.text, wide - 0.04), role, ha="center", va="center")


def short_count(count: int) -> str:
    """`9.4k`, `11.2M`."""
    for limit, unit in ((1_000_000, "M"), (1000, "k")):
        if count >= limit:
            return f"{count / limit:.3g}{unit}"
    return str(count)
