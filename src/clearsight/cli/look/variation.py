"""`clearsight look variation MODEL DATA`."""

import click

from ..common import json_option, print_json, quiet_option
from .common import Out, classes_option, embedded_pictures, opened, out_option, part_option, size_option, write_figure


@click.command()
@click.argument("model")
@click.argument("data")
@click.option("--class", "label", default="", help="The class (default: the one whose members differ most).")
@click.option("--most", default=16, show_default=True, type=click.IntRange(2), help="How many members.")
@click.option(
    "--pictures", default=1000, show_default=True, type=click.IntRange(2), help="Among how many pictures of DATA, drawn at random."
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="The draw follows from it.")
@part_option
@size_option
@classes_option
@out_option
@json_option
@quiet_option
def variation(
    model: str, data: str, label: str, most: int, pictures: int, seed: int, part: str, size: tuple[int, int, int] | None,
    classes: int | None, out: Out | None, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Show how much one class varies: those of its pictures that differ most, by MODEL's features.

    The two that are farthest apart come first, then always the one that is farthest from all chosen so far (cosine distance).

    \b
      clearsight look variation runs/pets pets --class cat --out cats.png
    """
    from ...base.errors import plain
    from ...look.challenges import variation as run

    subject = opened(model, size, classes, seed)
    rows, chosen, vectors = embedded_pictures(subject, data, part, pictures, seed, quiet)
    found = run(vectors, rows.labels[chosen].tolist(), rows.classes, label, most)
    members = [chosen[i] for i in found.members]
    if out:
        from ...reports.figures.challenges import variation_sheet

        shown = [subject.shown(rows.source(i)) for i in members]
        title = f"class {found.label}: its {len(members)} most unlike pictures"
        write_figure([variation_sheet(title, found, shown, trained=subject.trained, style=out.style)], out)
    names = [str(rows.names[i]) for i in members]
    if as_json:
        told = [{"name": name, "distance": value} for name, value in zip(names, found.distances, strict=True)]
        print_json({"class": found.label, "spread": found.spread, "spreads": found.spreads, "members": told})
        return
    click.echo(plain(f"{found.label}: two members are {found.spread:.3f} apart on average (cosine distance)"))
    click.echo("the two farthest apart, then always the farthest from those above; distance to the nearest other:")
    for name, value in zip(names, found.distances, strict=True):
        click.echo(plain(f"{value:.3f}  {name}"))
    widest = sorted(found.spreads.items(), key=lambda one: -one[1])[:5]
    click.echo(plain("classes that vary most: " + ", ".join(f"{name} {value:.3f}" for name, value in widest)))
