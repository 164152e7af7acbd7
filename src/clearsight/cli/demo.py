"""`clearsight demo`."""

from pathlib import Path

import click

from .common import json_option, percent, print_json


@click.command()
@click.option("--out", default="", help="Run folder; a bare name goes under runs/ (default: runs/digits-swift).")
@json_option
def demo(out: str, as_json: bool) -> None:
    """Train on 1,797 real scanned digits, judge on digits never seen, classify a picture, write the report."""
    from io import BytesIO

    from PIL import Image

    from ..base.files import write_atomic
    from ..classifier import load
    from ..evaluation.evaluate import evaluate
    from ..images.decode import decode
    from ..reports.of_run import report_evaluation
    from ..runs.run import Run
    from ..training.api import train

    click.echo("1  train on the digits", err=True)
    trained = train("digits", out=out, quiet=as_json)
    assert trained is not None
    click.echo("2  judge on the test part, read for the first time", err=True)
    classifier = load(trained.run)
    test = trained.parts.parts["test"]
    evaluation = evaluate(classifier.faster(), test, quiet=True)
    report = report_evaluation(Run(trained.run), classifier, evaluation, test, "test")
    figures = evaluation.to_json()
    click.echo("3  classify a picture", err=True)
    picture = Path(trained.run) / "digit.png"
    stream = BytesIO()
    Image.fromarray(decode(test.source(0))[:, :, 0]).save(stream, "PNG")
    write_atomic(picture, stream.getvalue())
    answer = classifier.classify(picture)
    if as_json:
        print_json({**trained.to_json(), "test": figures["top1"], "n": figures["n"], "label": answer.label, "report": str(report)})
        return
    click.echo(f"   {picture} is a {answer.label} ({answer.confidence:.1%} sure), and in truth a {test.label(0)}\n", err=True)
    click.echo(f"test accuracy {percent(figures['top1'])}, n = {figures['n']:,}, in {trained.seconds:.0f} s of training")
    click.echo(f"report    {report}\nclassifier {trained.run}\n\nnext:")
    click.echo(f"  clearsight classify {trained.run} {picture}")
    click.echo(f"  clearsight evaluate {trained.run} --table predictions.csv")
    click.echo("  clearsight train YOUR_PICTURES        (a folder per class)")
