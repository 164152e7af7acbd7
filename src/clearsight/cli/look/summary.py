"""`clearsight look summary MODEL`."""

import click

from ..common import json_option, print_json
from ..models import listing, print_columns
from .common import classes_option, opened, size_option


@click.command()
@click.argument("model")
@size_option
@classes_option
@json_option
def summary(model: str, size: tuple[int, int, int] | None, classes: int | None, as_json: bool) -> None:
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
    print_columns(listing(found), right=(1, 2, 3, 4))
    click.echo(f"\n{found.parameters:,} parameters, {found.macs:,} multiply-adds; {found.depth} layers with weights deep.")
