"""`clearsight look robustness DATA [MODEL...]`."""

import click

from ..common import json_option, print_json
from .common import Out, opened, out_option, part_option, write_figure

FEATURES = ("pixels", "histogram", "dog", "gabor", "hog")


@click.command()
@click.argument("data")
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@part_option
@click.option("--n", default=100, show_default=True, type=click.IntRange(4), help="How many pictures, drawn from the part.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Which pictures are drawn.")
@out_option
@json_option
def robustness(data: str, models: tuple[str, ...], part: str, n: int, seed: int, out: Out | None, as_json: bool) -> None:
    """Measure how far features move under light and deformation, in distances to pictures of other classes.

    MODEL is a hand-designed feature (default: pixels, histogram, dog, gabor, hog), or a run folder. A robust description stays near 0
    where the label stays the same; at 1 a changed picture is as far away as one of another class.

    \b
      clearsight look robustness photos --out robust.png
      clearsight look robustness digits pixels hog runs/digits-lenet5
    """
    from ...base.errors import unknown
    from ...datasets.open import open_dataset
    from ...look.handmade.robustness import robustness as measure
    from ...look.handmade.seen import by_hand, subject_by_hand

    parts = open_dataset(data).parts
    if part and part not in parts:
        raise unknown("part", part, parts)
    rows = parts[part or next(iter(parts))]
    subjects = [subject_by_hand(name, rows.picture(0)) if by_hand(name) else opened(name) for name in models or FEATURES]
    found = [measure(one, rows, n, seed) for one in subjects]
    if out:
        from ...reports.figures.handmade.robustness import robustness_figure

        write_figure([robustness_figure(f"{data}: how far features move when a picture changes", found, style=out.style)], out)
    if as_json:
        print_json([one.to_json() for one in found])
        return
    click.echo(f"{'':<16}" + "".join(f"{name[:11]:>12}" for name in (one.name for one in found)))
    for change in found[0].moved:
        click.echo(f"{change:<16}" + "".join(f"{one.moved[change]:>12.3f}" for one in found))
    click.echo(f"0: the features stay; 1: as far as a picture of another class (medians, n = {found[0].n})")
