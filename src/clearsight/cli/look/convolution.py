"""`clearsight look convolution`."""

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..common import json_option, print_json
from .common import Out, Place, numbers, out_option, write_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...look.convolution import Calculation, Convolution, Step
    from ...reports.live.page import Live

EXAMPLES = ("lecture", "curve", "maxpool", "avgpool", "volume")
FILTERS = "A name, as sobel-x, or numbers, as '1 0 -1; 2 0 -2; 1 0 -1'; also several times."
WIDE = 78  # letters of a line
MOST_SIDE = 12  # rows and columns of a matrix that is printed
MOST_NUMBERS = 100  # of several filters that are printed


@click.command()
@click.option("--example", type=click.Choice(EXAMPLES), default="lecture", show_default=True, help="Which example of the lecture.")
@click.option("--picture", type=click.Path(path_type=Path), help="A picture of your own instead of the example's.")
@click.option("--shrink", "side", type=click.IntRange(3, 1024), help="Its longer side in pixels, at most (default: 64).")
@click.option("--channels", type=click.IntRange(1, 3), help="1 reads it in grey, 3 in colour (default: as the file is).")
@click.option("--filter", "filters", multiple=True, metavar="FILTER", help=FILTERS)
@click.option("--stride", default=1, show_default=True, type=click.IntRange(1, 64), help="Pixels from one place of the filter to the next.")
@click.option("--padding", default=0, show_default=True, type=click.IntRange(0, 64), help="Rows and columns of zeros on each side.")
@click.option(
    "--dilation", default=1, show_default=True, type=click.IntRange(1, 64), help="Pixels from one number of the filter to the next."
)
@click.option("--through", metavar="STAGES", help="What follows: relu, maxpool, avgpool, maxpool3x3/2, as in relu,maxpool.")
@click.option("--at", type=Place(), help="The place of the map that is worked out: row and column, from 0.")
@click.option("--steps", is_flag=True, help="Print every place of the filter.")
@out_option
@json_option
def convolution(example: str, at: tuple[int, ...] | None, steps: bool, out: Out | None, as_json: bool, **own: Any) -> None:
    """A filter slides over a picture: products, sums, the feature map; ReLU and pooling, number by number.

    Filters by name are identity, box, gaussian, sharpen, sobel-x, sobel-y, laplacian, emboss, red-green and blue-yellow; box:5 is one
    of 5×5. In numbers, ; ends a row and | separates the slices for red, green and blue; a single slice is used for every channel, and
    products are summed over channels. Filters are not flipped, as in networks. Rows and columns count from 0 everywhere.

    As .gif the filter slides, as .html it can be stepped and its numbers edited; any other figure shows one place (--at).

    The lecture prints the map of its 6×6 example transposed: its first row is the first column here. The filter with its corner on row
    0, column 2 of the picture gives −44, in row 0, column 2 of the map, where the lecture prints 185.5.

    \b
      clearsight look convolution --through relu,maxpool --out slide.gif
      clearsight look convolution --example curve --out curve.png
      clearsight look convolution --picture cat.jpg --filter sobel-x --at 20,31
      clearsight look convolution --picture cat.jpg --stride 2 --filter "1 0 -1; 2 0 -2; 1 0 -1"
    """
    from ...look import convolution as worked

    place = _place(at)
    found = worked.calculate(example, **own)
    changed = any(value not in (None, (), 0) for name, value in own.items() if name not in ("stride", "dilation"))
    against = worked.calculate("curve", picture=worked.NO_MATCH) if example == "curve" and not changed else None
    _check(found, place)
    if out:
        title = worked.EXAMPLES[example].title if own["picture"] is None else _title(found, own["picture"].name)
        live = _live(found, title, against) if out.path.suffix.lower() == ".html" else None
        moving = out.path.suffix.lower() == ".gif" or (out.path.suffix.lower() == ".html" and live is None)
        write_figure(_figures(found, against, title, place, out, moving), out, (lambda: live) if live else None)
    if as_json:
        print_json(_json(found, against, place, example))
        return
    _print(found, place, steps)
    if against and against.convolution:
        click.echo(f"\nanother shape: {against.convolution.step(0, 0, 0).sum:g}")


