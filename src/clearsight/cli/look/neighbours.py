"""`clearsight look neighbours MODEL PICTURE DATA`."""

from pathlib import Path

import click

from ..common import json_option, print_json, quiet_option
from .common import chosen_pictures, classes_option, opened, out_option, part_option, size_option, write_figure


@click.command()
@click.argument("model")
@click.argument("picture")
@click.argument("data")
@click.option("--most", default=11, show_default=True, type=click.IntRange(1), help="How many neighbours.")
@click.option("--pictures", default=2000, show_default=True, type=click.IntRange(1), help="Among how many, drawn at random.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="The draw follows from it.")
@part_option
@size_option
@classes_option
@out_option
@json_option
@quiet_option
def neighbours(
    model: str, picture: str, data: str, most: int, pictures: int, seed: int, part: str, size: tuple[int, int, int] | None,
    classes: int | None, out: Path | None, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """The pictures of DATA that are most like PICTURE to MODEL: whose features have the smallest angle to its own."""
    import dataclasses

    from ...base.errors import plain
    from ...look.embedding import embedded, features, nearest
    from ...reports.figures.embedding import neighbour_sheet, shown

    subject = opened(model, size, classes, seed)
    own = features(subject, subject.inputs(picture))[0]
    rows, chosen, progress = chosen_pictures(data, part, pictures, seed, quiet)
    with progress:
        vectors = embedded(subject, rows, chosen, progress)
    found = nearest(vectors, own, rows, chosen, most)
    if out:
        write_figure([neighbour_sheet(f"{model}  {picture}", shown(subject, picture), found, rows, subject)], out)
    if as_json:
        print_json([dataclasses.asdict(one) for one in found])
        return
    for one in found:
        click.echo(plain(f"{one.cosine:.4f}  {one.label:<20} {one.name}"))
