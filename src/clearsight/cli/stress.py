"""`clearsight stress MODEL [DATA]`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .common import (
    PART_HELP,
    batch_option,
    device_option,
    engine_option,
    json_option,
    made_faster,
    opened,
    percent,
    print_json,
    quiet_option,
    report_home,
    show,
    speed_option,
    style_option,
)

if TYPE_CHECKING:
    from ..evaluation.stress import StressResult
    from ..reports.style import Style


@click.command()
@click.argument("model")
@click.argument("data", required=False)
@click.option("--n", default=1000, show_default=True, type=click.IntRange(1), help="How many pictures, drawn from the part.")
@click.option("--part", "--split", "part", default="test", show_default=True, help=PART_HELP)
@click.option("--severity", default="1,2,3,4,5", show_default=True, help="Severities of the corruptions, places of the challenges.")
@click.option("--only", default="", help="Only these tests or groups, as in noise,rotation,places (default: all).")
@click.option("--masks", "mask_folder", type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="Folder of masks, named as the pictures, white where the object is: swap the background.")  # fmt: skip
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Random seed.")
@click.option(
    "--out",
    default="",
    help="Folder of the scorecard; a bare name goes under runs/ (default: MODEL; for other pictures a folder in MODEL/judged).",
)
@style_option
@batch_option
@device_option
@speed_option
@engine_option
@json_option
@quiet_option
def stress(
    model: str, data: str | None, part: str, severity: str, only: str, out: str, device: str, speed: str, engine: str,
    as_json: bool, quiet: bool, batch: int, style: "Style", **settings: Any,
) -> None:  # fmt: skip
    """Say where MODEL breaks: noise, blur, weather, bad light, something in front, turned, moved, cluttered.

    The 19 corruptions of ImageNet-C at 5 severities, and challenges of rising strength with the strength that halves the accuracy; where
    a covered place hurts most, the worst group within a class, and what tells the class without the object. scorecard.png,
    scorecard.html and stress.json go to MODEL, or to --out.

    \b
      clearsight stress runs/pets
      clearsight stress runs/pets holiday-photos --only weather,occlusion --n 200
    """
    from dataclasses import replace

    from ..base.errors import plain
    from ..base.lock import REPORT, hold
    from ..evaluation.held_out import choose, stamp
    from ..evaluation.stress import stress as run
    from ..reports.findings import show as show_in_report
    from ..reports.of_run import report_folder
    from ..reports.scorecard import write_scorecard

    settings |= {"severities": _severities(severity), "only": [name.strip() for name in only.split(",") if name.strip()]}
    classifier = opened(model, device, quiet, engine)
    fast = made_faster(classifier, speed)
    chosen = choose(classifier.folder, data, part, quiet=quiet)
    for note in () if quiet else chosen.notes:
        click.echo(plain(note), err=True)
    name = chosen.part
    with report_folder(report_home(model), chosen, out) as folder:
        result = run(
            classifier, chosen.dataset, augment=_augment(classifier.folder), batch_size=batch, speed=fast.speed, quiet=quiet, **settings
        )
        result = replace(result, stamp=stamp(fast, chosen))
        title = f"{classifier.architecture} on {chosen.name}, {name}"
        with hold(folder, REPORT, wait=True):
            written = write_scorecard(result, folder, title, style=style)
            show_in_report(folder)
    if as_json:
        print_json(result.to_json())
        return
    click.echo(f"{name}, n = {result.clean['n']:,}: {percent(result.clean)} right as they are, computed in {fast.precision}")
    if (bands := classifier.preprocessing.channels) not in (1, 3):
        click.echo(f"{bands} bands: noise differs from band to band, JPEG and pixels change each as grey, saturation is left out")
    show(*_tables(result))
    for line in _lines(result):
        click.echo(plain(line))
    click.echo("\n".join(f"{kind:10s} {file}" for kind, file in written.items()))


def _severities(text: str) -> list[int]:
    from ..base.errors import wrong

    try:
        return [int(word) for word in text.split(",")]
    except ValueError:
        raise wrong("severity", "whole numbers from 1 to 5 as in 1,3,5", text) from None


def _augment(model: str) -> str | None:
    """The changes to its training pictures that the run's recipe names."""
    from ..recipes.compose import saved

    file = Path(model) / "recipe.toml"
    return saved(file).augment if file.is_file() else None


def _tables(result: "StressResult") -> list[Any]:
    from rich.table import Table

    from ..evaluation.rows import level

    made, halves = [], result.halves
    for title, rows, key in (("corruption", result.corruptions, "severity"), ("challenge", result.challenges, "strength")):
        names = dict.fromkeys(row["name"] for row in rows)
        by_name = {name: [row for row in rows if row["name"] == name] for name in names}
        for first in list(by_name.values())[:1]:
            steps = [f"{level(row):g}" if key == "severity" else f"step {k}" for k, row in enumerate(first, 1)]
            table = Table(title, *steps, "halved at", box=None, header_style="bold")
            for name, own in by_name.items():
                cells = [f"{row['top1']:.1%}" + (f" [dim]{level(row):g}[/dim]" if key == "strength" else "") for row in own]
                table.add_row(name, *cells, "never" if halves[name] is None else f"{halves[name]:.2g}")
            made.append(table)
    return made


def _lines(result: "StressResult") -> list[str]:
    """The results as sentences."""
    lines = []
    if mce := result.mce:
        lines.append(
            f"mean corruption error {mce['value']:.1%} over {mce['over']} corruptions, {mce['relative']:.1%} more than clean; "
            "not divided by AlexNet's, which is known for ImageNet only"
        )
    if result.subgroups:
        worst = result.subgroups["worst"]
        shown = percent({"value": worst["top1"], "low": worst["low"], "high": worst["high"]})
        lines.append(f"worst group within a class: {worst['class']} {worst['group'] + 1}, {shown}, n = {worst['n']}")
    for row in result.backgrounds:
        shown = percent({"value": row["top1"], "low": row["low"], "high": row["high"]})
        lines.append(f"before {'another background' if row['background'] == 'another' else 'grey'}: {shown} right")
    lines += [f"{'ok  ' if probe['ok'] else 'LOOK'} {probe['says']}" for probe in result.shortcuts]
    for overlap in result.overlaps or []:
        if overlap["tests"]:
            lines.append(f"practised in training ({overlap['augmentation']}), so not a test of the unknown: {', '.join(overlap['tests'])}")
    return lines
