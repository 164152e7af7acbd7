"""`clearsight benchmark MODEL`."""

import click

from .common import device_option, json_option, opened, print_json, quiet_option


@click.command()
@click.argument("model")
@click.option(
    "--engine", "engines", multiple=True, type=click.Choice(("torch", "onnx", "openvino")), help="What to measure (default: each)."
)
@click.option("--batch", "batches", multiple=True, type=click.IntRange(1), help="Pictures computed together (default: 1 and 32).")
@click.option("--threads", multiple=True, type=click.IntRange(1), help="Threads (default: 1 and as many as torch has).")
@click.option("--rounds", default=7, show_default=True, type=click.IntRange(1), help="Rounds, in each of which all have their turn.")
@device_option
@json_option
@quiet_option
def benchmark(
    model: str, engines: tuple[str, ...], batches: tuple[int, ...], threads: tuple[int, ...], rounds: int, device: str, as_json: bool,
    quiet: bool,
) -> None:  # fmt: skip
    """Measure how fast MODEL is by engine, precision, batch size and threads, with the agreement of its answers.

    The pictures are fitted already: reading and resizing are the same for every engine. Agreement and the largest difference of a
    probability are those with torch in float32. int8 is measured where clearsight export MODEL --int8 has written its file.

    \b
      clearsight benchmark runs/pets
      clearsight benchmark runs/pets --engine onnx --batch 1 --batch 8 --threads 1
    """
    from ..base.errors import plain
    from ..classifier.engines.sessions import ENGINES
    from ..exports.benchmark import BATCHES, timed

    found = timed(
        opened(model, device, quiet), engines=engines or ENGINES, batches=batches or BATCHES, threads=threads, rounds=rounds, quiet=quiet
    )
    if as_json:
        print_json(found.to_json())
        return
    machine = found.machine
    click.echo(f"{machine['processor']}, {found.rounds} rounds in turn, {found.compared_on} pictures compared")
    click.echo(found.table())
    for note in found.notes():
        click.echo(plain(note))
