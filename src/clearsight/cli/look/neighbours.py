"""`clearsight look neighbours MODEL PICTURE DATA`."""

import click

from ..common import json_option, print_json, quiet_option
from .common import Out, classes_option, embedded_pictures, opened, out_option, part_option, size_option, write_figure


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
    classes: int | None, out: Out | None, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Find the pictures of DATA whose features in MODEL are nearest to those of PICTURE, by their cosine."""
    import dataclasses

    from ...base.errors import plain
    from ...look.embedding import features, nearest

    subject = opened(model, size, classes, seed)
    own = features(subject, subject.inputs(picture))[0]
    rows, chosen, vectors = embedded_pictures(subject, data, part, pictures, seed, quiet)
    found = nearest(vectors, own, rows, chosen, most)
    if out:
        from ...reports.figures.embedding import neighbour_sheet

        thumbs, own_one = [subject.shown(rows.source(one.index)) for one in found], subject.shown(picture)
        title = f"{model}  {picture}"
        write_figure([neighbour_sheet(title, own_one, found, thumbs, trained=subject.trained, style=out.style)], out)
    if as_json:
        print_json([dataclasses.asdict(one) for one in found])
        return
    for one in found:
        click.echo(plain(f"{one.cosine:.4f}  {one.label:<20} {one.name}"))
