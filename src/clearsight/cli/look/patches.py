"""`clearsight look patches MODEL DATA`."""

import click

from ..common import json_option, print_json
from .common import LAYER_HELP, Out, classes_option, opened, out_option, size_option, write_figure


@click.command()
@click.argument("model")
@click.argument("data")
@click.option("--layer", default="", help=f"{LAYER_HELP}.")
@click.option(
    "--channel", "channels", multiple=True, type=click.IntRange(0), help="Its channel; may be given again (default: the 4 most active)."
)
@click.option("--most", default=9, show_default=True, type=click.IntRange(1), help="How many patches a channel.")
@click.option("--pictures", default=1000, show_default=True, type=click.IntRange(1), help="How many pictures of DATA to search.")
@click.option("--deconvnet", is_flag=True, help="Beneath them what the deconvnet leads back to (networks with ReLUs).")
@size_option
@classes_option
@out_option
@json_option
def patches(
    model: str, data: str, layer: str, channels: tuple[int, ...], most: int, pictures: int, deconvnet: bool,
    size: tuple[int, int, int] | None, classes: int | None, out: Out | None, as_json: bool,
) -> None:  # fmt: skip
    """Find the patches in the pictures of DATA that activate the channels of a layer most."""
    from ...look.defaults import last_convolution
    from ...look.patches import search

    subject = opened(model, size, classes)
    layer = layer or last_convolution(subject.model)
    found = search(subject, data, layer, channels, most, pictures, deconvnet)
    if out:
        from ...reports.figures.maps import patch_sheet

        write_figure([patch_sheet(f"{model}  {layer}", found, trained=subject.trained, style=out.style)], out)
    if as_json:
        print_json([row.to_json() for row in found])
        return
    for row in found:
        click.echo(f"{layer}, channel {row.channel}: {row.value:.6g}  {row.name}  at {row.y},{row.x}")
