"""`clearsight labels worth DATA`."""

from typing import TYPE_CHECKING

import click

from ..common import data_options, json_option, print_json, quiet_option, show

if TYPE_CHECKING:
    from rich.table import Table

    from ...labels.label_value import Advice
    from ...metrics.intervals import Interval


@click.command()
@click.argument("data")
@click.option("--from", "model", default="", help="Trained run whose features are used, as `pretrain` makes them (default: HOG).")
@click.option("--more", default=200, show_default=True, type=click.IntRange(1), help="Number of additional labels per class to evaluate.")
@click.option("--labels", "amount", default="", help="Of the labels there are, use only '10' of each class, or '1%' (default: all).")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Random seed, also of the split.")
@json_option
@quiet_option
@data_options()
def worth(data: str, model: str, more: int, amount: str, seed: int, as_json: bool, quiet: bool, reading: dict[str, str]) -> None:
    """Estimate the accuracy gained by labelling more pictures of each class.

    Linear heads are fitted on fixed features with different numbers of labels, and the learning curves are extrapolated. Everything is
    cross-validated within the training and validation pictures: the test part is not used. A ± is half a 95 % interval.

    \b
      clearsight labels worth photos --from runs/features
      clearsight labels worth fashion-mnist --labels 100 --more 200
    """
    from ...base.errors import plain
    from ...labels.label_value import consider

    advice, notes = consider(data, model=model, more=more, amount=amount, seed=seed, quiet=quiet, **reading)
    if as_json:
        print_json(advice.to_json())
        return
    show(_table(advice))
    for note in notes:
        click.echo(plain(f"mind       {note}"))
    for row in advice.classes[:3] if advice.classes[0].known else advice.classes[:1]:
        click.echo(plain(f"{row.sentence()}."))
    click.echo(plain(f"{advice.more} more spread over all classes: {points(advice.even)} points."))


def points(gain: "Interval") -> str:
    """`+1.2 (+0.6 to +1.8)`."""
    return "{:+.1f} ({:+.1f} to {:+.1f})".format(100 * gain["value"], 100 * gain["low"], 100 * gain["high"])


def _table(advice: "Advice") -> "Table":
    """A row for each class, the one whose labels are worth most on top."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("class")
    for name in ("labels", "recall %", f"{advice.more} more: top-1", "its recall"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in advice.classes:
        table.add_row(row.label, f"{row.n:,}", f"{100 * row.recall:.1f}", points(row.overall), points(row.own))
    return table
