"""`clearsight labels next MODEL POOL`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..common import data_options, device_option, json_option, print_json, quiet_option, show, style_option

if TYPE_CHECKING:
    from ...labels.acquisition import LabelSuggestions
    from ...reports.style import Style

SHOWN = 10  # in the terminal


@click.command()
@click.argument("model")
@click.argument("pool")
@click.option("--n", default=100, show_default=True, type=click.IntRange(1), help="How many pictures.")
@click.option("--part", "--split", "part", default="", help="Which part of POOL if it is a data set (default: the first, train).")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="The draws follow from it.")
@click.option("--out", default="", help="Folder of next.csv and next.png; a bare name goes under runs/ (default: runs/POOL-next).")
@style_option
@device_option
@json_option
@quiet_option
@data_options("columns", "leave_out")
@click.pass_context
def next(
    ctx: click.Context, model: str, pool: str, n: int, part: str, seed: int, out: str, device: str, as_json: bool, quiet: bool,
    style: "Style", reading: dict[str, Any],
) -> None:  # fmt: skip
    """Choose the pictures of POOL to label next, so that the classifier MODEL improves most: uncertain and diverse ones.

    POOL is a folder of pictures, with or without class folders, or a data set, whose labels are ignored. Pictures that MODEL was
    trained or evaluated on are left out. An unreadable picture is reported and the rest still ranked; the exit code is then 1.

    \b
      clearsight labels next runs/pets new-photos
      clearsight train fashion-mnist --labels 10 --out few
      clearsight labels next runs/few fashion-mnist --n 200
    """
    from ...base.errors import plain
    from ...base.files import require_ours, write_atomic
    from ...labels.acquisition import next_labels
    from ...reports.figures.label_sheet import next_sheet
    from ...reports.saving import saved

    result = next_labels(model, pool, n=n, part=part, seed=seed, device=device, out=out, quiet=quiet, **reading)
    for note in () if quiet else result.notes:
        click.echo(plain(note), err=True)
    files = {"table": result.folder / "next.csv", "sheet": result.folder / "next.png"}
    require_ours(files["table"], result.csv().partition("\n")[0] + "\n")  # a column of labels that was added by hand is kept
    write_atomic(files["table"], result.csv())
    title = f"{Path(pool).name}: to label next, by {Path(model).name}"
    write_atomic(files["sheet"], saved([next_sheet(result, title, n, style=style)], ".png"))
    if as_json:
        print_json(result.to_json() | {"files": {name: str(path) for name, path in files.items()}})
    else:
        _tell(result)
        click.echo("\n".join(f"{name:10s} {path}" for name, path in files.items()))
    for failure in result.failures:
        click.echo(plain(f"clearsight: cannot read {failure.source}: {failure.error}"), err=True)
    if result.failures:
        ctx.exit(1)


def _tell(result: "LabelSuggestions") -> None:
    from rich.table import Table
    from rich.text import Text

    from ...base.errors import plain

    table = Table("rank", "picture", "guess", "second", "why", box=None, header_style="bold")
    for one in result.wanted[:SHOWN]:
        cells = (str(one.rank), one.path, f"{one.guess} {one.confidence:.1%}", f"{one.second} {one.confidence - one.margin:.1%}", one.why)
        table.add_row(*(Text(plain(cell)) for cell in cells))
    show(table)
    more = f"; {result.labelled:,} have a label already" if result.labelled else ""
    click.echo(f"{len(result.wanted):,} of {len(result.data):,} pictures{more}")
