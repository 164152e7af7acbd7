"""`clearsight look features MODEL PICTURE`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..common import json_option, print_json
from .common import Out, classes_option, npz_option, opened, out_option, seed_option, size_option, untrained, write_figure, write_npz

if TYPE_CHECKING:
    from ...look.target import Subject
    from ...models.base import Model


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

    Of hand-designed features (pixels, histogram, hog, dog, gabor, sift) the vector, and what it is made of: bars, strokes along the edges,
    responses of the filters, descriptors and key points. Without --input the picture keeps its size, up to 128 px.

    \b
      clearsight look features runs/pets cat.jpg --out maps.png
      clearsight look features hog cat.jpg --out hog.png
    """
    from ...base.errors import ClearsightError
    from ...look.features import maps, to_json
    from ...look.handmade.seen import by_hand, designed, subject_by_hand

    subject = subject_by_hand(model, picture, size) if by_hand(model) else opened(model, size, classes, seed)
    if (hand := designed(subject.model)) and not layer:
        _designed(subject, hand, picture, out, npz, as_json)
        return
    found = maps(subject.model, subject.inputs(picture), layer or None)
    if not found:
        raise ClearsightError(
            f"{' '.join(layer) or model} has no rows and columns, and so no maps: `look summary {model}` lists the layers."
        )
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


def _designed(subject: "Subject", model: "Model", picture: str, out: Out | None, npz: Path | None, as_json: bool) -> None:
    """Hand-designed features: the vector, and what it is made of."""
    from ...base.errors import plain
    from ...look.handmade.seen import DESCRIPTOR, seen, written

    found = seen(subject, model, picture)
    write_npz(npz, **found.arrays())
    if out:
        from ...reports.figures.handmade.page import designed_figure

        write_figure([designed_figure(f"{subject.name}  {picture}", found, style=out.style)], out)
    if as_json:
        print_json(found.to_json())
        return
    height, width = found.picture.shape[:2]
    click.echo(plain(f"{found.kind} of {picture}, shown in {height}×{width} px (height × width)"))
    for name, words in (("vector", written(found.vector)), ("order", found.order), ("parts", found.sentence)):
        click.echo(click.wrap_text(words, initial_indent=f"  {name:<8}", subsequent_indent=" " * 10))
    if found.kind == DESCRIPTOR:
        click.echo("  The words that descriptors are counted by are learnt: clearsight train DATA --model sift")
