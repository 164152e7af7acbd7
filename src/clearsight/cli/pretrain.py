"""`clearsight pretrain DATA`."""

from typing import Any

import click

from ..recipes.recipe import WITHOUT_LABELS, Pretraining
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
)


@click.command(cls=SectionedCommand)
@click.argument("data", required=False)
@click.option("--out", default="", help="Run folder; a bare name goes under runs/ (default: runs/DATA-MODEL-simclr).")
@resume_option
@allow_code_option
@json_option
@quiet_option
@setting_options(Pretraining, WITHOUT_LABELS)
def pretrain(data: str | None, out: str, resume: str, allow_code: bool, as_json: bool, quiet: bool, **settings: Any) -> None:
    """Learn features from the pictures of DATA without labels (SimCLR).

    Two augmented views of each picture (--augment) must recognise each other among the views of all pictures in the batch. The result is a
    classifier like any other; only its head is fitted on the labels of DATA, to evaluate the features. Training from it starts with a
    new head.

    \b
      clearsight pretrain fashion-mnist --out features
      clearsight train fashion-mnist --from runs/features --labels 10
      clearsight look neighbours runs/features fashion-mnist
      clearsight pretrain --resume runs/features
    """
    from ..base.errors import UsageError
    from ..reports.of_run import report_training
    from ..training.api import pretrain as pretrain_run
    from ..training.api import resume_pretraining as resume_run

    given = {name: value for name, value in settings.items() if value is not None}
    if resume and resume != AUTO:
        if given or out:
            extra = ", ".join(flag(name) for name in [*given, *(["out"] if out else [])])
            raise UsageError(f"--resume continues a run by its own recipe: leave out {extra}.")
        trained = resume_run(resume, data=data, quiet=quiet, allow_code=allow_code)
    elif data:
        trained = pretrain_run(data, out=out, quiet=quiet, allow_code=allow_code, or_resume=bool(resume), **given)
    else:
        raise UsageError("pretrain needs DATA (a folder, a table, an .npz, or a named set: digits, fashion-mnist), or --resume RUN.")
    if trained is None:  # a process of a team that does not lead
        return
    report = report_training(trained, quiet=quiet)
    labelled = "knn_accuracy" in trained.classifier.facts
    if as_json:
        probes = {"knn_accuracy": float(trained.classifier.facts["knn_accuracy"])} if labelled else {}
        print_json({**trained.to_json(), **probes})
    else:
        judge = "linear probe on validation" if labelled else "clusters told apart on validation"
        assert trained.validation
        click.echo(f"{judge} {percent(trained.validation['top1'])}, n = {trained.validation['n']:,}")
        click.echo(f"features   {trained.run}\nreport     {report}")
        click.echo(f"next       clearsight train {(labelled and data) or 'LABELLED'} --from {trained.run} --labels 10")
