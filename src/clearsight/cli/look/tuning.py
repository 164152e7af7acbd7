"""`clearsight look tuning MODEL`."""

import click

from ..common import json_option, print_json
from .common import Out, classes_option, opened, out_option, size_option, write_figure


@click.command()
@click.argument("model")
@click.option(
    "--tune", type=click.Choice(("head", "head-then-all", "gradual", "all")), default="head", show_default=True, help="As in `train`."
)
@size_option
@classes_option
@out_option
@json_option
def tuning(model: str, tune: str, size: tuple[int, int, int] | None, classes: int | None, out: Out | None, as_json: bool) -> None:
    """Show which stages of MODEL are trained and which stay frozen in fine-tuning, with their parameters, phase by phase."""
    from ...look.tuning import phases, stages_of

    subject = opened(model, size, classes)
    stages = stages_of(subject.model)
    found, whole = phases(stages, tune), sum(stage.parameters for stage in stages)
    if out:
        from ...reports.figures.tuning import tuning_figure

        write_figure([tuning_figure(f"{model}, --tune {tune}", stages, found, style=out.style)], out)
    if as_json:
        rows = [{"name": stage.name, "parameters": stage.parameters} for stage in stages]
        print_json({"tune": tune, "parameters": whole, "stages": rows, "phases": [phase.to_json() for phase in found]})
        return
    for stage in stages:
        marks = "  ".join("trained" if stage.name in phase.trained else "frozen " for phase in found)
        click.echo(f"{stage.name:<16} {stage.parameters:>12,}  {marks}")
    for phase in found:
        click.echo(f"{phase.name}: {phase.parameters:,} of {whole:,} parameters are trained ({phase.parameters / whole:.1%})")
