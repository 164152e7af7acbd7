"""`clearsight studio [MODEL...]`."""

import click


@click.command()
@click.argument("models", metavar="[MODEL...]", nargs=-1)
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Port on this machine (default: any free one).")
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open the page in a browser.")
def studio(models: tuple[str, ...], port: int, browser: bool) -> None:
    """Show in a browser how an answer comes about: drop a picture, click down to a single multiplication.

    MODEL is a run, an artefact, trained weights or a name of the registry (default: the runs in ./runs). Nothing leaves this machine.
    """
    from ..studio.server import studio as run

    run(models, port=port, browser=browser)
