"""`clearsight verify MODEL`."""

from dataclasses import asdict

import click

from .common import json_option, print_json


@click.command()
@click.argument("model")
@json_option
@click.pass_context
def verify(ctx: click.Context, model: str, as_json: bool) -> None:
    """Check every digest of MODEL and classify its golden pictures again: does this machine compute the same?"""
    from ..classifier import verify as check

    found = check(model)
    if as_json:
        print_json(asdict(found))
    else:
        word = "same" if found.ok else "NOT the same"
        click.echo(
            f"{word}: {found.labels_equal} of {found.n} golden pictures get the same label; largest difference of a probability "
            f"{found.max_difference:.1e} (allowed {found.tolerance:.0e})"
        )
    ctx.exit(0 if found.ok else 1)
