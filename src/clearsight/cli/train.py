"""`clearsight train DATA`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..base.files import read_json
from ..recipes.recipe import Recipe
from .common import (
    AUTO,
    SectionedCommand,
    allow_code_option,
    flag,
    json_option,
    percent,
    print_json,
    quiet_option,
    resume_option,
    setting_options,
    show,
)

if TYPE_CHECKING:
    from ..classifier.validation import Validated
    from ..runs.trained import Trained


@click.command(cls=SectionedCommand)
@click.argument("data", required=False)
@click.option("--out", default="", help="Run folder; a bare name goes under runs/ (default: runs/DATA-MODEL).")
@resume_option
@click.option("--no-ladder", is_flag=True, help="Leave the ladder out of the report of a cross-validated head: it takes some seconds.")
@click.option(
    "--doctor/--no-doctor",
    default=None,
    help="Do not train: check data, network, learning rate, memory and time in about a minute; exit code 1 if the training would fail. "
    "Quick checks are made by themselves before a training of more than ten minutes, unless --no-doctor.",
)
@click.option("--figure", default="", metavar="FILE", help="With --doctor: the learning-rate range test as .png, .svg or .pdf.")
@allow_code_option
@json_option
@quiet_option
@setting_options(Recipe)
def train(
    data: str | None,
    out: str,
    resume: str,
    no_ladder: bool,
    doctor: bool | None,
    figure: str,
    allow_code: bool,
    as_json: bool,
    quiet: bool,
    **settings: Any,
) -> None:
    """Train a classifier on DATA.

    DATA is a folder (DATA/class/picture, with or without train/ val/ test/), an IDX pair, a CSV or TSV table with path
    and label, an .npz, or a named set (digits, fashion-mnist). The options below are the recipe's: what is not given
    comes from --recipe, and a recipe file takes the same names.

    \b
      clearsight train photos
      clearsight train fashion-mnist --model swift --seed 1
      clearsight train labels.csv --recipe alexnet --epochs 30
      clearsight train photos --from torchvision:resnet18 --resize-head --lr 2e-4
      clearsight train photos --from none --doctor
      clearsight train --resume runs/photos-resnet18
      torchrun --nproc-per-node 2 --max-restarts 9 --no-python clearsight train photos --out runs/x --resume auto
    """
    from ..base.errors import UsageError
    from ..reports.of_run import report_training
    from ..runs.mirror import named
    from ..training.api import resume as resume_run
    from ..training.api import train as train_run

    given = {name: value for name, value in settings.items() if value is not None}
    if figure and not doctor:
        raise UsageError("--figure is of the range test of --doctor.")
    if doctor and resume == AUTO:
        raise UsageError("--doctor trains nothing, and so continues nothing: leave out --resume auto.")
    if doctor and data and not resume:
        return _examine(data, figure, as_json, dict(quiet=quiet, allow_code=allow_code, **given))
    if resume and resume != AUTO:
        others = {"out": out, "doctor": doctor}
        if given or any(others.values()):
            extra = ", ".join(flag(name) for name in [*given, *(name for name, value in others.items() if value)])
            raise UsageError(f"--resume continues a run by its own recipe: leave out {extra}.")
        trained = resume_run(resume, data=data, quiet=quiet, allow_code=allow_code)
    elif data:
        trained = train_run(data, out=out, quiet=quiet, allow_code=allow_code, doctor=doctor is None, or_resume=bool(resume), **given)
    else:
        raise UsageError("train needs DATA (a folder, a table, an .npz, or a named set: digits, fashion-mnist), or --resume RUN.")
    if trained is None:  # a process of a team that does not lead
        return
    report = report_training(trained, quiet=quiet, ladder=not no_ladder)
    if as_json:
        print_json(trained.to_json())
    else:
        click.echo(_estimate(trained.validation))
        for line in _ladder(trained):
            click.echo(line)
        click.echo(f"classifier {(run := named(trained.run))}\nreport     {report}\nnext       clearsight evaluate {run}")


def _ladder(trained: "Trained") -> list[str]:
    """The lines on the ladder in the run folder, if there is one."""
    from ..experiments.rungs import FILE

    path = trained.run / FILE
    if not path.is_file():
        return []
    found = read_json(path)
    return ["ladder     " + " → ".join(f"{row['title']} {row['top1']['value']:.1%}" for row in found["rows"]), *found["left_out"]]


def _examine(data: str, figure: str, as_json: bool, given: dict[str, Any]) -> None:
    """Print the diagnosis of a training, and leave with 1 if it would fail."""
    from ..api.learning import doctor as examine
    from ..reports.doctor import table
    from ..reports.saving import require_suffix
    from ..training.api import Diagnosis

    if figure:
        require_suffix(Path(figure).suffix.lower())
    found: Diagnosis = examine(data, **given)
    if figure:
        found.save(figure)
    if as_json:
        print_json(found.to_json())
    else:
        show(table(found))
        click.echo(found.headline())
    if found.verdict == "stop":
        raise SystemExit(1)


def _estimate(found: "Validated | None") -> str:
    """The line on the accuracy that is known without the test part."""
    if not found:
        return "no accuracy is known yet: with one label of each class none could be held out. clearsight evaluate judges the test part"
    who = "cross-validated" if "by" in found else "validation"
    return f"{who} accuracy {percent(found['top1'])}, n = {found['n']:,}"
