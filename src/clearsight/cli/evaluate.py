"""`clearsight evaluate MODEL [DATA]`."""

from pathlib import Path

import click

from .common import (
    PART_HELP,
    batch_option,
    device_option,
    engine_option,
    json_option,
    made_faster,
    opened,
    percent,
    print_json,
    quiet_option,
    report_home,
    sets_options,
    show,
    speed_option,
    views_option,
)

NO_TEST = ", which is no test: it has learnt from these pictures"


@click.command()
@click.argument("model")
@click.argument("data", required=False)
@click.option("--part", "--split", "part", default="test", show_default=True, help=PART_HELP)
@click.option("--table", type=click.Path(dir_okay=False), help="Write every prediction to this .csv, .json or .parquet file.")
@click.option(
    "--out",
    default="",
    help="Folder of the report; a bare name goes under runs/ (default: MODEL; for other pictures a folder in MODEL/judged).",
)
@sets_options
@views_option
@batch_option
@device_option
@speed_option
@engine_option
@json_option
@quiet_option
def evaluate(
    model: str, data: str | None, part: str, table: str | None, out: str, coverage: float | None, by_class: bool, views: str | None,
    batch: int, device: str, speed: str, engine: str, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Evaluate the classifier MODEL on DATA (default: the data it was trained on, by its own split).

    MODEL is a run folder, an exported file, or pretrained weights: torchvision:resnet50, package:NAME, FILE.pth, timm:NAME. Top-1 and
    top-5 with 95 % intervals, per-class figures, calibration, risk against coverage, and whether conformal sets keep
    their coverage (90 % and 95 %, or --coverage); report.html goes to MODEL, or to --out.
    """
    from ..base.errors import plain
    from ..evaluation.held_out import choose
    from ..evaluation.judge import judge
    from ..reports.of_run import report_evaluation, report_folder
    from ..reports.predictions import require_writable, write_table
    from ..runs.run import Run

    if table:
        require_writable(table)
    classifier = made_faster(opened(model, device, quiet, engine), speed)
    classifier = classifier if views is None else classifier.viewed(views)
    chosen = choose(classifier.folder, data, part, quiet=quiet)
    for note in () if quiet else chosen.notes:
        click.echo(plain(note), err=True)
    with report_folder(report_home(model), chosen, out) as folder:
        evaluation = judge(classifier, chosen, batch_size=batch, quiet=quiet, coverage=coverage or 0.0, by_class=by_class)
        name = "" if chosen.own else chosen.name
        report = report_evaluation(
            Run(Path(classifier.folder)), classifier, evaluation, chosen.dataset, chosen.part, name=name, folder=folder
        )
    if table:
        write_table(evaluation, table)
    if as_json:
        print_json(evaluation.to_json())
        return
    from ..reports.console import tables

    figures = evaluation.to_json()
    said = f"{chosen.part}: top-1 accuracy {percent(figures['top1'])}, n = {figures['n']:,}, computed in {figures['precision']}"
    click.echo(said + NO_TEST * (chosen.learnt > 0))
    if naive := figures.get("with_learnt"):
        click.echo(
            f"  with the {len(chosen.left_out):,} that it has learnt from: {percent(naive['top1'])}, n = {naive['n']:,}, which is no test"
        )
    show(*tables(evaluation))
    click.echo(f"report {report}" + (f"\ntable  {table}" if table else ""))
