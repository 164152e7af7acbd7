"""`clearsight labels`: one thin file per sub-verb."""

import click

from ..group import Verbs

LABELS = {
    "errors": "Which labels are likely wrong, the likeliest first.",
    "next": "Which pictures to label next.",
    "worth": "What more labels of a class are worth, before they are made.",
    "curve": "Accuracy against the number of labels, for each way of making do with few.",
}


@click.group(cls=Verbs, verbs=LABELS, home="clearsight.cli.labels")
def labels() -> None:
    """Look after labels: find the wrong ones, and spend the work on new ones where it helps most.

    \b
      clearsight labels errors photos --out suspects
      clearsight labels next runs/pets new-photos --n 100
    """
