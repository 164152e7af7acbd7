"""`clearsight look features MODEL PICTURE`."""

from pathlib import Path

import click

from ..common import json_option, print_json
from .common import Out, classes_option, npz_option, opened, out_option, seed_option, size_option, untrained, write_figure, write_npz


@click.command()
@click.argument("model")
@click.argument("picture")
@click.option("--layer", multiple=True, help="Only this layer; may be given again (default: all stages).")
@click.option(
    "--scale", type=click.Choice(("own", "shared")), default="own", show_default=True, help="One colour range a map, or for a stage."
)
@click.option("--most", default=16, show_default=True, type=click.IntRange(1), help="How many channels of a stage, the most active first.")
@size_option
@classes_option
@seed_option
@out_option
@npz_option
@json_option
def features(
    model: str, picture: str, layer: tuple[str, ...], scale: str, most: int, size: tuple[int, int, int] | None,
    classes: int | None, seed: int, out: Out | None, npz: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Show the activation maps of each stage of MODEL for PICTURE, the most active first (by their mean |value|).

    As .html every number of every map can be pointed at.
    """
    from ...look.features import maps, to_json

    subject = opened(model, size, classes, seed)
    found = maps(subject.model, subject.inputs(picture), layer or None)
    write_npz(npz, **{name: values.numpy() for name, values in found.items()})
    if out:
        from ...reports.figures.maps import feature_sheet
        from ...reports.live.maps import live_maps

        drawn = feature_sheet(f"{model}  {picture}", found, scale, most, trained=subject.trained, style=out.style)
        write_figure([drawn], out, lambda: live_maps(found, f"Feature maps: {model}{untrained(subject)}", most, scale))
    rows = to_json(found, most)
    if as_json:
        print_json(rows)
        return
    for name, row in rows.items():
        shape = "×".join(map(str, row["shape"]))
        click.echo(
            f"{name:<36} {shape:>12}  {row['silent']} silent; most active: {' '.join(str(c['channel']) for c in row['channels'][:8])}"
        )
