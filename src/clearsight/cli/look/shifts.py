"""`clearsight look shifts MODEL...`."""

from typing import TYPE_CHECKING

import click

from ..common import PART_HELP, json_option, print_json, quiet_option
from ..common import opened as classifier_of
from .common import Out, out_option, write_figure

if TYPE_CHECKING:
    from ...evaluation.shifts import Shifts


@click.command()
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option("--data", help="The pictures (default: the data that the first MODEL was trained on, by its own split).")
@click.option("--part", "--split", "part", default="test", show_default=True, help=PART_HELP)
@click.option("--by", default=1, show_default=True, type=click.IntRange(1, 8), help="Pixels in each direction.")
@click.option("--n", default=1000, show_default=True, type=click.IntRange(1), help="How many pictures, drawn from the part.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Which pictures are drawn.")
@out_option
@json_option
@quiet_option
def shifts(
    models: tuple[str, ...], data: str | None, part: str, by: int, n: int, seed: int, out: Out | None, as_json: bool, quiet: bool
) -> None:
    """Measure the accuracy of each MODEL when every picture is shifted by one pixel: up, down, left, right.

    Softmax regression on pixels has a weight for each pixel, so that a shift that no one notices changes its answers; features that are
    pooled bear it better. A pixel is one of the stored picture in any size of the input; border pixels are repeated.

    \b
      clearsight look shifts runs/templates runs/digits-lenet5 --out shifts.png
    """
    from ...base.errors import plain
    from ...evaluation.held_out import choose
    from ...evaluation.shifts import shifts as measure

    classifiers = [classifier_of(model, quiet=quiet) for model in models]
    chosen = choose(models[0], data, part, others=models[1:], quiet=quiet)
    for note in () if quiet else chosen.notes:
        click.echo(plain(note), err=True)
    settings = {"by": by, "n": n, "seed": seed}
    found = [measure(one, chosen.dataset, model, quiet=quiet, **settings) for one, model in zip(classifiers, models, strict=True)]
    if out:
        from ...reports.figures.shifts import shift_figure

        write_figure([shift_figure(f"{chosen.name}, {chosen.part}: pictures shifted by {by} px", found, style=out.style)], out)
    if as_json:
        print_json([one.to_json() for one in found])
        return
    for one in found:
        _tell(one)


def _tell(one: "Shifts") -> None:
    from ...base.errors import plain

    known, steps = one.unshifted, range(-one.by, one.by + 1)
    click.echo(plain(f"{one.name}: {known['top1']:.1%} ({known['low']:.1%} to {known['high']:.1%}) as it is, n = {known['n']:,}"))
    click.echo(f"{'':>10}" + "".join(f"{_words(x, 'left', 'right'):>9}" for x in steps))
    for y, row in zip(steps, one.grid, strict=True):
        click.echo(f"{_words(y, 'up', 'down'):>10}" + "".join(f"{share['top1']:>9.1%}" for share in row))
    click.echo(f"mean of the shifts {one.mean:.1%}")


def _words(step: int, before: str, after: str) -> str:
    return "0" if not step else f"{before} {-step}" if step < 0 else f"{after} {step}"
