"""`clearsight classify MODEL PICTURE...`."""

import glob
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict
from io import BytesIO
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .answers import print_csv, print_lines
from .common import (
    Share,
    batch_option,
    device_option,
    engine_option,
    json_option,
    made_faster,
    opened,
    print_json_list,
    sets_options,
    speed_option,
    views_option,
)
from .many import classify_into

if TYPE_CHECKING:
    from ..classifier import Failure, Prediction

MAX_STDIN_BYTES = 200 * 2**20
WIDTH_FROM = 1000  # pictures whose names set the width of their column


@click.command()
@click.argument("model")
@click.argument("pictures", nargs=-1, required=True)
@click.option("--top", default=5, show_default=True, type=click.IntRange(1), help="How many classes to list.")
@click.option(
    "--embeddings", default="", metavar="FILE", help="Also write the vector before the last layer, path and answer of each: .npz, .parquet."
)
@click.option("--none-of-these", is_flag=True, help='Answer "none of these" to a picture unlike those of every class.')
@click.option(
    "--false-alarms",
    type=Share(),
    metavar="SHARE",
    help="Share of pictures of the known classes that --none-of-these may refuse (default 5%); includes --none-of-these.",
)
@sets_options
@views_option
@batch_option
@device_option
@speed_option
@engine_option
@click.option(
    "--out",
    metavar="FOLDER",
    help="Write the answers to all pictures, also of tar shards and addresses, as Parquet files in a folder or s3://….",
)
@click.option("--workers", type=click.IntRange(1), help="Processes of --out (default: one for each GPU, or for four cores).")
@click.option("--on", type=click.Choice(("local", "ray")), help="Where the processes of --out run: here (default), or on a Ray cluster.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a table for a spreadsheet, a row a picture.")
@json_option
@click.pass_context
def classify(
    ctx: click.Context, model: str, pictures: tuple[str, ...], top: int, embeddings: str, none_of_these: bool, false_alarms: float | None,
    coverage: float | None, by_class: bool, views: str | None, batch: int, device: str, speed: str, engine: str, out: str | None,
    workers: int | None, on: str | None, as_csv: bool, as_json: bool,
) -> None:  # fmt: skip
    """Classify PICTURES with the classifier MODEL: files, folders, tar shards, globs, or - for stdin; with --out also addresses.

    A picture that cannot be read is reported and the rest still answered; the exit code is 1 then.
    """
    from ..base.errors import ClearsightError, UsageError, plain
    from ..classifier import Failure, embed_many
    from ..classifier.embeddings import require_writer, saving
    from ..classifier.uncertainty.reference import FALSE_ALARMS
    from ..datasets.survey import several_words

    if embeddings:
        require_writer(Path(embeddings))
    if by_class and not coverage:
        raise UsageError("--by-class goes with --coverage, as in --coverage 90% --by-class.")
    if as_csv and as_json:
        raise UsageError("--csv and --json are two ways of printing the same: choose one.")
    rate = false_alarms or (FALSE_ALARMS if none_of_these else 0.0)
    asked: dict[str, Any] = {"false_alarms": rate, "coverage": coverage or 0.0, "by_class": by_class}
    if out or workers or on:
        if not out or embeddings or as_csv:
            raise UsageError("--workers and --on go with --out FOLDER, which writes Parquet: without --csv and --embeddings.")
        how = {"device": device, "speed": speed, "engine": engine, "views": views, "batch": batch, "top": top}
        return classify_into(out, model, pictures, as_json, workers=workers or 0, on=on or "local", **how, **asked)
    notes: list[str] = []
    several: list[str] = []
    sources = noted(expand(pictures, notes), several)
    if not (first := list(islice(sources, WIDTH_FROM))):
        raise ClearsightError("\n".join([f"no picture in {', '.join(pictures)}.", *map(plain, notes)]))
    sources = chain(first, sources)
    classifier = made_faster(opened(model, device, engine=engine), speed)
    classifier = classifier if views is None else classifier.viewed(views)
    classifier.limits(**asked)  # refused before anything is printed
    kinds: Counter[type] = Counter()
    found = classifier.classify_many(sources, top=top, batch_size=batch, **asked)
    if embeddings:
        found = saving(embeddings, embed_many(classifier, sources, top=top, batch_size=batch, **asked))
    answers = _counted(found, kinds)
    if as_json:
        print_json_list(map(asdict, answers))
    elif as_csv:
        print_csv(answers, min(top, len(classifier.classes)))
    else:
        print_lines(
            answers,
            [plain(getattr(source, "name", source)) for source in first],
            classifier.classes,
            rate > 0,
            bool(coverage),
        )
    for note in [*notes, *([several_words(several)] if several else [])]:
        click.echo(f"clearsight: {plain(note)}", err=True)
    if kinds[Failure]:
        ctx.exit(1)


def expand(pictures: tuple[str, ...], notes: list[str]) -> Iterator[Any]:
    """The pictures that the words on the command line mean; one that is not there stays, to be reported in its place.

    At the end of a folder or of shards, notes on files left out are added to `notes`.
    """
    from ..datasets.formats.folder import Walk
    from ..datasets.shards.find import is_shards
    from ..datasets.shards.open import each_picture

    for word in pictures:
        path = Path(word)
        if word == "-":
            yield _Stdin(sys.stdin.buffer.read(MAX_STDIN_BYTES))
        elif is_shards(word):
            yield from each_picture(word, notes)
        elif path.is_dir():
            walk = Walk(str(path))
            yield from (os.path.join(word, name) for name in walk.each())
            notes += walk.notes()
        elif not path.exists() and glob.has_magic(word) and (found := sorted(glob.glob(word, recursive=True))):
            yield from found
        else:
            yield word


def noted(sources: Iterable[Any], several: list[str]) -> Iterator[Any]:
    """The `sources`; the names of those with further pages or frames, which are not read, are added to `several`."""
    from ..base.errors import UnreadableImage
    from ..images.header import looked

    for source in sources:
        with suppress(UnreadableImage):  # reported in its place
            several += [getattr(source, "name", source)] * looked(source).several
        yield source


class _Stdin(BytesIO):
    """One picture's bytes, named as the user named it."""

    name = "-"


def _counted(answers: "Iterable[Prediction | Failure]", kinds: Counter[type]) -> "Iterator[Prediction | Failure]":
    for answer in answers:
        kinds[type(answer)] += 1
        yield answer
