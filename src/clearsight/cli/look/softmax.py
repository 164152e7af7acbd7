"""`clearsight look softmax MODEL PICTURE`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..common import json_option, print_json
from .common import Out, classes_option, npz_option, opened, out_option, seed_option, size_option, untrained, write_figure, write_npz

if TYPE_CHECKING:
    from ...look.linear.softmax import Softmax


@click.command()
@click.argument("model")
@click.argument("picture")
@click.option("--class", "label", default="", help="The class whose terms are listed, by name or number (default: the answer).")
@click.option("--most", default=10, show_default=True, type=click.IntRange(1), help="How many classes and terms to list.")
@size_option
@classes_option
@seed_option
@out_option
@npz_option
@json_option
def softmax(
    model: str, picture: str, label: str, most: int, size: tuple[int, int, int] | None, classes: int | None, seed: int,
    out: Out | None, npz: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Work out MODEL's probabilities for PICTURE number by number: z, exp(z), their sum, and the share of each.

    Of softmax regression on pixels also z itself: the largest terms x·w of a class, and the map of all of them. Of other networks the way
    begins at their logits. As .html the logits can be edited.

    \b
      clearsight look softmax runs/templates digit.png --out softmax.png
      clearsight look softmax runs/templates digit.png --class 8
    """
    from ...look.linear.softmax import softmax as work_out

    subject = opened(model, size, classes, seed)
    found = work_out(subject, picture)
    j = subject.index(label, len(found.classes)) if label else found.order[0]
    if npz:
        maps = {"evidence": [found.evidence(i) for i in range(len(found.classes))]} if found.templates else {}
        write_npz(npz, logits=found.logits, probabilities=found.probabilities, **maps)
    if out:
        from ...reports.figures.linear.softmax import softmax_figure
        from ...reports.live.softmax import live_softmax

        drawn = softmax_figure(f"{model}  {picture}", found, trained=subject.trained, style=out.style)
        title = f"Softmax: {model}{untrained(subject)}, {Path(picture).name}"
        write_figure([drawn], out, lambda: live_softmax(found.logits, found.classes, title))
    if as_json:
        print_json(found.to_json())
        return
    _tell(found, most)
    if found.templates:
        _terms(found, j, most)


def _tell(found: "Softmax", most: int) -> None:
    """The table z → exp(z) → p."""
    from ...base.errors import plain

    heading = f"exp(z − {found.shift:.6g})" if found.shift else "exp(z)"
    click.echo(f"{'class':<20} {'z':>12} {heading:>16} {'p':>10}")
    for i in found.order[:most]:
        name = plain(found.classes[i])[:20]
        click.echo(f"{name:<20} {found.logits[i]:>+12.4f} {found.exponentials[i]:>16,.6g} {found.probabilities[i]:>10.4%}")
    if rest := found.order[most:]:
        power, share = found.exponentials[rest].sum(), found.probabilities[rest].sum()
        click.echo(f"{f'{len(rest)} others':<20} {'':>12} {power:>16,.6g} {share:>10.4%}")
    click.echo(f"{'sum':<20} {'':>12} {found.exponentials.sum():>16,.6g} {found.probabilities.sum():>10.4%}")
    if found.temperature != 1:
        first = found.order[0]
        click.echo(f"`classify` divides z by the temperature {found.temperature:.4g} first: {found.calibrated[first]:.4%}")


def _terms(found: "Softmax", j: int, most: int) -> None:
    """The largest terms of one class, their sum, and its comparison with the network's own."""
    from ...base.errors import plain

    assert found.templates is not None and found.pixels is not None
    terms, colour = found.terms(j, most), found.pixels.shape[0] > 1
    click.echo(f"\nz of {plain(found.classes[j])} = Σ x·w + b; x: brightness from 0 to 1; places from 0; largest terms:")
    for term in terms:
        where = f"row {term.row}, column {term.column}" + (f", channel {term.channel}" if colour else "")
        click.echo(f"  {where:<28} {term.x:.4f} · {term.w:>+9.4f} = {term.product:>+9.4f}")
    total = float(found.logits[j] - found.templates.bias[j])
    others = found.pixels.size - len(terms)
    click.echo(f"  {f'{others:,} other terms':<28} {'':>18} = {total - sum(term.product for term in terms):>+9.4f}")
    click.echo(f"  {'bias b':<28} {'':>18} = {found.templates.bias[j]:>+9.4f}")
    click.echo(f"  {'z':<28} {'':>18} = {found.logits[j]:>+9.4f}")
    same = "equals" if found.equal else "DIFFERS from"
    click.echo(f"which {same} the network's own value, {found.network[j]:+.4f}.")
