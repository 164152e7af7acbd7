"""`clearsight look receptive-field MODEL [PICTURE]`."""

import click

from ..common import json_option, print_json
from .common import Out, Place, classes_option, opened, out_option, size_option, write_figure


@click.command()
@click.argument("model")
@click.argument("picture", required=False)
@click.option("--layer", default="", help="The layer of the unit (see `look summary`).")
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
    out: Out | None,
    as_json: bool,
) -> None:
    """List the receptive field of each layer: size, stride, padding, and whether that is exact.

    With --layer and --out the theoretical field of one unit is drawn, and next to it the effective one, from gradients (on noise,
    without a PICTURE). As .html every unit of every layer can be pointed at.
    """
    from ...base.errors import UsageError
    from ...look.receptive_field import as_json as rows_of
    from ...look.receptive_field import stack_sentence
    from ...models.summary import summarise

    if bool(out) != bool(layer):
        raise UsageError("--layer and --out go together: a figure is of one unit.")
    subject = opened(model, size, classes)
    found = summarise(subject.model, subject.input_size)
    if as_json:
        print_json(rows_of(found))
    else:
        click.echo(f"{'layer':<40} {'field':>9}  {'stride':>14}  {'top, bottom, left, right':>23}  status")
        for row in rows_of(found):
            seen, step, pad = ("×".join(f"{n:g}" for n in row[key]) for key in ("size", "stride", "padding"))
            click.echo(f"{row['layer']:<40} {seen:>9}  stride {step:>7}  padding {pad:>15}  {row['status']}")
        plain = list(subject.model.children())
        if not subject.trained and type(subject.model).__name__ == "Sequential" and not any(list(one.children()) for one in plain):
            click.echo(f"\n{stack_sentence(plain)}.")
    if out:
        from ...look.receptive_field import unit_field
        from ...reports.figures.receptive_field import field_figure
        from ...reports.live.receptive_field import live_receptive_field

        of_unit = unit_field(subject, found, layer, at, picture)
        title = f"{subject.name}  {layer} at {of_unit.at[0]},{of_unit.at[1]}"
        drawn = field_figure(title, of_unit, trained=subject.trained, style=out.style)
        write_figure([drawn], out, lambda: live_receptive_field(found, f"Receptive field: {subject.name}", layer))
