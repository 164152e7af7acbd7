"""`clearsight shards`: one thin file per sub-verb."""

import click

from ..group import Verbs

SHARDS = {
    "pack": "Write a data set as shuffled tar shards.",
    "check": "Read all shards: damage, duplicates, the order of the classes.",
}


@click.group(cls=Verbs, verbs=SHARDS, home="clearsight.cli.shards")
def shards() -> None:
    """Pictures in tar files, which are read without unpacking. Every DATA may be a tar file, a folder or a pattern of them.

    \b
      clearsight shards pack photos shards --size 256MB
      clearsight shards check shards
      clearsight train 'shards/train-{00000..00146}.tar'
    """
