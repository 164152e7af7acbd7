"""`clearsight classify MODEL SHARDS --out FOLDER`: pictures in shards, folders and stores, into Parquet files."""

from typing import Any

import click

from .common import print_json


def classify_into(out: str, model: str, pictures: tuple[str, ...], as_json: bool, **how: Any) -> None:
    """Classify into `out` and print what was done; pictures that could not be read are rows of their own."""
    from ..base.errors import plain
    from ..batch.run import classify_shards

    found = classify_shards(model, pictures, out, quiet=as_json, **how)
    for note in found.notes:
        click.echo(f"clearsight: {plain(note)}", err=True)
    if as_json:
        print_json(found.to_json())
        return
    click.echo(plain(found.headline()))
    if found.ended:
        click.echo(f"{found.ended:,} of these ended the process that classified them")