def _place(at: tuple[int, ...] | None) -> tuple[int, int] | None:
    from ...base.errors import wrong

    if at is not None and len(at) != 2:
        raise wrong("--at", "a row and a column, from 0, as in 1,2", ",".join(map(str, at)))
    return (at[0], at[1]) if at else None


def _check(found: "Calculation", place: tuple[int, int] | None) -> None:
    """Raise UsageError, before anything is drawn, for a place outside of the map."""
    if place and found.convolution:
        found.convolution.step(0, *place)
    elif place and found.stages:
        found.stages[0].window(0, *place)


def _title(found: "Calculation", name: str) -> str:
    done = ", ".join(found.convolution.names) if found.convolution else ", ".join(stage.words for stage in found.stages)
    return f"{done} on {name}"


def _json(found: "Calculation", against: "Calculation | None", place: tuple[int, int] | None, example: str) -> dict[str, Any]:
    from ...look.convolution import older_json

    values = found.to_json(place)
    if example in ("lecture", "curve", "maxpool"):
        values |= older_json(found)
    if against and against.convolution:
        values |= {"mismatch": against.convolution.step(0, 0, 0).sum, "mismatch_example": against.to_json()}
    return values


def _figures(
    found: "Calculation", against: "Calculation | None", title: str, place: tuple[int, int] | None, out: Out, moving: bool
) -> "list[Figure]":
    """The numbers in cells where they fit, else pictures: the filter on its way, or a stack of maps."""
    from ...reports.figures.convolution import curve_figure, fits, frame, frames
    from ...reports.figures.sliding import sliding_figure, sliding_frames
    from ...reports.figures.volume import volume_figure, volume_frames

    if against:
        return [curve_figure(found, against, title, style=out.style)]
    still, every = (frame, frames) if fits(found, out.style) else (sliding_figure, sliding_frames)
    if found.convolution and len(found.convolution.filters) > 1:
        still, every = volume_figure, volume_frames
    if moving:
        return every(found, title, style=out.style)
    return [still(found, None, title, place, style=out.style)]


def _live(found: "Calculation", title: str, against: "Calculation | None") -> "Live | None":
    from ...reports.live.convolution import live

    return live(found, title, {"match": found.picture[0], "another shape": against.picture[0]} if against else None)


def _print(found: "Calculation", place: tuple[int, int] | None, steps: bool) -> None:
    picture, done = found.picture, found.convolution
    _matrices("picture", picture, _channels(len(picture)) if done else [f"map {i}" for i in range(len(picture))])
    if done:
        _filters(done, steps or bool(place))
        _worked_out(done, place, steps)
        _matrices("feature map", done.maps, _of_filters(done), before=True)
    if place and not done and found.stages:
        for m in range(len(found.stages[0].maps)):
            window = found.stages[0].window(m, *place)
            values = ", ".join(f"{value:g}" for value in window.patch.flatten().tolist())
            click.echo(f"map {m}, row {place[0]}, column {place[1]}: {'max' if window.best else 'mean'}({values}) = {window.value:g}")
    for stage in found.stages:
        names = _of_filters(done) if done else [f"map {i}" for i in range(len(stage.maps))]
        _matrices(f"after {stage.words}", stage.maps, names, before=True)
    if done:
        weights = done.filters[0].numel()
        bias = " and a bias" if any(done.bias) else ""
        numbers_of = f"{len(done.filters)} × ({weights} + 1)" if bias else f"{len(done.filters)} × {weights}"
        total = len(done.filters) * (weights + bool(bias))
        shape = "×".join(str(n) for n in (*done.maps.shape[1:], len(done.maps)))
        click.echo(f"\n{weights} products{bias} a place; {shape} numbers; {numbers_of} = {total:,} parameters")


