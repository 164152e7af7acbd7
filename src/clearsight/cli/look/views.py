"""`clearsight look views MODEL DATA`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..common import json_option, print_json, quiet_option
from .common import (
    Out,
    chosen_pictures,
    classes_option,
    opened,
    opened_like,
    out_option,
    part_option,
    seed_option,
    size_option,
    write_figure,
)

if TYPE_CHECKING:
    from ...look.views import Similarities, Term
    from ...recipes.recipe import Pretraining

LETTERS = "ab"  # of a picture's two views


@click.command()
@click.argument("model")
@click.argument("data")
@click.option(
    "--before",
    default="",
    metavar="MODEL",
    help="The network before pretraining, as in resnet18 (default: that of the run, with random weights).",
)
@click.option("--pictures", default=8, show_default=True, type=click.IntRange(2, 32), help="How many, drawn at random.")
@click.option(
    "--augment", "words", default="", help="What makes a view, as in `pretrain` (default: as in the run, else by the size of the pictures)."
)
@click.option("--temperature", default=0.5, show_default=True, help="τ of the loss.")
@part_option
@size_option
@classes_option
@seed_option
@out_option
@json_option
@quiet_option
def views(
    model: str, data: str, before: str, pictures: int, words: str, temperature: float, part: str, size: tuple[int, int, int] | None,
    classes: int | None, seed: int, out: Out | None, as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Show what SimCLR learns from: two views of a picture are to be similar, views of different pictures are not.

    Similarity is the cosine of MODEL's features. NT-Xent, the loss of SimCLR, is worked out term by term for the first two pictures.
    `pretrain` computes it of a projection that it discards in the end.

    \b
      clearsight look views runs/features fashion-mnist --out views.png
    """
    import torch

    from ...augment.registry import parse
    from ...look import views as of_views

    subject = opened(model, size, classes, seed)
    rows, chosen, _ = chosen_pictures(data, part, pictures, seed, quiet)
    loaded = torch.stack([subject.preprocessing.load(rows.source(i)) for i in chosen])
    run = _pretraining(model)
    ops = parse(words or (run.augment if run else of_views.default_views(subject)))
    begun = run.seed if run and not before else seed  # the run's own random weights
    before = before or (run.from_ or run.model if run else "")
    made = of_views.two_views(ops, loaded, torch.tensor(chosen), seed)
    found = [of_views.similarities(subject, made)]
    if before:
        found.insert(0, of_views.similarities(opened_like(before, subject, classes, begun), made))
    terms = of_views.nt_xent(of_views.of_pictures(found[-1].cosines, 2), temperature)
    if out:
        from ...reports.figures.views import views_figure

        write_figure([views_figure(data, made, found, terms, temperature, style=out.style)], out)
    loss = sum(term.loss for term in terms) / len(terms)
    if as_json:
        networks = [one.to_json() for one in found]
        print_json({"networks": networks, "temperature": temperature, "terms": [term.to_json() for term in terms], "nt_xent": loss})
        return
    for one in found:
        _tell(one)
    click.echo(f"\nNT-Xent of pictures 1 and 2, τ = {temperature:g}: −log of the partner's share of exp(cosine / τ)")
    for term in terms:
        click.echo(line(term))
    click.echo(f"mean {loss:.4f}")


def _pretraining(model: str) -> "Pretraining | None":
    """The recipe of a run of `pretrain`, None for any other MODEL."""
    from ...recipes.compose import saved
    from ...recipes.recipe import Pretraining

    path = Path(model) / "recipe.toml"
    recipe = saved(path) if path.is_file() else None
    return recipe if isinstance(recipe, Pretraining) else None


def _tell(one: "Similarities") -> None:
    state = "" if one.trained else " (untrained)"
    click.echo(f"{one.name}{state}: mean cosine of the same image {one.same:.3f}, of different images {one.different:.3f}")


def line(term: "Term") -> str:
    """`view 1a: 6.05 / (6.05 + 3.32 + 2.72) = 0.500, loss 0.693`."""
    half = len(term.cosines) // 2
    top = term.exponentials[term.partner]
    others = [value for k, value in enumerate(term.exponentials) if k not in (term.view, term.partner)]
    added = " + ".join(f"{value:.3g}" for value in (top, *others))
    return f"view {term.view % half + 1}{LETTERS[term.view // half]}: {top:.3g} / ({added}) = {top / term.total:.3f}, loss {term.loss:.4f}"
