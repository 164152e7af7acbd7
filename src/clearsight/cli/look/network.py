"""`clearsight look network MODEL`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..common import json_option, print_json
from .common import Out, classes_option, opened, out_option, size_option, write_figure

if TYPE_CHECKING:
    from ...models.summary import Summary


@click.command()
@click.argument("model")
@size_option
@classes_option
@out_option
@json_option
def network(model: str, size: tuple[int, int, int] | None, classes: int | None, out: Out | None, as_json: bool) -> None:
    """List MODEL as blocks, and draw it with --out: repeated blocks once, shortcuts, heads that run in training only.

    A block is a layer with its norm, or a module that adds a shortcut or joins branches; `96@11x11/4` is 96 filters of 11×11 at stride 4.
    As .html it can be stepped through, layer by layer.

    \b
      clearsight look network resnet152 --out resnet.svg
      clearsight look network runs/pets --out pets.png --size slide
    """
    from ...models.blocks import blocks, folded

    found = _followed(model, size, classes)
    every = folded(blocks(found))
    if out:
        from ...reports.figures.network import network_figure
        from ...reports.live.network import live_network

        name = model.rstrip("/").rpartition("/")[2]
        write_figure([network_figure(name, found, style=out.style)], out, lambda: live_network(found, name))
    if as_json:
        facts = {"parameters": found.parameters, "auxiliary": found.auxiliary, "macs": found.macs, "depth": found.depth}
        print_json({**facts, "residual_sums": found.residual_sums, "blocks": [block.to_json() for block in every]})
        return
    from ..columns import print_columns
    from ..listing import totals

    lines = [["block", "", "output", "parameters", "residual sums"]]
    for block in every:
        output = "x".join(str(n) for n in ((*block.output[1:], block.output[0]) if len(block.output) == 3 else block.output))
        name = f"{block.kind}{f' ×{block.times}' if block.times > 1 else ''}"
        sums = str(block.sums * block.times or "")
        lines.append([f"{name} ({block.names[0]})" if block.idle else name, block.says, output, f"{block.parameters:,}", sums])
    print_columns(lines, right=(3, 4))
    click.echo(f"\n{totals(found)}")


def _followed(model: str, size: tuple[int, int, int] | None, classes: int | None) -> "Summary":
    """The layers of MODEL; a network of the list needs no weights for them."""
    from ...models.facts import summary
    from ...models.summary import summarise
    from ...weights import is_origin

    if not is_origin(model) and not Path(model).is_dir():
        return summary(model, size, classes)
    subject = opened(model, size, classes)
    return summarise(subject.model, subject.input_size)
