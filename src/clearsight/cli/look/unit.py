"""`clearsight look unit MODEL PICTURE`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..common import json_option, print_json
from .common import (
    LAYER_HELP,
    Out,
    Place,
    classes_option,
    npz_option,
    numbers,
    opened,
    out_option,
    seed_option,
    size_option,
    untrained,
    write_figure,
    write_npz,
)

if TYPE_CHECKING:
    from ...look.unit import Recomputation


@click.command()
@click.argument("model")
@click.argument("picture")
@click.option("--layer", default="", help=f"{LAYER_HELP}.")
@click.option("--channel", type=click.IntRange(0), help="Its channel, from 0 (default: the most active).")
@click.option("--at", type=Place(), help="Row and column, from 0 (default: the middle); a token's number where there are tokens.")
@click.option("--most", default=10, show_default=True, type=click.IntRange(1), help="How many contributions to list.")
@size_option
@classes_option
@seed_option
@out_option
@npz_option
@json_option
def unit(
    model: str, picture: str, layer: str, channel: int | None, at: tuple[int, ...] | None, most: int,
    size: tuple[int, int, int] | None, classes: int | None, seed: int, out: Out | None, npz: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Recompute one number of MODEL for PICTURE in double precision, term by term, and compare it with the network's.

    For a convolution the terms are patch times kernel, one sum for each input channel; batch norm, activation and shortcut follow.
    As .html every term can be pointed at.
    """
    from ...look.defaults import last_convolution, most_active
    from ...look.unit import recompute_unit

    subject = opened(model, size, classes, seed)
    x = subject.inputs(picture)
    layer = layer or last_convolution(subject.model)
    channel = most_active(subject.model, x, layer, 1)[0] if channel is None else channel
    result = recompute_unit(subject.model, x, layer, channel, at)
    arrays = {name: values.numpy() for name, values in (("patch", result.patch), ("kernel", result.kernel)) if values is not None}
    write_npz(npz, contributions=result.contributions, **arrays)
    if out:
        from ...reports.figures.unit import unit_figure
        from ...reports.live.unit import live_unit

        drawn = unit_figure(f"{subject.name}  {result.place}", result, most, trained=subject.trained, style=out.style)
        write_figure([drawn], out, lambda: live_unit(result, f"{subject.name}{untrained(subject)}: {result.place}"))
    if as_json:
        print_json(result.to_json())
    else:
        _tell(result, most)
    if not result.equal:
        click.get_current_context().exit(1)


def _tell(result: "Recomputation", most: int) -> None:
    from ...look.unit import strongest

    click.echo(f"{result.place}\n")
    order = strongest(result)
    if result.patch is not None and result.kernel is not None:
        top = order[0]
        click.echo(
            f"input channel {result.first_channel + top}, patch\n{numbers(result.patch[top])}\n\nkernel\n{numbers(result.kernel[top])}\n"
        )
    largest = max((abs(value) for value in result.contributions), default=0) or 1
    for i in order[:most]:
        value = result.contributions[i]
        click.echo(f"{result.first_channel + i:>6}  {value:>+13.6g}  {'█' * round(30 * abs(value) / largest)}")
    rest = sum(result.contributions[i] for i in order[most:])
    if len(order) > most:
        click.echo(f"{len(order) - most:>5}…  {rest:>+13.6g}")
    click.echo(f"  bias  {result.bias:>+13.6g}")
    for step in result.steps:
        click.echo(f"{step['operation'].replace('_', ' '):<40} {step['value']:.9g}")
    verdict = "equals the network's own value to 1e-5" if result.equal else "DIFFERS from the network's own value"
    click.echo(f"\nrecomputed {result.recomputed:.9g}, network {result.value:.9g}: {verdict}.")
    for step in result.then:
        told = "as in the network" if step["equal"] else f"the network has {step['value']:.9g}"
        click.echo(f"then {step['operation'].replace('_', ' ')}: {step['recomputed']:.9g}, {told}.")
