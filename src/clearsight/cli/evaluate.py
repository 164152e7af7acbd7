"""`clearsight evaluate MODEL [DATA]`."""

from pathlib import Path

import click

from .common import batch_option, device_option, json_option, percent, print_json, quiet_option, show, speed_option, views_option


@click.command()
@click.argument("model")
@click.argument("data", required=False)
@click.option("--part", default="test", show_default=True, help="Which part of the data: train, val, test, or all.")
@click.option("--table", type=click.Path(dir_okay=False), help="Write every prediction to this .csv, .json or .parquet file.")
@click.option("--out", default="", help="Folder of the report; a bare name goes under runs/ (default: MODEL, or runs/DATA-MODEL).")
@views_option
@batch_option
@device_option
@speed_option
@json_option
@quiet_option
def evaluate(
    model: str, data: str | None, part: str, table: str | None, out: str, views: str | None, batch: int, device: str, speed: str,
    as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Say how good the classifier MODEL is on DATA (left out: the data it was trained on, by its own split).

    MODEL is a run folder, or somebody else's weights: torchvision:resnet50, keras:FILE.h5, timm:NAME, hf:REPO. Top-1 and
    top-5 with 95 % intervals, per-class figures, calibration; report.html goes to MODEL, or to --out.
    """
    from ..base.device import pick_device
    from ..base.errors import plain
    from ..classifier import load
    from ..evaluate.evaluate import evaluate as judge
    from ..evaluate.parts import choose_part
    from ..evaluate.table import write_table
    from ..train.run import Run
    from .reports import report_evaluation, report_folder

    classifier = load(model, device=pick_device(device)).faster(speed)
    classifier = classifier if views is None else classifier.viewed(views)
    chosen, part_name, notes = choose_part(model, data, part)
    if not quiet:
        for note in notes:
            click.echo(plain(note), err=True)
    with report_folder(model, data, out) as folder:
        evaluation = judge(classifier, chosen, batch_size=batch, quiet=quiet)
        name = Path(data or "").name
        report = report_evaluation(Run(Path(model)), classifier, evaluation, chosen, part_name, name=name, folder=folder)
    if table:
        write_table(evaluation, table)
    if as_json:
        print_json(evaluation.to_json())
        return
    from ..evaluate.view import tables

    figures = evaluation.to_json()
    click.echo(f"{part_name}: top-1 accuracy {percent(figures['top1'])}, n = {figures['n']:,}")
    show(*tables(evaluation))
    click.echo(f"report {report}" + (f"\ntable  {table}" if table else ""))
