"""`clearsight look preprocessing MODEL PICTURE`."""

import dataclasses

import click

from ..common import json_option, print_json
from .common import Out, Place, classes_option, opened, out_option, size_option, write_figure


@click.command()
@click.argument("model")
@click.argument("picture")
@click.option("--at", type=Place(), help="Also what becomes of the pixel at this row and column of the picture at MODEL's size, from 0.")
@size_option
@classes_option
@out_option
@json_option
def preprocessing(
    model: str, picture: str, at: tuple[int, ...] | None, size: tuple[int, int, int] | None, classes: int | None, out: Out | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Show PICTURE at every stage of preprocessing for MODEL, and the answers that common mistakes would give.

    A mistake that changes nothing for this picture and network is left out.
    """
    from ...base.errors import plain, wrong
    from ...look.preprocessing_steps import answers, pixels_at, stages

    if at is not None and len(at) != 2:
        raise wrong("--at", "a row and a column, from 0, as in 5,9", ",".join(map(str, at)))
    subject = opened(model, size, classes)
    pixels = pixels_at(subject.preprocessing, picture, *at) if at else []
    way, told = stages(subject.preprocessing, picture), answers(subject, picture)
    if out:
        from ...reports.figures.preprocessing import preprocessing_figure

        title = f"{model}  {picture}"
        write_figure([preprocessing_figure(title, way, told, trained=subject.trained, style=out.style)], out)
    if as_json:
        steps = [{"name": one.name, "says": one.says, "shape": list(one.pixels.shape)} for one in way]
        more = {"pixels": [dataclasses.asdict(one) for one in pixels]} if at else {}
        print_json({"stages": steps, "answers": [dataclasses.asdict(one) for one in told], **more})
        return
    for i, one in enumerate(way, 1):
        click.echo(f"{i}. {one.name:<9} {one.says}")
    for pixel in pixels:
        number = f"({pixel.level} / 255 − {pixel.mean:.4g}) / {pixel.std:.4g} = {pixel.value:.6g}"
        click.echo(f"   row {pixel.row}, column {pixel.column}, {pixel.colour}: {number}")
    click.echo()
    for answer in told:
        mark = "CHANGED" if answer.changed else ""
        click.echo(plain(f"{answer.mistake or 'right':<20} {answer.label} {answer.probability:.1%} {mark:<8} {answer.says}"))
