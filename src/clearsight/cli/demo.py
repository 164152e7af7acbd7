"""`clearsight demo`."""

from typing import TYPE_CHECKING, Any

import click

from .common import json_option, percent, print_json

if TYPE_CHECKING:
    from ..evaluation.evaluate import Evaluation
    from ..runs.trained import Trained

WEIGHTS = "package:efficientnet_lite0"
EPSILON = 0.007  # of the panda that became a gibbon: Goodfellow et al., Explaining and harnessing adversarial examples, 2015


@click.command()
@click.option("--out", default="", help="Run folder of the digits; a bare name goes under runs/ (default: runs/digits-swift).")
@json_option
def demo(out: str, as_json: bool) -> None:
    """Train on 1,797 scanned digits and 107 photographs, judge on pictures never seen, classify, explain and attack one, write reports."""
    digits, photographs = _digits(out, as_json), _photographs(f"{out}-photos" if out else "", as_json)
    if as_json:
        print_json({**digits, "photos": photographs})
        return
    for name, found in (("digits", digits), ("photographs", photographs)):
        click.echo(f"\n{name}: test accuracy {percent(found['test'])}, n = {found['n']:,}, in {found['seconds']:.0f} s of training")
        click.echo(f"report    {found['report']}\nclassifier {found['run']}")
    click.echo(f"\nnext:\n  clearsight classify {photographs['run']} YOUR_PICTURE.jpg")
    click.echo(f"  clearsight evaluate {photographs['run']} --table predictions.csv")
    click.echo("  clearsight train YOUR_PICTURES        (a folder per class)")


def _digits(out: str, quiet: bool) -> dict[str, Any]:
    """Train on the digits, judge on their test part, classify one."""
    from io import BytesIO

    from PIL import Image

    from ..base.files import write_atomic
    from ..images.decode import decode

    click.echo("1  train on the digits, from nothing", err=True)
    trained, evaluation, facts = _trained("digits", "2  judge on the test part, read for the first time", quiet, out=out)
    click.echo("3  classify a picture", err=True)
    test = evaluation.data
    assert test is not None
    picture = trained.run / "digit.png"
    stream = BytesIO()
    Image.fromarray(decode(test.source(0))[:, :, 0]).save(stream, "PNG")
    write_atomic(picture, stream.getvalue())
    answer = trained.classifier.classify(picture)
    click.echo(f"   {picture} is a {answer.label} ({answer.confidence:.1%} sure), and in truth a {test.label(0)}\n", err=True)
    return {**facts, "label": answer.label}


def _photographs(out: str, quiet: bool) -> dict[str, Any]:
    """Train the head of a trained network on photographs, or gradient histograms without such a network; classify, explain, attack one."""
    from ..weights.fetch import find

    row = find(WEIGHTS)
    if row.here:
        click.echo(f"4  train on photographs: a new last layer for {row.name}, trained on ImageNet ({row.licence})", err=True)
        settings: dict[str, Any] = {"from_": WEIGHTS, "tune": "head", "readout": "auto", "keep": "last", "val": 0.0, "fit": "stretch"}
    else:
        click.echo(f"4  train on photographs, by gradient histograms: no trained network is installed ({row.source})", err=True)
        settings = {"model": "hog"}
    trained, evaluation, facts = _trained("set:photos", "5  judge on photographers never seen", quiet, out=out, **settings)
    test = evaluation.data
    assert test is not None
    i = _least_sure(evaluation)
    picture = test.source(i)
    answer = trained.classifier.classify(picture)
    click.echo(f"6  classify a picture\n   {test.names[i]}: {answer.label} ({answer.confidence:.1%} sure)", err=True)
    found = {**facts, "label": answer.label, "picture": str(test.names[i])}
    return {**found, **_inside(trained, picture)} if row.here else found


def _trained(data: str, title: str, quiet: bool, **settings: Any) -> "tuple[Trained, Evaluation, dict[str, Any]]":
    """A run, its evaluation on test, and both as JSON with the path of the report."""
    from ..evaluation.evaluate import evaluate
    from ..reports.of_run import report_evaluation
    from ..runs.run import Run
    from ..training.api import train

    trained = train(data, quiet=quiet, **settings)
    assert trained is not None
    click.echo(title, err=True)
    test = trained.parts.parts["test"]
    evaluation = evaluate(trained.classifier.faster(), test, quiet=True)
    report = report_evaluation(Run(trained.run), trained.classifier, evaluation, test, "test")
    figures = evaluation.to_json()
    return trained, evaluation, {**trained.to_json(), "test": figures["top1"], "n": figures["n"], "report": str(report)}


def _least_sure(evaluation: "Evaluation") -> int:
    """The picture with the lowest probability among those that are right; 0 if all are wrong."""
    import numpy as np

    right = evaluation.logits.argmax(1) == evaluation.labels
    margin = np.where(right, np.ptp(np.sort(evaluation.logits, axis=1)[:, -2:], axis=1), np.inf)
    return int(margin.argmin())


def _inside(trained: "Trained", picture: Any) -> dict[str, Any]:
    """Explain the answer and break it; figures of both go into the run folder."""
    from ..base.files import write_atomic
    from ..look.target import subject
    from ..look.why import explain
    from ..reports.figures.explanation import heat_figure
    from ..reports.figures.triptych import triptych
    from ..reports.saving import saved

    why, attack = trained.run / "why.png", trained.run / "attack.png"
    seen = subject(str(trained.run))
    reason = explain(seen, seen.inputs(picture))
    write_atomic(why, saved([heat_figure(seen, seen.preprocessing.load(picture), reason)], ".png"))
    held = len(reason.verdict.checks) - len(reason.failed) if reason.verdict else 0
    warning = f"; it fails {', '.join(reason.failed)}: do not trust this map" if reason.failed else ""
    click.echo("7  explain it by Grad-CAM, and test the map", err=True)
    click.echo(f"   {held} of {held + len(reason.failed)} tests hold{warning}\n   {why}", err=True)
    broken = triptych(trained.classifier, picture, attack, epsilon=EPSILON, method="pgd")
    before, after = broken["before"], broken["after"]
    said = f"{before['label']} {before['confidence']:.1%}  →  {after['label']} {after['confidence']:.1%}"
    click.echo(f"8  break it: each value changed by at most {EPSILON} of the range\n   {said}\n   {attack}", err=True)
    return {"why": str(why), "failed": reason.failed, "attack": str(attack), "before": before, "after": after}
