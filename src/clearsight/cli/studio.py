"""`clearsight studio [DATA|MODEL|RUNS...]`."""

import click


@click.command()
@click.argument("words", metavar="[DATA|MODEL|RUNS]...", nargs=-1)
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Port on this machine (default: any free one).")
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open the page in a browser.")
@click.option("--read-only", is_flag=True, help="For a class: pages ask, and decide, take and start nothing.")
def studio(words: tuple[str, ...], port: int, browser: bool, read_only: bool) -> None:
    """Show in a browser what is in your data, and how an answer comes about.

    MODEL is a run, an artefact, trained weights or a name of the registry (default: the runs in ./runs); DATA is all that check takes.
    RUNS is a folder of run folders in place of ./runs, such as a mounted one to which another machine trains. Nothing leaves this machine.
    """
    from ..studio.server import studio as run

    run(words, port=port, browser=browser, read_only=read_only)
