"""mkdocs calls it when the site is built: the figures that live, each a page in `live/`, which live.md shows in frames."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from clearsight.look import convolution as on_paper
from clearsight.look.target import subject
from clearsight.models.summary import summarise
from clearsight.reports.figures.convolution import frame
from clearsight.reports.live.convolution import live_convolution, live_pooling
from clearsight.reports.live.page import Live, page
from clearsight.reports.live.receptive_field import live_receptive_field

STACK = "conv3x3 conv3x3 conv3x3"


def convolution() -> tuple[Live, Figure]:
    """The lecture's filter."""
    found, title = on_paper.lecture(), "A filter slides over a picture"
    return live_convolution(found, title), frame(found, len(found.steps) - 1, title)


def curve() -> tuple[Live, Figure]:
    """The curve detector."""
    found, title = on_paper.convolve(on_paper.MATCH, on_paper.CURVE), "A curve detector"
    shapes = {"match": on_paper.MATCH, "another shape": on_paper.NO_MATCH}
    return live_convolution(found, title, shapes), frame(found, 0, title, False)


def pooling() -> tuple[Live, Figure]:
    """The lecture's max pooling."""
    found, title = on_paper.convolve(on_paper.POOLED, ((1,),)), "Max pooling"
    return live_pooling(found, title), frame(found, len(found.steps) - 1, title, False)


def receptive_field() -> tuple[Live, Figure]:
    """Three 3×3 layers."""
    size = (3, 12, 12)
    return live_receptive_field(summarise(subject(STACK, size).model, size), "Three 3×3 layers see 7×7 pixels"), Figure()


PAGES: dict[str, Callable[[], tuple[Live, Figure]]] = {
    made.__name__.replace("_", "-"): made for made in (convolution, curve, pooling, receptive_field)
}


def on_post_build(config: dict[str, Any]) -> None:
    """Write the pages into the site."""
    folder = Path(config["site_dir"], "live")
    folder.mkdir(parents=True, exist_ok=True)
    for name, made in PAGES.items():
        (folder / f"{name}.html").write_bytes(page(*made()))
