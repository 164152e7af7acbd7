"""`clearsight look receptive-field MODEL [PICTURE]`."""

from pathlib import Path

import click

from ..common import json_option, print_json
from .common import Place, classes_option, opened, out_option, size_option


@click.command()
@click.argument("model")
@click.argument("picture", required=False)
@click.option("--layer", default="", help="The layer whose unit is inspected (see `look summary`).")
@click.option("--at", type=Place(), help="The unit's row and column, from 0 (default: the middle).")
@size_option
@classes_option
@out_option
@json_option
def receptive_field(
    model: str,
    picture: str | None,
    layer: str,
    at: tuple[int, ...] | None,
    size: tuple[int, int, int] | None,
    classes: int | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """What of the picture the units of each layer can see: size, stride, padding, and whether that is exact.

    With --layer and --out the box is drawn, and next to it what the unit heeds, from gradients (on noise, without a PICTURE).
    """
    from ...base.errors import UsageError
    from ...look.receptive_field import as_json as rows_of
    from ...look.receptive_field import stack_sentence
    from ...models.summary import summarise
    from ...reports.figures.receptive_field import field_figure

    if bool(out) != bool(layer):
        raise UsageError("--layer and --out go together: a figure is of one unit.")
    subject = opened(model, size, classes)
    found = summarise(subject.model, subject.input_size)
    if as_json:
        print_json(rows_of(found))
    else:
        for row in rows_of(found):
            seen, step, pad = ("×".join(f"{n:g}" for n in row[key]) for key in ("size", "stride", "padding"))
            click.echo(f"{row['layer']:<40} {seen:>9}  stride {step:>7}  padding {pad:>15}  {row['status']}")
        plain = list(subject.model.children())
        if not subject.trained and type(subject.model).__name__ == "Sequential" and not any(list(one.children()) for one in plain):
            click.echo(f"\n{stack_sentence(plain)}.")
    if out:
        from .common import write_figure

        write_figure([field_figure(subject, found, layer, at, picture)], out)
