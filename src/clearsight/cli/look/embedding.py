"""`clearsight look embedding MODEL DATA`."""

from pathlib import Path
from typing import Any

import click

from ..common import json_option, print_json, quiet_option
from .common import (
    Out,
    classes_option,
    embedded_pictures,
    npz_option,
    opened,
    opened_like,
    out_option,
    part_option,
    size_option,
    untrained,
    write_figure,
    write_npz,
)  # fmt: skip


@click.command()
@click.argument("model")
@click.argument("data")
@click.option("--before", default="", metavar="MODEL", help="A second network for the same pictures: that before training, as in resnet18.")
@click.option("--layout", default="pca", show_default=True, type=click.Choice(("pca", "tsne", "umap")), help="How vectors become places.")
@click.option("--pictures", default=400, show_default=True, type=click.IntRange(3), help="How many, drawn at random.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="The draw and the layout follow from it.")
@part_option
@size_option
@classes_option
@out_option
@npz_option
@json_option
@quiet_option
def embedding(
    model: str, data: str, before: str, layout: str, pictures: int, seed: int, part: str, size: tuple[int, int, int] | None,
    classes: int | None, out: Out | None, npz: Path | None, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Lay the pictures of DATA out in the plane by MODEL's features, the vectors before its last layer.

    A layout in the plane keeps some distances and loses others; `purity` does not depend on it: the share of a picture's 10
    nearest neighbours that are of its class, by the vectors themselves. With --before both networks are in one figure.

    \b
      clearsight look embedding runs/features fashion-mnist --before swift-wider
    """
    from ...look.embedding import embedded, laid_out, to_json

    subject = opened(model, size, classes, seed)
    first = opened_like(before, subject, classes, seed) if before else None
    rows, chosen, vectors = embedded_pictures(subject, data, part, pictures, seed, quiet)
    places = laid_out(vectors, layout, seed)
    found = to_json(vectors, places, rows, chosen)
    write_npz(npz, features=vectors.numpy(), places=places, labels=rows.labels[chosen])
    if first:
        _, earlier = embedded(first, rows, chosen)
        around = laid_out(earlier, layout, seed)
        found["before"] = {"name": before, **to_json(earlier, around, rows, chosen)}
    if out:
        from ...reports.figures.embedding import before_after_figure, embedding_figure

        thumbs, labels = [subject.shown(rows.source(i)) for i in chosen], rows.labels[chosen].tolist()
        if first:
            panels = [(f"before: {before}{untrained(first)}", _purity(found["before"]), around)]
            panels.append((f"after: {model}{untrained(subject)}", _purity(found), places))
            drawn = before_after_figure(f"{data}  {layout}", panels, thumbs, labels, rows.classes, style=out.style)
        else:
            title = f"{model}  {data}  {layout}"
            drawn = embedding_figure(title, _told(found), places, thumbs, labels, rows.classes, trained=subject.trained, style=out.style)
        write_figure([drawn], out)
    if as_json:
        print_json(found)
        return
    if first:
        click.echo(f"before {before}{untrained(first)}: {_told(found['before'])}")
    click.echo(f"after {model}{untrained(subject)}: {_told(found)}" if first else _told(found))


def _purity(found: dict[str, Any]) -> str:
    return f"purity {found['purity']:.1%} (by chance {found['chance']:.1%})"


def _told(found: dict[str, Any]) -> str:
    return f"{len(found['pictures'])} pictures, {found['dimensions']} features, {_purity(found)}"
