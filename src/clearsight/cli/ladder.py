"""`clearsight ladder DATA`."""

import click

from .common import device_option, json_option, percent, print_json, quiet_option, show


@click.command()
@click.argument("data")
@click.option("--out", default="", help="Folder of the ladder; a bare name goes under runs/ (default: runs/DATA-ladder).")
@click.option("--rungs", default="", help="Only these, as in pixels,hog,full (default: all).")
@click.option("--from", "from_", default="", help="Trained weights for the rung `frozen`: a run folder, or torchvision:NAME, timm:NAME, …")
@click.option("--minutes", default=0.0, type=click.FloatRange(0), help="What all trainings together may take (0: no bound).")
@click.option("--size", default=0, type=click.IntRange(0, 4096), help="Height and width in px (0: each rung's own choice).")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Every draw follows from it, the split too.")
@device_option
@json_option
@quiet_option
def ladder(
    data: str, out: str, rungs: str, from_: str, minutes: float, size: int, seed: int, device: str, as_json: bool, quiet: bool
) -> None:
    """Train and judge one rung after the other on DATA: what does a network buy over softmax on pixels, or over HOG?

    Each rung is trained with 1, 10 and 100 % of the labels, and judged on the test part as it is, shifted, lighter or darker, and
    partly covered. The same command again goes on where it stopped.

    \b
      clearsight ladder fashion-mnist
      clearsight ladder photos --minutes 30 --from torchvision:resnet18
      clearsight ladder photos --rungs pixels,hog,full
    """
    from itertools import pairwise

    from rich.table import Table

    from ..base.errors import plain
    from ..evaluate.ladder import climb, sentence
    from ..evaluate.ladder_page import write_page

    names = [name.strip() for name in rungs.split(",") if name.strip()]

    def say(line: str) -> None:
        if not quiet:
            click.echo(plain(line), err=True)

    settings = {"seed": seed, "size": size, "device": device}
    found = climb(data, out=out, rungs=names, from_=from_, minutes=minutes, quiet=quiet, say=say, **settings)
    page = write_page(found)
    if as_json:
        print_json(found.to_json())
        return
    table = Table("rung", "accuracy", "1 %", "10 %", "shifted", "light", "covered", "parameters", "training", "pictures/s", box=None)
    for row in found.standings:
        shares = [f"{row.by_share[share]['value']:.1%}" if share in row.by_share else "–" for share in ("0.01", "0.1")]
        changes = [f"{row.changed[name]['value']:.1%}" if row.changed else "–" for name in ("shift", "brightness", "occlusion")]
        cost = [f"{row.parameters:,}", f"{row.seconds:,.0f} s", f"{row.pictures_per_second:,.0f}"] if row.run else ["–"] * 3
        table.add_row(row.title, percent(row.accuracy), *shares, *changes, *cost)
    show(table)
    for below, above in pairwise(found.standings):
        click.echo(plain(sentence(below, above)))
    click.echo(f"report     {page}")
