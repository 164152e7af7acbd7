"""`clearsight look receptive-field MODEL [PICTURE]`."""

from typing import TYPE_CHECKING, Any

import click

from ..columns import print_columns
from ..common import json_option, print_json
from .common import Out, Place, classes_option, opened, out_option, size_option, write_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...look.growth import Level, Measured
    from ...look.target import Subject


@click.command()
@click.argument("model")
@click.argument("picture", required=False)
@click.option("--layer", default="", help="The layer of the unit (see `look summary`).")
@click.option("--at", type=Place(), help="The unit's row and column, from 0 (default: the middle).")
@click.option("--measure", is_flag=True, help="Also measure the field of up to six layers by their gradient.")
@click.option("--channels", type=click.IntRange(1, 100_000), help="Count the weights of a stack for so many channels in each layer.")
@size_option
@classes_option
@out_option
@json_option
def receptive_field(
    model: str,
    picture: str | None,
    layer: str,
    at: tuple[int, ...] | None,
    measure: bool,
    channels: int | None,
    size: tuple[int, int, int] | None,
    classes: int | None,
    out: Out | None,
    as_json: bool,
) -> None:
    """List the receptive field of each layer: size, stride, padding, and whether that is exact.

    For a stack of convolutions also the weights so far, and those of one convolution that sees as much. --out draws how the field grows:
    a stack as one unit above all that it sees, any other network by the gradients of its layers. With --layer one unit is drawn, its
    theoretical field and next to it the effective one, from gradients (on noise, without a PICTURE). As .html every unit of every layer
    can be pointed at.

    \b
      clearsight look receptive-field "conv3x3 conv3x3 conv3x3" --channels 64 --out grown.png
      clearsight look receptive-field resnet18 --measure --out measured.png
      clearsight look receptive-field vgg16 cat.jpg --layer trunk.30 --out unit.png
    """
    from ...base.errors import UsageError
    from ...look.growth import growth, measured
    from ...look.receptive_field import as_json as rows_of
    from ...models.summary import summarise

    if not layer and (picture or at):
        raise UsageError("PICTURE and --at are for one unit: name its --layer.")
    subject = opened(model, size, classes)
    found = summarise(subject.model, subject.input_size)
    levels = [] if subject.trained else growth(list(subject.model.named_children()))
    if channels and not levels:
        raise UsageError("--channels is for a stack of convolutions, such as 'conv3x3 conv3x3 conv3x3'.")
    out = out if out and (out.named or layer or levels) else None  # gradients of a whole network take their time
    by_gradient = measured(subject, found) if measure or (out and not layer and not levels) else []
    rows = [_row(row, levels, channels, by_gradient) for row in rows_of(found)]
    if as_json:
        print_json(rows)
    else:
        _print(rows, subject, channels, bool(by_gradient))
    if out and layer:
        _write_unit(out, subject, found, layer, at, picture)
    elif out:
        from ...reports.live.receptive_field import live_receptive_field

        drawn = _grown(subject, levels if not measure else [], by_gradient, channels, out)
        write_figure([drawn], out, lambda: live_receptive_field(found, f"Receptive field: {subject.name}"))


def _row(row: Any, levels: "list[Level]", channels: int | None, by_gradient: "list[Measured]") -> dict[str, Any]:
    """A layer as JSON; of a stack with its weights, and with the measured field where there is one."""
    more: dict[str, Any] = {}
    for level in levels:
        if level.layer == row["layer"]:
            times = channels**2 if channels else 1
            unit = "" if channels else "_c2"
            more = {f"weights{unit}": level.weights * times, f"weights_of_one{unit}": level.single * times}
    for one in by_gradient:
        if one.layer == row["layer"]:
            more |= {"measured": list(one.extent), "share": one.share}
    return {**row, **more}


def _print(rows: list[dict[str, Any]], subject: "Subject", channels: int | None, measured: bool) -> None:
    from ...look.receptive_field import stack_sentence

    unit = "" if channels else "C²"
    stack = any("weights_of_one" in key for row in rows for key in row)
    head = [
        "layer",
        "field",
        *(["measured"] if measured else []),
        "stride",
        "padding (t b l r)",
        *(["weights", "as one layer"] if stack else []),
        "status",
    ]
    lines = [head]
    for row in rows:
        seen, step = ("×".join(f"{n:g}" for n in row[key]) for key in ("size", "stride"))
        pad = " ".join(f"{n:g}" for n in row["padding"])
        gradient = ["×".join(map(str, row["measured"])) if "measured" in row else ""] if measured else []
        weights = [f"{value:,}{unit}" for key, value in row.items() if key.startswith("weights")] or [""] * (2 * stack)
        lines.append([row["layer"], seen, *gradient, step, pad, *weights, row["status"]])
    print_columns(lines, right=tuple(range(1, len(head) - 1)), less=(head.index("padding (t b l r)"), head.index("stride")))
    plain = list(subject.model.children())
    if not subject.trained and type(subject.model).__name__ == "Sequential" and not any(list(one.children()) for one in plain):
        click.echo(f"\n{stack_sentence(plain)}.")


def _grown(subject: "Subject", levels: "list[Level]", by_gradient: "list[Measured]", channels: int | None, out: Out) -> "Figure":
    from ...reports.figures.growth import measured_figure, pyramid_figure

    if levels:
        side = levels[-1].field
        return pyramid_figure(f"{subject.name}: one unit sees {side}×{side}", levels, channels, style=out.style)
    return measured_figure(f"{subject.name}: the receptive field grows", by_gradient, trained=subject.trained, style=out.style)


def _write_unit(out: Out, subject: "Subject", found: Any, layer: str, at: tuple[int, ...] | None, picture: str | None) -> None:
    from ...look.receptive_field import unit_field
    from ...reports.figures.receptive_field import field_figure
    from ...reports.live.receptive_field import live_receptive_field

    of_unit = unit_field(subject, found, layer, at, picture)
    title = f"{subject.name}  {layer} at {of_unit.at[0]},{of_unit.at[1]}"
    drawn = field_figure(title, of_unit, trained=subject.trained, style=out.style)
    write_figure([drawn], out, lambda: live_receptive_field(found, f"Receptive field: {subject.name}", layer))
