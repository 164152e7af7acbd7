"""`clearsight sweep DATA`."""

from typing import TYPE_CHECKING, Any

import click

from ..recipes.recipe import Recipe
from .common import (
    SectionedCommand,
    allow_code_option,
    json_option,
    percent,
    print_json,
    quiet_option,
    setting_options,
    show,
)

if TYPE_CHECKING:
    from rich.table import Table

    from ..experiments.sweep import SweepResult
    from ..experiments.trial import Trial


@click.command(cls=SectionedCommand)
@click.argument("data")
@click.option(
    "--over", multiple=True, required=True, metavar="NAME=A,B", help="A setting and its values, as in lr=1e-3,3e-3; may be repeated."
)
@click.option("--trials", default=0, type=click.IntRange(0), help="So many of the combinations, drawn by the seed (0: all).")
@click.option("--on", default="", metavar="ray", help="Train the trials at the same time, on the processors of Ray (default: in turn).")
@click.option("--out", default="", help="Folder of the sweep; a bare name goes under runs/ (default: runs/DATA-sweep).")
@allow_code_option
@json_option
@quiet_option
@setting_options(Recipe, without=("ensemble", "minutes"))
def sweep(
    data: str, over: tuple[str, ...], trials: int, on: str, out: str, allow_code: bool, as_json: bool, quiet: bool, **settings: Any
) -> None:
    """Search over settings of a training: the best on validation pictures, judged once on the test part.

    Every combination of the values is a trial, in a run folder of its own. By successive halving all are trained for a part of their
    epochs, and the best third continues. The same command again continues an interrupted search. Other options are for all trials.

    \b
      clearsight sweep fashion-mnist --over lr=1e-3,3e-3 --over model=convnet,lenet5
      clearsight sweep photos --over lr=1e-4,3e-4,1e-3 --over augment='','flip crop:2' --epochs 30
      clearsight sweep photos --over lr=1e-4,1e-3 --over weight-decay=0,1e-3 --trials 3 --on ray
    """
    from ..base.errors import UsageError, plain
    from ..experiments.sweep import OPTIMISTIC, search

    def say(line: str) -> None:
        if not quiet:
            click.echo(plain(line), err=True)

    grid: dict[str, list[str]] = {}
    for words in over:
        name, equals, values = words.partition("=")
        if not equals or name in grid:
            raise UsageError(f"--over takes a setting and its values, each setting once, as in --over lr=1e-3,3e-3. Got {words!r:.80}.")
        grid[name] = values.split(",")
    given = {name: value for name, value in settings.items() if value is not None}
    found = search(data, grid, trials=trials, on=on, out=out, quiet=quiet, say=say, allow_code=allow_code, **given)
    if as_json:
        print_json(found.to_json())
        return
    show(_table(found))
    click.echo(OPTIMISTIC)
    assert found.test
    click.echo(f"test       {percent(found.test)}, n = {found.tested:,}: {found.chosen}")
    click.echo(f"classifier {found.trials[0].run}")


def _table(found: "SweepResult") -> "Table":
    """A row for each trial, the best first."""
    from rich.table import Table

    from ..base.settings import spelled

    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in found.trials[0].settings:
        table.add_column(spelled(name))
    for name in ("epochs", "validation", "95 %", "s"):
        table.add_column(name, justify="right", no_wrap=True)
    for trial in found.trials:
        table.add_row(*map(str, trial.settings.values()), f"{trial.epochs}/{trial.planned}", *_judged(trial), f"{trial.seconds:,.0f}")
    return table


def _judged(trial: "Trial") -> tuple[str, str]:
    """The validation accuracy in percent, and its interval."""
    if trial.accuracy is None or trial.accuracy["low"] is None or trial.accuracy["high"] is None:
        return "failed", "–"
    return f"{100 * trial.accuracy['value']:.1f}", f"{100 * trial.accuracy['low']:.1f}–{100 * trial.accuracy['high']:.1f}"
