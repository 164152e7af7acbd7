"""`clearsight studio [DATA|MODEL...]`."""

import click


@click.command()
@click.argument("words", metavar="[DATA|MODEL]...", nargs=-1)
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Port on this machine (default: any free one).")
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open the page in a browser.")
def studio(words: tuple[str, ...], port: int, browser: bool) -> None:
    """Show in a browser what is in your data, and how an answer comes about.

    MODEL is a run, an artefact, trained weights or a name of the registry (default: the runs in ./runs); DATA is all that check takes.
    Nothing leaves this machine.
    """
    from ..studio.server import studio as run

    run(words, port=port, browser=browser)
