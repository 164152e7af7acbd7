"""`clearsight compare A B [DATA]`."""

import click

from .common import PART_HELP, batch_option, device_option, json_option, made_faster, opened, print_json, quiet_option, speed_option


@click.command()
@click.argument("a")
@click.argument("b")
@click.argument("data", required=False)
@click.option("--part", "--split", "part", default="test", show_default=True, help=PART_HELP)
@batch_option
@device_option
@speed_option
@json_option
@quiet_option
def compare(a: str, b: str, data: str | None, part: str, batch: int, device: str, speed: str, as_json: bool, quiet: bool) -> None:
    """Judge the classifiers A and B on the same pictures (left out: A's own data and split) and test the difference."""
    from dataclasses import replace

    from ..base.errors import plain
    from ..evaluation.compare import compare as test
    from ..evaluation.evaluate import evaluate
    from ..evaluation.held_out import choose, stamp

    both = [opened(model, device, quiet) for model in (a, b)]
    chosen = choose(both[0].folder, data, part, others=[both[1].folder], quiet=quiet)
    for note in () if quiet else chosen.notes:
        click.echo(plain(note), err=True)
    both = [made_faster(one, speed) for one in both]
    judged = [evaluate(classifier, chosen.dataset, batch_size=batch, quiet=quiet) for classifier in both]
    found = test(judged[0], judged[1])
    if as_json:
        engines = " and ".join(dict.fromkeys(classifier.engine for classifier in both))
        facts = stamp(both[0], chosen) | {
            "weights": [classifier.weights_digest for classifier in both],
            "precision": found.precision,
            "engine": engines,
        }
        print_json(replace(found, stamp=facts).to_json())
    else:
        click.echo(plain(found.sentence))
