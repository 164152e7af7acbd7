"""`clearsight shards pack DATA OUT`."""

import re
from typing import Any

import click

from ..common import data_options, json_option, print_json, quiet_option

_UNITS = {"": 1, "B": 1, "K": 10**3, "KB": 10**3, "M": 10**6, "MB": 10**6, "G": 10**9, "GB": 10**9}


class Bytes(click.ParamType):  # type: ignore[type-arg]
    """A number of bytes, as in 256MB, 1.5 GB or 1000000."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The bytes as a whole number."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgKMG]?[bB]?)", str(value).strip())
        if not found:
            self.fail(f"a size is a number of bytes, as in 256MB or 1GB. Got {value!r}.", param, ctx)
        return round(float(found[1]) * _UNITS[found[2].upper()])


@click.command()
@click.argument("data")
@click.argument("out")
@click.option("--size", default="256MB", show_default=True, type=Bytes(), help="Bytes of a shard.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Random seed of the order.")
@data_options()
@json_option
@quiet_option
def pack(data: str, out: str, size: int, seed: int, reading: dict[str, Any], as_json: bool, quiet: bool) -> None:
    """Write DATA into the folder OUT as tar shards, each part shuffled: what webdataset and Hugging Face's datasets read.

    Pictures are copied as they are, with a `.cls` file each; the class table and digests of the pictures are inside. The same DATA,
    size and seed give the same bytes. Stopped, the same command continues after the last whole shard.

    \b
      clearsight shards pack photos shards
      clearsight shards pack train.csv shards --size 1GB --columns label=breed
    """
    from ...api.files import pack_shards
    from ...base.errors import plain

    found = pack_shards(data, out, size=size, seed=seed, quiet=quiet, **reading)
    if as_json:
        print_json(found.to_json())
        return
    click.echo(plain(found.headline()))
    click.echo(f"next  clearsight shards check {plain(out)}")
