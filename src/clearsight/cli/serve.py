"""`clearsight serve MODEL...`."""

from pathlib import Path

import click

from .common import device_option, engine_option, speed_option


@click.command()
@click.argument("models", metavar="MODEL...", nargs=-1, required=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at; one that others reach needs --token-file.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port (0: any free one).")
@click.option("--token-file", type=click.Path(path_type=Path), help="File with the token that clients send: Authorization: Bearer TOKEN.")
@click.option("--allow-host", "hosts", multiple=True, metavar="NAME", help="A name, as in the header Host, that clients may use.")
@click.option(
    "--target", default=20.0, show_default=True, type=click.FloatRange(0),
    help="Milliseconds in which admitted pictures are answered at the measured pace; others get 503 (16 are always admitted).",
)  # fmt: skip
@click.option("--queue", default=0, type=click.IntRange(0), help="Pictures of a model in flight, in place of --target (0: by --target).")
@click.option("--deadline", default=2.0, show_default=True, type=click.FloatRange(0.001), help="Seconds for an answer; later is 504.")
@click.option("--batch", default=0, type=click.IntRange(0), help="Pictures computed together at most (0: by their size).")
@click.option("--wait", default=0.0, show_default=True, type=click.FloatRange(0), help="Milliseconds that a batch waits for more.")
@click.option(
    "--isolate/--no-isolate", default=None, help="Decode in child processes with limits of memory and time (default: unless local)."
)
@click.option("--lame-duck", default=5.0, show_default=True, type=click.FloatRange(0), help="Seconds from SIGTERM to closing the port.")
@click.option("--grace", default=30.0, show_default=True, type=click.FloatRange(1), help="Seconds for requests in flight after that.")
@click.option("--log", type=click.Path(path_type=Path), help="Append unsure answers to this file, as lines of JSON (default: no log).")
@click.option(
    "--unsure", default=0.5, show_default=True, type=click.FloatRange(0, 1), help="Confidence below which an answer is unsure for --log."
)
@click.option("--keep-pictures", type=click.Path(path_type=Path), help="Also keep the pictures of --log, in this folder.")
@device_option
@speed_option
@engine_option
@click.pass_context
def serve(
    ctx: click.Context, models: tuple[str, ...], host: str, port: int, token_file: Path | None, hosts: tuple[str, ...], target: float,
    queue: int, deadline: float, batch: int, wait: float, isolate: bool | None, lame_duck: float, grace: float,
    log: Path | None, unsure: float, keep_pictures: Path | None, device: str, speed: str, engine: str,
) -> None:  # fmt: skip
    """Answer over HTTP with one or more classifiers: MODEL, or NAME=MODEL to choose its name in addresses.

    POST the bytes of a picture to /v1/models/NAME/classify; /docs lists all addresses. SIGTERM and Ctrl-C finish what was admitted.
    """
    from ..serving import Options, read_token
    from ..serving import serve as run

    token = read_token(token_file) if token_file else ""
    options = Options(
        host=host, port=port, token=token, hosts=hosts, target=target / 1000, queue=queue, deadline=deadline, batch=batch,
        wait=wait / 1000, isolate=isolate, lame_duck=lame_duck, grace=grace, log=log, unsure=unsure, pictures=keep_pictures,
    )  # fmt: skip
    ctx.exit(run(models, options, device=device, speed=speed, engine=engine))
