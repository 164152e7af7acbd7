"""`clearsight shards check DATA`."""

import click

from ..common import json_option, print_json, quiet_option

MOST = 20  # shards that are listed


@click.command()
@click.argument("data")
@json_option
@quiet_option
@click.pass_context
def check(ctx: click.Context, data: str, as_json: bool, quiet: bool) -> None:
    """Read every byte of the shards DATA; exit code 1 where they must not be used.

    Damaged or missing shards, pictures that cannot be read or are not those that were packed; duplicates, and shards in the order of the
    classes.
    """
    from ...api.files import check_shards
    from ...base.errors import plain
    from ...base.result import columns

    found = check_shards(data, quiet=quiet)
    if as_json:
        print_json(found.to_json())
    else:
        click.echo(plain(found.headline()))
        click.echo("\n".join(map(plain, columns(found.rows()[:MOST]).split("\n"))))
        if len(found.shards) > MOST:
            click.echo(f"… and {len(found.shards) - MOST:,} more shards")
        for line in found.findings():
            click.echo(plain(line))
        if not found.problems:
            click.echo("Every shard is whole.")
    ctx.exit(1 if found.problems else 0)
