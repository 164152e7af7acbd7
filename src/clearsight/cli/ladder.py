"""`clearsight ladder DATA`."""

from typing import TYPE_CHECKING

import click

from .common import device_option, json_option, print_json, quiet_option, show

if TYPE_CHECKING:
    from rich.table import Table

    from ..experiments.ladder import LadderResult


@click.command()
@click.argument("data")
@click.option("--out", default="", help="Folder of the ladder; a bare name goes under runs/ (default: runs/DATA-ladder).")
@click.option("--rungs", default="", help="Only these, as in pixels,hog,full (default: all).")
@click.option("--from", "from_", default="", help="Trained weights for the rung `frozen`: a run folder, or torchvision:NAME, timm:NAME, …")
@click.option("--minutes", default=0.0, type=click.FloatRange(0), help="What all trainings together may take (0: no bound).")
@click.option("--size", default=0, type=click.IntRange(0, 4096), help="Height and width in px (0: each rung's own choice).")
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0), help="Every draw follows from it, but the division into parts."
)
@device_option
@json_option
@quiet_option
def ladder(
    data: str, out: str, rungs: str, from_: str, minutes: float, size: int, seed: int, device: str, as_json: bool, quiet: bool
) -> None:
    """Train and evaluate one rung after the other on DATA: the gain of a network over softmax regression on pixels or HOG.

    Each rung is trained with 1, 10 and 100 % of the labels, and evaluated on the test part: unchanged, shifted, lighter or
    darker, and partly occluded. The same command again continues an interrupted run.

    \b
      clearsight ladder fashion-mnist
      clearsight ladder photos --minutes 30 --from torchvision:resnet18
      clearsight ladder photos --rungs pixels,hog,full
    """
    from itertools import pairwise
    from pathlib import Path

    from ..base.errors import plain
    from ..classifier import load
    from ..datasets.dataset import Dataset
    from ..evaluation.evaluate import Evaluation
    from ..experiments.ladder import Standing, climb, sentence
    from ..reports.ladder import write_page
    from ..reports.of_run import report_evaluation
    from ..runs.run import Run

    names = [name.strip() for name in rungs.split(",") if name.strip()]

    rungs_judged = []

    def judged(standing: Standing, evaluation: Evaluation, test: Dataset) -> None:
        rungs_judged.append((standing, evaluation, test))
        if not quiet:
            click.echo(plain(f"{standing.title}: {standing.accuracy['value']:.2%}"), err=True)

    settings = {"seed": seed, "size": size, "device": device}
    found = climb(data, out=out, rungs=names, from_=from_, minutes=minutes, quiet=quiet, judged=judged, **settings)
    page = write_page(found)
    for standing, evaluation, test in rungs_judged:
        if standing.run:
            report_evaluation(Run(Path(standing.run)), load(standing.run), evaluation, test, "test")
    if as_json:
        print_json(found.to_json())
        return
    show(_table(found))
    if found.left_out:
        click.echo(f"{found.left_out:,} test pictures are left out: they are copies of training pictures, or a rung has learnt from them")
    for below, above in pairwise(found.standings):
        click.echo(plain(sentence(below, above)))
    click.echo(f"report     {page}")


def _table(found: "LadderResult") -> "Table":
    """A row for each rung."""
    from rich.table import Table

    from ..corruptions.mild import CORRUPTIONS
    from ..reports.words import compact

    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("rung", min_width=12)
    for name in ("right", "95 %", "1 %", "10 %", "shift", "light", "cover", "weights", "s", "pics/s"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in found.standings:
        low, high = (f"{100 * limit:.1f}" if limit is not None else "" for limit in (row.accuracy["low"], row.accuracy["high"]))
        some = [row.by_share.get(share) for share in ("0.01", "0.1")] + [row.changed.get(name) for name in CORRUPTIONS]
        cells = [f"{100 * accuracy['value']:.1f}" if accuracy else "–" for accuracy in some]
        cost = [compact(row.parameters), f"{row.seconds:,.0f}", compact(round(row.pictures_per_second))] if row.run else ["–"] * 3
        table.add_row(row.title, f"{100 * row.accuracy['value']:.1f}", f"{low}–{high}", *cells, *cost)
    return table
