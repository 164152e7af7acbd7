"""`clearsight look filters MODEL`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..common import json_option, print_json
from .common import Out, classes_option, npz_option, opened, out_option, seed_option, size_option, write_figure, write_npz

if TYPE_CHECKING:
    from ...look.linear.templates import Templates
    from ...look.target import Subject


@click.command()
@click.argument("model")
@click.option("--layer", default="", help="The convolution (default: the first).")
@click.option(
    "--scale", type=click.Choice(("own", "shared")), default="own", show_default=True, help="One colour range a filter, or for all."
)
@click.option("--most", default=256, show_default=True, type=click.IntRange(1), help="How many filters to draw.")
@size_option
@classes_option
@seed_option
@out_option
@npz_option
@json_option
def filters(
    model: str, layer: str, scale: str, most: int, size: tuple[int, int, int] | None, classes: int | None, seed: int,
    out: Out | None, npz: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Draw the kernels of a convolution of MODEL, or a bank designed by hand (gabor, dog).

    The dead, the duplicates, and those like a Gabor filter are counted.

    Of softmax regression on pixels the templates are drawn, one for each class: red is evidence for it, blue against it.

    Kernels of three input channels are drawn in colour, zero being mid-grey; others as their mean over the channels, zero being white.
    """
    from ...look.filters import described, kernels
    from ...look.linear.templates import templates
    from ...models.handmade.dog import Filtered

    subject = opened(model, size, classes, seed)
    if not layer and (found := templates(subject)):
        _templates(subject, found, scale, most, out, npz, as_json)
        return
    name, weights = kernels(subject.model, layer)
    rows, by_hand = described(weights), isinstance(subject.model, Filtered)  # gabor, dog
    write_npz(npz, weights=weights.numpy())
    if out:
        from ...reports.figures.maps import filter_sheet

        trained = subject.trained or by_hand
        write_figure([filter_sheet(f"{model}  {name}", weights, scale, most, trained=trained, style=out.style)], out)
    if as_json:
        print_json({"layer": name, "shape": list(weights.shape), "filters": [row.to_json() for row in rows]})
        return
    click.echo(f"{name}: {'×'.join(map(str, weights.shape))} (filters × input channels × rows × columns)")
    if by_hand:  # all are Gabor functions, or none is: nothing to count
        return
    simple = sum(row.gabor > 0.8 for row in rows)
    twins = sum(row.similarity > 0.98 for row in rows)
    click.echo(f"{sum(row.dead for row in rows)} dead, {twins} with a near twin, {simple} like a Gabor (correlation above 0.8)")


def _templates(
    subject: "Subject", found: "Templates", scale: str, most: int, out: Out | None, npz: Path | None, as_json: bool
) -> None:  # fmt: skip
    """The templates of softmax regression on pixels."""
    write_npz(npz, weights=found.weights, bias=found.bias)
    if out:
        from ...reports.figures.linear.templates import template_sheet

        title = f"{subject.name}: a template for each class"
        write_figure([template_sheet(title, found, scale, most, trained=subject.trained, style=out.style)], out)
    if as_json:
        print_json(found.to_json())
        return
    classes, channels, height, width = found.weights.shape
    sizes = f"{classes} templates of {height}×{width}×{channels} weights (rows × columns × channels)"
    click.echo(f"{sizes}, {classes} biases: {found.parameters:,} parameters")
    for row in found.to_json()["templates"][:most]:
        click.echo(
            f"  {row['class'][:24]:<24} evidence for {row['for']:>+10.3f}, against {row['against']:>+10.3f}, bias {row['bias']:>+8.3f}"
        )
    click.echo("next       clearsight look softmax MODEL PICTURE applies them to a picture")
