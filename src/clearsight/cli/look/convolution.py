"""`clearsight look convolution`."""

from typing import TYPE_CHECKING

import click

from ..common import json_option, print_json
from .common import Out, numbers, out_option, write_figure

if TYPE_CHECKING:
    from ...look.convolution import Convolution
    from ...reports.live.page import Live

TITLES = {"lecture": "A filter slides over a picture", "curve": "A curve detector", "maxpool": "Max pooling"}


@click.command()
@click.option("--example", type=click.Choice(tuple(TITLES)), default="lecture", show_default=True, help="Which example.")
@click.option("--steps", is_flag=True, help="Print every place of the filter.")
@out_option
@json_option
def convolution(example: str, steps: bool, out: Out | None, as_json: bool) -> None:
    """The lecture's 3×3 filter on 6×6 pixels: products, sum, ReLU, 2×2 max pooling; the curve detector.

    As .gif the filter slides; an .html can be stepped, and its pixels and weights edited.
    """
    from ...look import convolution as on_paper

    if example == "lecture":
        result = on_paper.lecture()
    elif example == "curve":
        result = on_paper.convolve(on_paper.MATCH, on_paper.CURVE)
    else:
        result = on_paper.convolve(on_paper.POOLED, ((1,),))
    is_lecture = example == "lecture"
    if out:
        from ...reports.figures.convolution import frame, frames

        moving, title = out.path.suffix.lower() == ".gif", TITLES[example]
        last = len(result.steps) - 1
        drawn = frames(result, title, is_lecture, style=out.style) if moving else [frame(result, last, title, is_lecture, style=out.style)]
        write_figure(drawn, out, lambda: _live(example, result))
    if as_json:
        print_json(
            {
                **result.to_json(),
                **({"mismatch": on_paper.convolve(on_paper.NO_MATCH, on_paper.CURVE).steps[0].sum} if example == "curve" else {}),
            }
        )
        return
    for title, values in (("picture", result.picture), ("filter", result.filter)):
        click.echo(f"{title}\n{numbers(values)}\n")
    for step in result.steps if steps else result.steps[:1]:
        terms = " + ".join(
            f"{float(w):g}·{float(x):g}" for w, x in zip(result.filter.flatten(), step.patch.flatten(), strict=True) if w and x
        )
        click.echo(f"row {step.row + 1}, column {step.column + 1}: {terms or '0'} = {round(step.sum, 9):g}")
    for title, values in (
        ("feature map", result.feature_map),
        ("after ReLU", result.relu),
        ("after 2x2 max pooling, stride 2", result.max_pool),
    ):
        if values.numel():
            click.echo(f"\n{title}\n{numbers(values)}")
    if is_lecture:
        click.echo(f"\n{on_paper.transposed_remark(result)}")
    if example == "curve":
        click.echo(f"\nanother shape: {on_paper.convolve(on_paper.NO_MATCH, on_paper.CURVE).steps[0].sum:g}")


def _live(example: str, result: "Convolution") -> "Live":
    from ...look import convolution as on_paper
    from ...reports.live.convolution import live_convolution, live_pooling

    others = {"match": on_paper.MATCH, "another shape": on_paper.NO_MATCH} if example == "curve" else None
    return live_pooling(result, TITLES[example]) if example == "maxpool" else live_convolution(result, TITLES[example], others)
