"""mkdocs calls it when the site is built: the figures that live, each a page in `live/`, which live.md shows in frames."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from clearsight.look import convolution as on_paper
from clearsight.look.growth import growth
from clearsight.look.target import subject
from clearsight.models import facts
from clearsight.reports.figures.convolution import curve_figure, frame
from clearsight.reports.figures.growth import pyramid_figure
from clearsight.reports.figures.history import ilsvrc_figure
from clearsight.reports.figures.network import network_figure
from clearsight.reports.figures.volume import volume_figure
from clearsight.reports.live.lecture import LECTURE, NETWORKS, STACK, STACK_INPUT
from clearsight.reports.live.page import Live, page


def convolution(title: str) -> Figure:
    """The lecture's filter."""
    return frame(on_paper.calculate(), None, title)


def curve(title: str) -> Figure:
    """The curve detector."""
    return curve_figure(on_paper.calculate("curve"), on_paper.calculate("curve", picture=on_paper.NO_MATCH), title)


def pooling(title: str) -> Figure:
    """The lecture's max pooling."""
    return frame(on_paper.calculate("maxpool"), None, title)


def volume(title: str) -> Figure:
    """Six filters of 5×5×3."""
    return volume_figure(on_paper.calculate("volume", through="relu"), None, title)


def stack(title: str) -> Figure:
    """Three 3×3 layers."""
    return pyramid_figure(title, growth(list(subject(STACK, STACK_INPUT).model.named_children())), None)


def alexnet(title: str) -> Figure:
    """AlexNet as the lecture lists it."""
    return network_figure(title, facts.summary(NETWORKS["alexnet"][0]))


def ilsvrc(_: str) -> Figure:
    """The winners of ImageNet's challenge."""
    return ilsvrc_figure()


# page → figure of the lecture, and what is printed of it
DRAWN: dict[str, tuple[str, Callable[[str], Figure]]] = {
    "convolution": ("convolution", convolution), "curve": ("curve", curve), "volume": ("volume", volume), "pooling": ("pooling", pooling),
    "receptive-field": ("stack", stack), "network": ("alexnet", alexnet), "ilsvrc": ("ilsvrc", ilsvrc),
}  # fmt: skip


def _made(name: str) -> tuple[Live, Figure]:
    live, still = DRAWN[name]
    found = LECTURE[live]()
    return found, still(found.title)


PAGES: dict[str, Callable[[], tuple[Live, Figure]]] = {name: lambda name=name: _made(name) for name in DRAWN}


def on_post_build(config: dict[str, Any]) -> None:
    """Write the pages into the site."""
    folder = Path(config["site_dir"], "live")
    folder.mkdir(parents=True, exist_ok=True)
    for name, made in PAGES.items():
        (folder / f"{name}.html").write_bytes(page(*made()))
