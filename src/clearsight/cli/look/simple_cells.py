"""`clearsight look simple-cells [DATA]`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..common import json_option, print_json, quiet_option
from .common import Out, chosen_pictures, npz_option, opened, out_option, part_option, write_figure, write_npz

if TYPE_CHECKING:
    from ...look.simple_cells.cells import Cells

MOST_PICTURES = 1000  # to learn from; of larger sets they are drawn at random


@click.command()
@click.argument("data", default="photos")
@click.option(
    "--method", type=click.Choice(("sparse", "ica")), default="sparse", show_default=True,
    help="Sparse coding, or independent component analysis.",
)  # fmt: skip
@click.option("--filters", "count", default=100, show_default=True, type=click.IntRange(2, 1000), help="How many to learn.")
@click.option("--patch", "side", default=12, show_default=True, type=click.IntRange(6, 32), help="Their side in px.")
@click.option("--patches", default=20_000, show_default=True, type=click.IntRange(500), help="How many patches to learn from.")
@click.option("--compare", multiple=True, metavar="MODEL", help="Also the first layer of this network; may be given again.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="The patches and the start follow from it.")
@part_option
@out_option
@npz_option
@json_option
@quiet_option
def simple_cells(
    data: str, method: str, count: int, side: int, patches: int, compare: tuple[str, ...], seed: int, part: str, out: Out | None,
    npz: Path | None, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Learn filters from the photographs of DATA without labels, and fit a Gabor function to each, as to simple cells of the cortex.

    An R² of 0.7 or more counts as a Gabor function: at least half of the filters learnt from natural photographs have it, as the cells
    that Hubel and Wiesel found. --compare puts the first layer of a network next to them, and marks untrained ones.

    \b
      clearsight look simple-cells --out cells.png
      clearsight look simple-cells --method ica --compare package:efficientnet_lite0 --compare alexnet --out cells.png
    """
    from ...look.filters import kernels
    from ...look.simple_cells.cells import layer_cells, learnt_cells

    rows, chosen, _ = chosen_pictures(data, part, MOST_PICTURES, seed, quiet)
    learnt = learnt_cells(rows.subset(chosen), data, method, count, side, patches, seed, quiet)
    others = []
    for model in compare:
        subject = opened(model)
        layer, weights = kernels(subject.model)
        others.append(layer_cells(f"{model} {layer}", weights, subject.trained, quiet))
    write_npz(npz, filters=learnt.filters)
    if out:
        from ...reports.figures.simple_cells import cells_figure

        write_figure([cells_figure(learnt, others, style=out.style)], out)
    if as_json:
        print_json({"learnt": learnt.to_json(), "networks": [one.to_json() for one in others]})
        return
    click.echo(f"{len(learnt.filters)} filters by {learnt.learnt} in {learnt.cpu_seconds:.1f} s of processor time")
    for one in (learnt, *others):
        click.echo(_line(one))


def _line(one: "Cells") -> str:
    size = "×".join(map(str, one.filters.shape))
    state = "" if one.trained else ", UNTRAINED"
    if not one.fits:
        return f"{one.name}: {size}{state}: too small to test for Gabor functions"
    return f"{one.name}: {size}{state}: {one.share:.0%} are Gabor functions (R² ≥ 0.7), median R² {one.median:.2f}"
