"""`clearsight labels errors DATA`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..common import allow_code_option, data_options, json_option, plain_device_option, print_json, quiet_option, show, style_option

if TYPE_CHECKING:
    from ...labels.label_errors import LabelErrors
    from ...reports.style import Style

SHOWN = 10  # in the terminal


@click.command()
@click.argument("data")
@click.option("--part", "--split", "part", default="", help="Which part of DATA, or all (default: the first, which is train).")
@click.option("--folds", default=5, show_default=True, type=click.IntRange(2), help="Each is judged by a model of the others.")
@click.option(
    "--from", "from_", default="", help="Features of this classifier in place of HOG: a run folder, torchvision:NAME, timm:NAME, …"
)
@click.option("--model", default="", help="Train this network for each fold, instead of a head on fixed features.")
@click.option("--recipe", default="", help="The recipe of these networks (default: the network's own).")
@allow_code_option
@click.option("--epochs", default=0, type=click.IntRange(0), help="Their epochs (0: the recipe's).")
@click.option("--rank", "score", default="self-confidence", show_default=True, type=click.Choice(("self-confidence", "margin")),
              help="By the probability of the label, or by that less the likeliest other's.")  # fmt: skip
@click.option("--most", default=100, show_default=True, type=click.IntRange(1), help="How many are on the sheet and in --json.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Random seed.")
@click.option("--out", default="", help="Folder of errors.csv and errors.png; a bare name goes under runs/ (default: runs/DATA-labels).")
@style_option
@plain_device_option
@json_option
@quiet_option
@data_options()
def errors(
    data: str, part: str, folds: int, from_: str, model: str, recipe: str, allow_code: bool, epochs: int, score: str,
    most: int, seed: int, out: str, style: "Style", device: str, as_json: bool, quiet: bool, reading: dict[str, str],
) -> None:  # fmt: skip
    """Rank the labels of DATA by how likely they are wrong, and say about how many are.

    Every picture is judged by a model that has not seen its label (confident learning on out-of-fold probabilities). errors.csv has
    the whole ranking, errors.png the first of it. Nothing is changed: look, and mend what you agree with.

    \b
      clearsight labels errors photos
      clearsight labels errors photos --from torchvision:resnet18
      clearsight labels errors fashion-mnist --model swift --recipe swift-90
    """
    from ...base.errors import plain
    from ...base.files import write_atomic
    from ...labels.label_errors import errors as find
    from ...reports.figures.label_sheet import errors_sheet
    from ...reports.saving import saved

    settings: dict[str, Any] = {name: value for name, value in (("model", model), ("recipe", recipe), ("epochs", epochs)) if value}
    settings |= {"allow_code": True} if allow_code and settings else {}
    where: dict[str, Any] = {"device": device, "out": out, "quiet": quiet, **reading}
    result = find(data, part=part, folds=folds, seed=seed, from_=from_, settings=settings, score=score, **where)
    for note in () if quiet else result.notes:
        click.echo(plain(note), err=True)
    files = {"table": result.folder / "errors.csv", "sheet": result.folder / "errors.png"}
    write_atomic(files["table"], result.csv())
    write_atomic(files["sheet"], saved([errors_sheet(result, f"{Path(data).name}: likely label errors", most, style=style)], ".png"))
    if as_json:
        print_json(result.to_json(most) | {"files": {name: str(path) for name, path in files.items()}})
        return
    _tell(result)
    click.echo("\n".join(f"{name:10s} {path}" for name, path in files.items()))


def _tell(result: "LabelErrors") -> None:
    from rich.table import Table
    from rich.text import Text

    from ...base.errors import plain

    ranking = Table("rank", "picture", "given", "likely", box=None, header_style="bold")
    for rank in range(1, min(SHOWN, len(result)) + 1):
        row = result.row(rank)
        cells = (str(rank), row["picture"], f"{row['given']} {row['p_given']:.1%}", f"{row['likely']} {row['p_likely']:.1%}")
        ranking.add_row(*(Text(plain(cell)) for cell in cells))
    pairs = Table("given", "likely", "about", box=None, header_style="bold")
    for pair in result.confused(SHOWN):
        pairs.add_row(*(Text(plain(cell)) for cell in (pair["given"], pair["likely"], f"{pair['n']:,}")))
    show(ranking, "", pairs)
    click.echo(
        f"\nEstimate: {result.estimated:,.0f} of {len(result):,} labels ({result.estimated / len(result):.1%}) are wrong; "
        f"{result.flagged.sum():,} are flagged.\nIt is as good as the model, which agrees with {result.agreement:.1%} of the labels. Where "
        "it confuses classes,\ncorrect labels of unusual pictures count too: read the ranking from the top, and stop where errors get rare."
    )
