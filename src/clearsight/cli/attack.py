"""`clearsight attack MODEL DATA|PICTURE`."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .common import (
    PART_HELP,
    batch_option,
    device_option,
    json_option,
    opened,
    percent,
    print_json,
    quiet_option,
    show,
    speed_option,
    style_option,
)

if TYPE_CHECKING:
    from ..attacks.rows import CertifiedFigures, CurvePoint
    from ..base.check import CheckRow
    from ..evaluation.held_out import Chosen
    from ..reports.style import Style


@click.command()
@click.argument("model")
@click.argument("data", required=False)
@click.option("--method", default="", help="fgsm, pgd, ensemble, …; list lists them all (default: pgd; for one PICTURE fgsm).")
@click.option("--epsilon", default="8/255", show_default=True, help="Largest change, in units of [0, 1]: 0.03 or 8/255.")
@click.option("--n", default=1000, show_default=True, type=click.IntRange(1), help="How many pictures, drawn from the part.")
@click.option("--part", "--split", "part", default="test", show_default=True, help=PART_HELP)
@click.option("--steps", default=0, type=click.IntRange(0), help="Steps or queries (0: the attack's own).")
@click.option("--restarts", default=0, type=click.IntRange(0), help="Random starts (0: the attack's own).")
@click.option("--target", default="", metavar="CLASS", help="Targeted attack: the class to be predicted.")
@click.option("--transfer", default="", metavar="MODEL", help="Transfer attack: take the gradients from this classifier.")
@click.option("--lattice", is_flag=True, help="Change pixels by whole levels (1/255) only, so that the attack survives saving.")
@click.option("--certify", default=0.0, metavar="SIGMA", help="Certify an L2 radius by randomised smoothing with this noise; no attack.")
@click.option("--samples", default=1000, show_default=True, type=click.IntRange(100), help="Noisy copies of a picture for --certify.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Random seed.")
@click.option("--out", default="", help="For a PICTURE: triptych file (default: attack.png); the changed picture is next to it.")
@style_option
@batch_option
@device_option
@speed_option
@json_option
@quiet_option
def attack(
    model: str, data: str | None, method: str, epsilon: str, n: int, part: str, out: str, device: str, as_json: bool, quiet: bool,
    transfer: str, target: str, certify: float, samples: int, style: "Style", **settings: Any,
) -> None:  # fmt: skip
    """Attack MODEL: change pictures by at most epsilon so that they are misclassified, and report the accuracy that remains.

    DATA as in `evaluate` (default: the data it was trained on), or one picture file, for which the classical triptych is
    drawn at the picture's own size: x + epsilon × sign(∇ₓJ) = new picture. A preflight checks that the measured robustness
    can be believed.

    \b
      clearsight attack runs/pets --method fgsm --epsilon 8/255
      clearsight attack package:efficientnet_lite0 cat.jpg --epsilon 0.007
      clearsight attack runs/pets cat.jpg --epsilon 8/255 --lattice --out cat-attack.png
    """
    from ..attacks import ATTACKS
    from ..base.errors import unknown
    from ..base.text.words import parse_epsilon
    from ..datasets.classes import places

    if method == "list":
        show(_methods(ATTACKS))
        return
    classifier = opened(model, device, quiet)
    if certify:
        chosen = _chosen(classifier, classifier.folder, data, part, n, settings["seed"], quiet)
        _certify(classifier, chosen, certify, samples, settings["seed"], as_json, quiet)
        return
    is_picture = bool(data) and Path(str(data)).is_file() and Path(str(data)).suffix.lower() in _suffixes()
    settings["method"] = method or ("fgsm" if is_picture else "pgd")
    settings |= {"epsilon": parse_epsilon(epsilon), "source": opened(transfer, device, quiet) if transfer else None}
    settings["batch_size"] = settings.pop("batch")
    if target:
        place = int(places([target], classifier.classes)[0])
        if place < 0:
            raise unknown("class", target, classifier.classes)
        settings["target"] = place
    if is_picture:
        _picture(classifier, str(data), out or "attack.png", as_json, epsilon, style, settings)
    else:
        _data(classifier, model, data, part, n, as_json, quiet, settings)


def _suffixes() -> tuple[str, ...]:
    from ..images.kinds import SUFFIXES

    return tuple(SUFFIXES)


def _chosen(classifier: Any, model: str, data: str | None, part: str, n: int, seed: int, quiet: bool) -> tuple["Chosen", Any, Any]:
    """The part, and the fitted pictures and labels, by the classifier's table, drawn from it."""
    from ..base.errors import plain
    from ..base.randomness import permutation
    from ..datasets.loader import load
    from ..datasets.split import align
    from ..evaluation.held_out import choose

    chosen = choose(model, data, part, quiet=quiet)
    for note in () if quiet else chosen.notes:
        click.echo(plain(note), err=True)
    pictures = load(align(chosen.dataset, classifier.classes), classifier.preprocessing, quiet=quiet)
    picked = permutation(seed, 0, len(pictures))[:n]
    return chosen, pictures.batch(picked), pictures.labels[picked]


