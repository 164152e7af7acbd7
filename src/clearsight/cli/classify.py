"""`clearsight classify MODEL PICTURE...`."""

import glob
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

import click

from .common import batch_option, device_option, json_option, made_faster, opened, print_json, show, speed_option, views_option

MAX_STDIN_BYTES = 200 * 2**20


@click.command()
@click.argument("model")
@click.argument("pictures", nargs=-1, required=True)
@click.option("--top", default=5, show_default=True, type=click.IntRange(1), help="How many classes to list.")
@views_option
@batch_option
@device_option
@speed_option
@json_option
@click.pass_context
def classify(
    ctx: click.Context, model: str, pictures: tuple[str, ...], top: int, views: str | None, batch: int, device: str, speed: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Classify PICTURES with the classifier MODEL: files, folders, globs, or - for one picture on stdin.

    A picture that cannot be read is reported and the rest still answered; the exit code is 1 then.
    """
    from ..base.errors import plain
    from ..classifier import Failure

    others: Counter[str] = Counter()
    sources = list(expand(pictures, others))
    if others:
        kinds = ", ".join(f"{n} {suffix}" for suffix, n in others.most_common(8))
        click.echo(f"clearsight: {others.total()} files that are no pictures left out: {plain(kinds)}", err=True)
    classifier = made_faster(opened(model, device), speed)
    classifier = classifier if views is None else classifier.viewed(views)
    answers = list(classifier.classify_many(sources, top=top, batch_size=batch))
    if as_json:
        print_json([asdict(answer) for answer in answers])
    else:
        show(_table([answer for answer in answers if not isinstance(answer, Failure)]))
        for answer in answers:
            if isinstance(answer, Failure):
                click.echo(plain(f"clearsight: cannot read {answer.source}: {answer.error}"), err=True)
    if any(isinstance(answer, Failure) for answer in answers):
        ctx.exit(1)


def expand(pictures: tuple[str, ...], others: Counter[str]) -> Iterator[Any]:
    """The pictures that the words on the command line mean; one that is not there stays, to be reported in its place.

    Files in folders that are no pictures are counted in `others` by their extension.
    """
    for word in pictures:
        path = Path(word)
        if word == "-":
            yield _Stdin(sys.stdin.buffer.read(MAX_STDIN_BYTES))
        elif path.is_dir():
            yield from _below(path, others)
        elif not path.exists() and glob.has_magic(word) and (found := sorted(glob.glob(word, recursive=True))):
            yield from found
        else:
            yield word


def _below(folder: Path, others: Counter[str]) -> Iterator[str]:
    """The pictures in a folder and below, those of a kind that cannot be read too, so that each of them is reported."""
    from ..images.kinds import SUFFIXES, UNREAD

    for path in sorted(folder.rglob("*")):
        if path.name.startswith("."):
            continue
        if (suffix := path.suffix.lower()) in SUFFIXES | UNREAD:
            yield str(path)
        elif path.is_file():
            others[suffix or "without suffix"] += 1


class _Stdin(BytesIO):
    """One picture's bytes, named as the user named it."""

    name = "-"


def _table(predictions: list[Any]) -> Any:
    from rich.table import Table
    from rich.text import Text

    from ..base.errors import plain

    table = Table("picture", "label", "confidence", "then", box=None, header_style="bold")
    for p in predictions:
        others = ", ".join(f"{choice.label} {choice.confidence:.1%}" for choice in p.top[1:4])
        # Text, since a name in [brackets] is no markup
        table.add_row(*(Text(plain(cell)) for cell in (p.source, p.label, f"{p.confidence:.1%}", others)))
    return table
