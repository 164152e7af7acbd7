"""`clearsight ensemble RUN...`."""

import click

from .common import json_option, print_json


@click.command()
@click.argument("runs", nargs=-1, required=True)
@click.option("--out", default="", help="Folder of the ensemble; a bare name goes under runs/ (default: runs/DATA-MODELS).")
@json_option
def ensemble(runs: tuple[str, ...], out: str, as_json: bool) -> None:
    """Join the classifiers in RUNS to one, which answers by the mean of their probabilities.

    They may be of different networks, but tell the same classes apart on pictures prepared in the same way. To train several from
    scratch: clearsight train DATA --ensemble 5.

    \b
      clearsight ensemble runs/pets runs/pets-2 runs/pets-3 --out pets-all
      clearsight evaluate runs/pets-all
    """
    from ..runs.mirror import named
    from ..training.api import join_runs

    folder, classifier = join_runs(runs, out=out)
    if as_json:
        print_json({"run": named(folder), "model": classifier.architecture, "members": list(runs)})
    else:
        run = named(folder)
        click.echo(f"{classifier.architecture}\nclassifier {run}\nnext       clearsight evaluate {run}")
