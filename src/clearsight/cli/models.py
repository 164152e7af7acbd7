"""`clearsight models`."""

from dataclasses import asdict

import click

from .common import json_option, print_json, show


@click.command()
@click.argument("name", required=False)
@json_option
def models(name: str | None, as_json: bool) -> None:
    """List the networks, oldest first; NAME shows one."""
    from .. import models as networks

    rows = [networks.row(name)] if name else sorted(networks.rows(), key=lambda row: (row.year, row.name))
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    from rich.table import Table

    table = Table("name", "family", "year", "parameters", "input", "paper", box=None, header_style="bold")
    for row in rows:
        size = "×".join(str(n) for n in row.input_size)
        table.add_row(row.name, row.family, str(row.year), f"{row.parameters:,}", size, row.paper)
    show(table)
