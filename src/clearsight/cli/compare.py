"""`clearsight compare A B [DATA]`."""

import click

from .common import batch_option, device_option, json_option, print_json, quiet_option, speed_option


@click.command()
@click.argument("a")
@click.argument("b")
@click.argument("data", required=False)
@click.option("--part", default="test", show_default=True, help="Which part of the data: train, val, test, or all.")
@batch_option
@device_option
@speed_option
@json_option
@quiet_option
def compare(a: str, b: str, data: str | None, part: str, batch: int, device: str, speed: str, as_json: bool, quiet: bool) -> None:
    """Judge the classifiers A and B on the same pictures (left out: A's own data and split) and test the difference."""
    from dataclasses import asdict

    from ..base.device import pick_device
    from ..base.errors import plain
    from ..classifier import load
    from ..evaluate.compare import compare as test
    from ..evaluate.evaluate import evaluate
    from ..evaluate.parts import choose_part

    chosen, _, notes = choose_part(a, data, part)
    if not quiet:
        for note in notes:
            click.echo(plain(note), err=True)
    where = pick_device(device)
    judged = [evaluate(load(model, device=where).faster(speed), chosen, batch_size=batch, quiet=quiet) for model in (a, b)]
    found = test(judged[0], judged[1])
    if as_json:
        print_json(asdict(found))
    else:
        click.echo(plain(found.sentence))