def _channels(count: int) -> list[str]:
    return ["red", "green", "blue"] if count == 3 else [""] * count


def _of_filters(done: "Convolution") -> list[str]:
    return [""] if len(done.names) == 1 else [f"of {name}" for name in done.names]


def _filters(done: "Convolution", asked: bool) -> None:
    """Each filter in numbers; of several only names and shapes, unless they are few and `asked` for."""
    channels, height, width = done.filters[0].shape
    if len(done.filters) == 1 or (asked and done.filters.numel() <= MOST_NUMBERS):
        for name, values in zip(done.names, done.filters, strict=True):
            _matrices("filter" if name == "filter" else f"filter {name}", values, _channels(channels))
        return
    told = f"{len(done.filters)} filters of {height}×{width}×{channels}: {', '.join(done.names)}"
    click.echo(textwrap.fill(told, WIDE, subsequent_indent="  ", break_on_hyphens=False) + "\n")


def _matrices(title: str, values: Any, names: list[str], before: bool = False) -> None:
    """Each `(rows, columns)` of a stack under its name; of a large one its size and range."""
    for i, (matrix, name) in enumerate(zip(values, names, strict=True)):
        head = f"{title}, {name}" if name and not name.startswith("of ") else f"{title} {name}".rstrip()
        large = max(matrix.shape) > MOST_SIDE
        if before and not (large and i):
            click.echo()
        if large:
            click.echo(f"{head}: {matrix.shape[0]}×{matrix.shape[1]}, from {float(matrix.min()):.6g} to {float(matrix.max()):.6g}")
        else:
            click.echo(f"{head}\n{numbers(matrix)}" + ("" if before else "\n"))


def _worked_out(done: "Convolution", place: tuple[int, int] | None, steps: bool) -> None:
    if place:
        _products(done, done.step(0, *place), done.names[0])
        for f, name in enumerate(done.names[1:], 1):
            click.echo(f"row {place[0]}, column {place[1]} of {name}: the sum is {round(done.step(f, *place).sum, 9):.6g}")
        return
    every = list(done.steps(0)) if steps else [done.step(0, 0, 0)]
    for step in every:
        pairs = zip(done.filters[0].flatten().tolist(), step.patch.flatten().tolist(), strict=True)
        terms = [f"{w:g}·{x:g}" for w, x in pairs if w and x] + ([f"{done.bias[0]:g}"] if done.bias[0] else [])
        shown = " + ".join(terms if len(terms) <= 12 else [*terms[:3], "…", terms[-1]])
        click.echo(f"row {step.row}, column {step.column}: {shown or '0'} = {round(step.sum, 9):g}")


def _products(done: "Convolution", step: "Step", name: str) -> None:
    """Every product of a place, channel by channel, and their sum."""
    whose = "the map" if name == "filter" else name
    click.echo(f"row {step.row}, column {step.column} of {whose}, its corner on row {step.top}, column {step.left} of the picture")
    for c, channel in enumerate(_channels(len(step.patch))):
        triples = zip(done.filters[step.filter, c].flatten(), step.patch[c].flatten(), step.products[c].flatten(), strict=True)
        words = [f"{float(w):.4g} · {float(x):g} = {round(float(p), 9):.6g}" for w, x, p in triples]
        width = max(map(len, words)) + 3
        a_line = max(1, WIDE // width)
        a_line = step.patch.shape[2] if step.patch.shape[2] <= a_line else a_line
        for start in range(0, len(words), a_line):
            click.echo("  " + "".join(word.ljust(width) for word in words[start : start + a_line]).rstrip())
        if channel:
            click.echo(f"  {channel}: {round(float(step.products[c].sum()), 9):.6g}")
    bias = f" with the bias {done.bias[step.filter]:g}" if done.bias[step.filter] else ""
    click.echo(f"  sum of {step.products.numel()} products{bias} = {round(step.sum, 9):.6g}\n")
