"""`clearsight look summary MODEL`."""

import click

from ..columns import print_columns
from ..common import json_option, print_json
from ..listing import rows, totals
from .common import classes_option, opened, size_option


@click.command()
@click.argument("model")
@size_option
@classes_option
@click.option("--unfold", is_flag=True, help="Every layer by itself.")
@json_option
def summary(model: str, size: tuple[int, int, int] | None, classes: int | None, unfold: bool, as_json: bool) -> None:
    """Layer by layer: output shape, parameters, multiply-adds (MACs), memory, what a unit sees.

    MACs are those of convolutions, linear layers and attention: no biases, norms or activations. One is two FLOPs. Memory is
    that of a layer's output for one picture in float32.
    """
    from ...models.summary import summarise

    subject = opened(model, size, classes)
    found = summarise(subject.model, subject.input_size)
    if as_json:
        print_json(found.to_json())
        return
    channels, height, width = found.input_size
    memory = ["output kB", f"{4 * channels * height * width / 1000:,.1f}"]
    every = rows(found, unfold)
    memory += [f"{layer.memory / 1000:,.1f}" if layer else "" for _, layer in every[2:]]
    lines = [[*line[:3], kilobytes, *line[3:]] for (line, _), kilobytes in zip(every, memory, strict=True)]
    print_columns(lines, right=(1, 2, 3, 4), less=(5, 4, 3, 2))
    click.echo(f"\n{totals(found)}")
