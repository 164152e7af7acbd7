"""`clearsight look preprocessing MODEL PICTURE`."""

import dataclasses

import click

from ..common import json_option, print_json
from .common import Out, classes_option, opened, out_option, size_option, write_figure


@click.command()
@click.argument("model")
@click.argument("picture")
@size_option
@classes_option
@out_option
@json_option
def preprocessing(model: str, picture: str, size: tuple[int, int, int] | None, classes: int | None, out: Out | None, as_json: bool) -> None:
    """Show PICTURE at every stage of preprocessing for MODEL, and the answers that common mistakes would give.

    A mistake that changes nothing for this picture and network is left out.
    """
    from ...base.errors import plain
    from ...look.preprocessing_steps import answers, stages

    subject = opened(model, size, classes)
    way, told = stages(subject.preprocessing, picture), answers(subject, picture)
    if out:
        from ...reports.figures.preprocessing import preprocessing_figure

        title = f"{model}  {picture}"
        write_figure([preprocessing_figure(title, way, told, trained=subject.trained, style=out.style)], out)
    if as_json:
        steps = [{"name": one.name, "says": one.says, "shape": list(one.pixels.shape)} for one in way]
        print_json({"stages": steps, "answers": [dataclasses.asdict(one) for one in told]})
        return
    for i, one in enumerate(way, 1):
        click.echo(f"{i}. {one.name:<9} {one.says}")
    click.echo()
    for answer in told:
        mark = "CHANGED" if answer.changed else ""
        click.echo(plain(f"{answer.mistake or 'right':<20} {answer.label} {answer.probability:.1%} {mark:<8} {answer.says}"))
