"""The tables of `clearsight models` with figures of their own: ILSVRC, the descent, Keras' list, softmax regression."""

import textwrap
from typing import TYPE_CHECKING, Any

import click

from .columns import print_columns
from .common import print_json

if TYPE_CHECKING:
    from .look.common import Out

WIDE = 78  # letters of a line
TABLES = {
    "ilsvrc": "the winners of ImageNet's challenge, 2010 to 2017",
    "descent": "who builds on whom, from the visual cortex to ConvNeXt",
    "keras": "the lecture's 26 models",
    "softmax": "the parameters of softmax regression by picture and classes",
}


def show_table(which: str, out: "Out | None", as_json: bool) -> None:
    """Print one of TABLES, and draw it."""
    if out:
        _draw(which, out)
    {"ilsvrc": _ilsvrc, "descent": _descent, "keras": _keras, "softmax": _softmax}[which](as_json)


def _draw(which: str, out: "Out") -> None:
    from ..models.history import keras_models
    from ..models.pixel_counts import pixel_counts
    from ..reports.figures.history import descent_figure, ilsvrc_figure, keras_figure
    from ..reports.figures.linear.parameters import parameter_figure
    from ..reports.live.ilsvrc import live_ilsvrc
    from .look.common import write_figure

    if which == "keras":
        drawn = keras_figure(keras_models(), style=out.style)
    elif which == "softmax":
        drawn = parameter_figure(pixel_counts(), style=out.style)
    else:
        drawn = (ilsvrc_figure if which == "ilsvrc" else descent_figure)(style=out.style)
    write_figure([drawn], out, live_ilsvrc if which == "ilsvrc" else None)


def _ilsvrc(as_json: bool) -> None:
    from ..models import facts
    from ..models.history import HUMAN, HUMAN_SOURCE, ILSVRC, SECOND

    depth = {row.network: facts.written()[row.network]["depth"] for row in ILSVRC if row.network}
    if as_json:
        rows = [{**row._asdict(), "depth_here": depth.get(row.network)} for row in ILSVRC]
        print_json({"winners": rows, "second": SECOND._asdict(), "human": {"error": HUMAN, "source": HUMAN_SOURCE}})
        return
    lines = [["year", "winner", "method", "layers", "top-5 error", "here"]]
    for row in ILSVRC:
        lines.append([str(row.year), row.team, row.method, str(row.layers or ""), f"{100 * row.error:.3g} %", row.network])
    print_columns(lines, right=(3, 4), less=(2,))
    click.echo("")
    _note(f"a person: {100 * HUMAN:.1f} % ({HUMAN_SOURCE})")
    for row in (*ILSVRC, SECOND):
        _note(f"{row.year} {row.team}: {row.source}{f'; {row.remark}' if row.remark else ''}")


def _note(words: str) -> None:
    """A line beneath a table, in as many as it needs."""
    told = textwrap.fill(words.replace(" %", "\xa0%"), WIDE, subsequent_indent="     ", break_on_hyphens=False)
    click.echo(told.replace("\xa0", " "))


def _descent(as_json: bool) -> None:
    from ..models.history import DESCENT

    if as_json:
        print_json([{**step._asdict(), "after": list(step.after)} for step in DESCENT])
        return
    labels = {step.key: step.label for step in DESCENT}
    lines = [["year", "step", "adds", "builds on", "here", "source"]]
    for step in DESCENT:
        after = ", ".join(labels[key] for key in step.after)
        lines.append([str(step.year), step.label, step.idea, after, step.network, step.source])
    print_columns(lines, less=(5, 3, 4))


def _keras(as_json: bool) -> None:
    from ..models.history import keras_models, keras_remarks

    rows = keras_models()
    if as_json:
        print_json(rows)
        return

    def told(value: Any, how: str = "") -> str:
        return "–" if value is None else format(value, how)

    lines = [["model", "size", "top-1", "top-5", "parameters", "depth", "computed", "our depth"]]
    for row in rows:
        accuracy = [told(row[key], ".3f") for key in ("top1", "top5")]
        counts = [f"{row['counted']:,}", told(row["depth"]), str(row["topological"]), str(row["with_weights"])]
        lines.append([row["model"], f"{row['size_mb']} MB", *accuracy, *counts])
    print_columns(lines, right=range(1, 8))
    equal = sum(row["counted"] == row["parameters"] for row in rows)
    click.echo(f"\n{equal} of {len(rows)} counts of parameters, computed from the networks here, are the lecture's.")
    for words in keras_remarks():
        _note(words)


def _softmax(as_json: bool) -> None:
    from ..models.pixel_counts import CLASSES, pixel_counts

    found = pixel_counts()
    if as_json:
        print_json([row.to_json() for row in found])
        return
    lines = [["picture", "rows×columns×channels", "numbers", *(f"{classes:,} classes" for classes in CLASSES)]]
    for k in range(0, len(found), len(CLASSES)):
        row = found[k]
        lines.append([row.picture, row.size, f"{row.pixels:,}", *(f"{one.parameters:,}" for one in found[k : k + len(CLASSES)])])
    print_columns(lines, right=range(1, 5))
    click.echo("\nparameters = (numbers of a picture + 1) × classes, counted on the networks")
