"""mkdocs calls it when the site is built: the figures that live, each a page in `live/`, which live.md shows in frames."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from clearsight.look import convolution as on_paper
from clearsight.look.growth import growth
from clearsight.look.target import subject
from clearsight.models import facts
from clearsight.models.summary import summarise
from clearsight.reports.figures.convolution import curve_figure, frame
from clearsight.reports.figures.growth import pyramid_figure
from clearsight.reports.figures.history import ilsvrc_figure
from clearsight.reports.figures.network import network_figure
from clearsight.reports.figures.volume import volume_figure
from clearsight.reports.live.convolution import live_convolution, live_pooling, live_volume
from clearsight.reports.live.ilsvrc import live_ilsvrc
from clearsight.reports.live.network import live_network
from clearsight.reports.live.page import Live, page
from clearsight.reports.live.receptive_field import live_receptive_field

STACK = "conv3x3 conv3x3 conv3x3"


def convolution() -> tuple[Live, Figure]:
    """The lecture's filter."""
    found, title = on_paper.calculate(), on_paper.EXAMPLES["lecture"].title
    return live_convolution(found, title), frame(found, None, title)


def curve() -> tuple[Live, Figure]:
    """The curve detector."""
    found, other, title = (
        on_paper.calculate("curve"),
        on_paper.calculate("curve", picture=on_paper.NO_MATCH),
        on_paper.EXAMPLES["curve"].title,
    )
    shapes = {"match": found.picture[0], "another shape": other.picture[0]}
    return live_convolution(found, title, shapes), curve_figure(found, other, title)


def pooling() -> tuple[Live, Figure]:
    """The lecture's max pooling."""
    found, title = on_paper.calculate("maxpool"), on_paper.EXAMPLES["maxpool"].title
    return live_pooling(found, title), frame(found, None, title)


def volume() -> tuple[Live, Figure]:
    """Six filters of 5×5×3."""
    found, title = on_paper.calculate("volume", through="relu"), on_paper.EXAMPLES["volume"].title
    return live_volume(found, title), volume_figure(found, None, title)


def receptive_field() -> tuple[Live, Figure]:
    """Three 3×3 layers."""
    size, title = (3, 12, 12), "Three 3×3 layers see 7×7 pixels"
    network = subject(STACK, size).model
    drawn = pyramid_figure(title, growth(list(network.named_children())), None)
    return live_receptive_field(summarise(network, size), title), drawn


def network() -> tuple[Live, Figure]:
    """AlexNet as the lecture lists it."""
    name = "alexnet-lecture"
    found = facts.summary(name)
    return live_network(found, name), network_figure(name, found)


def ilsvrc() -> tuple[Live, Figure]:
    """The winners of ImageNet's challenge."""
    return live_ilsvrc(), ilsvrc_figure()


PAGES: dict[str, Callable[[], tuple[Live, Figure]]] = {
    made.__name__.replace("_", "-"): made for made in (convolution, curve, volume, pooling, receptive_field, network, ilsvrc)
}


def on_post_build(config: dict[str, Any]) -> None:
    """Write the pages into the site."""
    folder = Path(config["site_dir"], "live")
    folder.mkdir(parents=True, exist_ok=True)
    for name, made in PAGES.items():
        (folder / f"{name}.html").write_bytes(page(*made()))
