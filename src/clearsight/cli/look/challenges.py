"""`clearsight look challenges MODEL PICTURE|DATA`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..common import PART_HELP, device_option, json_option, opened, percent, print_json, quiet_option
from .common import Out, out_option, write_figure

if TYPE_CHECKING:
    from ...classifier import Classifier


@click.command()
@click.argument("model")
@click.argument("picture")
@click.option("--only", default="", help="These challenges or corruptions of `stress`, as in rotation,shadow,fog (default: the lecture's).")
@click.option("--background", type=click.Path(exists=True, dir_okay=False), help="The picture that is put around PICTURE, or over it.")
@click.option("--n", default=500, show_default=True, type=click.IntRange(1), help="How many pictures of DATA, drawn at random.")
@click.option("--part", "--split", "part", default="test", show_default=True, help=PART_HELP)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Places, directions and draws follow from it.")
@out_option
@device_option
@json_option
@quiet_option
def challenges(
    model: str, picture: str, only: str, background: str | None, n: int, part: str, seed: int, out: Out | None, device: str,
    as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Show the lecture's challenges on PICTURE: clutter, illumination, occlusion, deformation and noise, in growing strength.

    Under each picture are MODEL's label and its confidence. In place of PICTURE may be DATA, as in `stress`: then the accuracy
    under each challenge is a curve, with 95 % intervals. Clutter is made of the picture's own pieces, or of --background.

    \b
      clearsight look challenges runs/pets cat.jpg --out challenges.png
      clearsight look challenges runs/pets pets --n 200 --out curves.svg
    """
    from ...base.errors import UsageError
    from ...images.kinds import SUFFIXES
    from ...look.challenges import LECTURE

    classifier = opened(model, device, quiet)
    names = [word.strip() for word in only.split(",") if word.strip()] or list(LECTURE)
    if Path(picture).suffix.lower() in SUFFIXES and not Path(picture).is_dir():
        _one(classifier, picture, names, background, seed, out, as_json)
    elif background:
        raise UsageError("--background is for one PICTURE, not for DATA.")
    else:
        _many(classifier, model, (picture, part), names, n, seed, out, as_json, quiet)


def _one(
    classifier: "Classifier", picture: str, names: list[str], background: str | None, seed: int, out: Out | None, as_json: bool
) -> None:
    from ...look.challenges import challenges as run

    found = run(classifier, picture, names, background, seed)
    if out:
        from ...reports.figures.challenges import challenge_figure

        write_figure([challenge_figure(f"{Path(picture).name} under the challenges of recognition", found, style=out.style)], out)
    if as_json:
        print_json(found.to_json())
        return
    from ..columns import print_columns

    lines = [["challenge", "strength", "label", "confidence", "in the original label"]]
    lines.append(["as it is", "", found.label, f"{found.confidence:.1%}", f"{found.confidence:.1%}"])
    for row in found.rows:
        for trial in row.trials:
            lines.append([row.name, f"{trial.strength:g}", trial.label, f"{trial.confidence:.1%}", f"{trial.before:.1%}"])
    print_columns(lines, right=(1, 3, 4))
    lost = {row.name: next((f"{trial.strength:g}" for trial in row.trials if trial.changed), "") for row in found.rows}
    told = [f"{name} from {strength}" for name, strength in lost.items() if strength]
    click.echo(f"\nanother label under {', '.join(told)}." if told else "\nthe label is the same under all of them.")


def _many(
    classifier: "Classifier", model: str, data: tuple[str, str], names: list[str], n: int, seed: int, out: Out | None, as_json: bool,
    quiet: bool,
) -> None:  # fmt: skip
    from ...base.errors import plain
    from ...evaluation.held_out import choose
    from ...evaluation.stress import stress

    chosen = choose(model, *data, quiet=quiet)
    for note in () if quiet else chosen.notes:
        click.echo(plain(note), err=True)
    result = stress(classifier, chosen.dataset, n=n, only=names, seed=seed, speed="folded", quiet=quiet)
    rows = [*result.challenges, *result.corruptions]
    if out:
        from ...reports.figures.challenges import challenge_curves

        write_figure([challenge_curves(f"{classifier.architecture} on {chosen.name}: the challenges", result, style=out.style)], out)
    if as_json:
        print_json({"n": result.clean["n"], "clean": result.clean, "challenges": rows})
        return
    click.echo(f"{chosen.part}, n = {result.clean['n']:,}: {percent(result.clean)} as they are")
    names = list(dict.fromkeys(row["name"] for row in rows))
    steps = max(sum(row["name"] == name for row in rows) for name in names)
    click.echo(f"{'challenge':<16} " + "  ".join(f"step {k}" for k in range(1, steps + 1)))
    for name in names:
        own = [row for row in rows if row["name"] == name]
        click.echo(f"{name:<16} " + "  ".join(f"{row['top1']:6.1%}" for row in own))
    click.echo(f"a step is stronger than the one before; each accuracy ± {result.half_width:.1%} at most (95 %)")