def _certify(classifier: Any, chosen: tuple["Chosen", Any, Any], sigma: float, samples: int, seed: int, as_json: bool, quiet: bool) -> None:
    from rich.table import Table

    from ..attacks.smoothing import certify
    from ..evaluation.held_out import stamp

    part, pictures, labels = chosen
    certified = certify(classifier, pictures, labels, sigma=sigma, samples=samples, seed=seed, quiet=quiet).to_json()
    figures: CertifiedFigures = {**certified, **stamp(classifier, part)}
    if as_json:
        print_json(figures)
        return
    copies = f"noise {sigma:g}, {samples:,} copies"
    click.echo(f"{part.part}, n = {figures['n']:,}, {copies}: {percent(figures['clean'])} right, {figures['abstained']:,} abstained")
    made = Table("radius (L2)", "certified", box=None, header_style="bold")
    for row in figures["certified"]:
        made.add_row(f"{row['radius']:.4g}", percent(row))
    show(made)


def _data(classifier: Any, model: str, data: str | None, part: str, n: int, as_json: bool, quiet: bool, settings: dict[str, Any]) -> None:
    from ..attacks.attack import attack as run
    from ..attacks.table import ATTACKS, access_of
    from ..evaluation.held_out import stamp
    from ..reports.findings import keep

    part_of, pictures, labels = _chosen(classifier, classifier.folder, data, part, n, settings["seed"], quiet)
    attacked = run(classifier, pictures, labels, quiet=quiet, **settings)
    figures = dataclasses.replace(attacked, stamp=stamp(classifier, part_of)).to_json()
    name = part_of.part if part_of.own else f"{part_of.name}, {part_of.part}"
    if Path(model).is_dir():
        other = "" if part_of.is_test else f", {part_of.name} {part_of.label}"  # what was found on one set does not replace another's
        keep(Path(model), "attack", f"{figures['method']}, ε {figures['epsilon']:.4g}{other}", {"data": name, **figures})
    if as_json:
        print_json(figures)
        return
    bound = f"ε = {figures['epsilon']:.4g} ({figures['norm']})"
    clean, robust = percent(figures["clean"]), percent(figures["robust"])
    click.echo(f"{name}, n = {figures['n']:,}: {clean} right; after {figures['method']}, {bound}: {robust}")
    box, access = access_of(ATTACKS[settings["method"]], settings["source"] is not None)
    click.echo(f"{box} box: {access}")
    after = (("uint8", figures["after_uint8"]), ("png", figures["after_png"]), ("jpeg", figures["after_jpeg"]))
    click.echo("saved as  " + " · ".join(f"{kind} {percent(right)}" for kind, right in after))
    middle = figures["minimal_epsilon"]
    value, low, high = ("above the largest tried" if x is None else f"{x:.4g}" for x in (middle["value"], middle["low"], middle["high"]))
    click.echo(f"median minimal ε: {value} ({low} to {high})")
    show(_curve(figures["curve"]), _checks(figures["preflight"]))


def _picture(classifier: Any, file: str, out: str, as_json: bool, typed: str, style: "Style", settings: dict[str, Any]) -> None:
    from ..reports.figures.triptych import triptych

    settings = {key: value for key, value in settings.items() if key != "batch_size"}
    figures = triptych(classifier, file, Path(out), typed=typed, style=style, **settings)
    if as_json:
        print_json(figures)
        return
    before, exact, after = figures["before"], figures["exact"], figures["after"]
    click.echo(f"{before['label']} {before['confidence']:.1%}  →  {exact['label']} {exact['confidence']:.1%}")
    unit = f"{figures['epsilon'] * 255:.3g} of 255 levels" if figures["norm"] == "linf" else figures["norm"]
    bound = f"ε = {typed} ({unit})"
    height, width = figures["size"]
    click.echo(f"{figures['method']}, {bound}, {width}×{height} px; {figures['box']} box: {figures['access']}")
    click.echo(
        "still misclassified when saved: " + ", ".join(f"{kind} {'yes' if ok else 'no'}" for kind, ok in figures["survives"].items())
    )
    click.echo(f"triptych {figures['triptych']}\npicture  {figures['picture']} ({after['label']} {after['confidence']:.1%})")


def _methods(table: Any) -> Any:
    from rich.table import Table

    made = Table("method", "norm", "needs", "what it does", box=None, header_style="bold")
    for name, row in table.items():
        made.add_row(name, row.norm, "gradient" if row.white_box else "scores", row.description)
    return made


def _curve(rows: "list[CurvePoint]") -> Any:
    from rich.table import Table

    made = Table("epsilon", "right", box=None, header_style="bold")
    for row in rows:
        made.add_row(f"{row['epsilon']:.4g}", percent(row))
    return made


def _checks(rows: "list[CheckRow]") -> Any:
    from rich.table import Table
    from rich.text import Text

    made = Table("preflight", "", "", box=None, header_style="bold")
    for row in rows:
        made.add_row(row["check"], Text("ok" if row["ok"] else "LOOK", style="green" if row["ok"] else "bold red"), row["says"])
    return made
