"""`clearsight look maximise MODEL`."""

from pathlib import Path

import click

from ..common import json_option, print_json, quiet_option
from .common import LAYER_HELP, Out, classes_option, npz_option, opened, out_option, seed_option, size_option, write_figure, write_npz


@click.command()
@click.argument("model")
@click.option("--layer", default="", help=f"{LAYER_HELP}; the last layer's channels are the classes.")
@click.option(
    "--channel",
    "channels",
    multiple=True,
    type=click.IntRange(0),
    help="Its channel; may be given again (default: 4 of the largest weights).",
)
@click.option("--steps", default=256, show_default=True, type=click.IntRange(1), help="How long to search.")
@size_option
@classes_option
@seed_option
@out_option
@npz_option
@json_option
@quiet_option
def maximise(
    model: str, layer: str, channels: tuple[int, ...], steps: int, size: tuple[int, int, int] | None, classes: int | None,
    seed: int, out: Out | None, npz: Path | None, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Optimise a picture to excite a channel of MODEL, with the colours and the smoothness of natural pictures.

    Such a picture shows one way to excite the channel, not all of them: compare it with `look patches`.
    """
    from ...base.progress import Progress
    from ...look.defaults import largest, last_convolution
    from ...look.maximise import maximised

    subject = opened(model, size, classes, seed)
    layer = layer or last_convolution(subject.model)
    channels = channels or tuple(largest(subject.model, layer))
    with Progress("steps", steps * len(channels), "steps", quiet=quiet) as progress:
        found = [maximised(subject, layer, channel, steps, seed, progress) for channel in channels]
    if out:
        from ...reports.figures.maps import ideal_sheet

        write_figure([ideal_sheet(f"{model}  {layer}", found, trained=subject.trained, style=out.style)], out)
    write_npz(npz, **{f"channel{one.channel}": one.pixels.numpy() for one in found})
    if as_json:
        print_json([one.to_json() for one in found])
        return
    for one in found:
        click.echo(f"{layer}, channel {one.channel}: {one.before:.6g} → {one.after:.6g} in {steps} steps")
