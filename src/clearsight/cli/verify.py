"""`clearsight verify MODEL`."""

from dataclasses import asdict

import click

from .common import device_option, engine_option, json_option, print_json, speed_option


@click.command()
@click.argument("model")
@device_option
@speed_option
@engine_option
@json_option
@click.pass_context
def verify(ctx: click.Context, model: str, device: str, speed: str, engine: str, as_json: bool) -> None:
    """Check every digest of MODEL and classify its golden samples again, as `classify` does: does this machine compute the same?"""
    from ..base.compute.device import pick_device
    from ..base.errors import plain
    from ..exports.golden import verify as check

    found = check(model, device=pick_device(device), speed=speed, engine=engine, quiet=as_json)
    if found.note:
        click.echo(plain(found.note), err=True)
    if as_json:
        print_json(asdict(found))
    else:
        road = found.speed if found.engine == "torch" else found.engine
        word = "same" if found.ok else "NOT the same"
        click.echo(
            f"{word}: {found.labels_equal} of {found.n} golden samples get the same label; largest difference of a probability "
            f"{found.max_difference:.1e} (allowed {found.tolerance:.0e}); in {found.precision}, {road}, on {found.device}, "
            "as classify computes"
        )
    ctx.exit(0 if found.ok else 1)
