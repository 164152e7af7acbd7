"""`clearsight look augment DATA`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ..common import json_option, print_json, quiet_option
from .common import Out, chosen_pictures, opened, out_option, part_option, write_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import Tensor

    from ...augment.op import Op
    from ...look.augmented import Tried

WIDE = 8  # versions of a picture


@click.command()
@click.argument("data")
@click.option("--augment", "words", default="", help="Changes as in `train`: 'rotate:30 erase' (default: every one there is).")
@click.option("--model", default="", help="A classifier, which says whether it still knows the pictures.")
@click.option("--pictures", default=200, show_default=True, type=click.IntRange(1), help="How many to try, drawn at random.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="The draws follow from it.")
@part_option
@out_option
@json_option
@quiet_option
def augment(data: str, words: str, model: str, pictures: int, seed: int, part: str, out: Out | None, as_json: bool, quiet: bool) -> None:
    """Show augmentations of DATA: a row for each change, one picture in eight versions.

    With --model the confidence in the true class is measured before and after, and a change after which too many pictures are
    no longer recognised is called doubtful: augment "as long as a human can classify the image".
    """
    import torch

    from ...augment.registry import parse
    from ...base.code import allow, is_code
    from ...base.errors import UsageError
    from ...datasets.split import align
    from ...datasets.survey import survey
    from ...images.preprocess import Preprocessing
    from ...look.augmented import every, tried, written

    allow(word for word in words.split() if is_code(word))  # typed by the user
    ops = parse(words) if words else every()
    rows, chosen, progress = chosen_pictures(data, part, pictures, seed, quiet)
    subject = opened(model) if model else None
    if subject and not subject.classes:
        raise UsageError(f"{model} is not trained, and does not know the classes of {data}: --model is a run folder, or trained weights.")
    stored = survey(rows.subset(chosen))
    preprocessing = subject.preprocessing if subject else Preprocessing(max(stored.most, 3), 96, 96, levels=stored.levels)
    with progress:
        loaded = []
        for i in chosen:
            loaded.append(preprocessing.load(rows.source(i)))
            progress.update(1)
    images, indices = torch.stack(loaded), torch.tensor(chosen)
    found = []
    if subject:
        labels = torch.from_numpy(align(rows.subset(chosen), subject.classes).labels)
        found = tried(subject, ops, images, indices, labels, seed)
    if out:
        write_figure([_sheet(data, ops, images, indices, seed, found, out)], out)
    if as_json:
        print_json([one.to_json() for one in found] or [{"change": written(op)} for op in ops])
        return
    for one in found:
        doubt = "  DOUBTFUL: look whether you still know them" if one.doubtful else ""
        told = f"confidence {one.before:.1%} to {one.after:.1%}, still right {one.kept:.1%} ({one.low:.1%} to {one.high:.1%}) of {one.n}"
        click.echo(f"{one.change:<28} {told}{doubt}")


def _sheet(data: str, ops: "Sequence[Op]", images: "Tensor", indices: "Tensor", seed: int, found: "Sequence[Tried]", out: Out) -> "Figure":
    """Each change on one of the pictures, which take turns."""
    from ...augment.registry import row_of
    from ...look.augmented import examples, written
    from ...reports.figures.augmented import Row, contact_sheet

    rows = []
    for i, op in enumerate(ops):
        at = i % len(images)
        made = examples(op, images[at], indices[at : at + 1], seed, WIDE - 1)
        rows.append(Row(written(op), row_of(op).meaning, images[at], made, found[i] if found else None))
    return contact_sheet(data, rows, style=out.style)
