"""`clearsight labels`: one thin file per sub-verb."""

import click

from ..group import Verbs

LABELS = {
    "errors": "Likely label errors, the most likely first.",
    "next": "Which pictures to label next.",
    "apply": "Write a data set with the labels decided in the studio.",
    "worth": "The estimated gain from more labels of each class.",
    "curve": "Accuracy against the number of labels, for each method for few labels.",
}


@click.group(cls=Verbs, verbs=LABELS, home="clearsight.cli.labels")
def labels() -> None:
    """Find label errors, and choose what to label next.

    \b
      clearsight labels errors photos --out suspects
      clearsight labels next runs/pets new-photos --n 100
    """
