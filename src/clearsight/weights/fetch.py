"""Fetching weights that others published: `catalogue.csv` says what there is, `fetch` brings a file into the cache.

torchvision writes the first digits of the SHA-256 into the file's name; Keras gives an MD5, and for the two MobileNets
nothing: of those the length alone is checked. Addresses, digests and accuracies (of torchvision 0.28 on ImageNet, of the
lecture's table for Keras) are the publishers'; the first row of a name is the one that is meant without a tag.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from ..base.download import download
from ..base.errors import unknown
from ..base.files import cache_folder


@dataclass(frozen=True)
class Weights:
    """A file of weights that somebody published; `mib` is its size as they round it, `digest` is empty where they give none."""

    origin: str
    name: str
    tag: str
    address: str
    digest: str
    licence: str
    top1: float | None
    top5: float | None
    mib: float

    @property
    def path(self) -> Path:
        """Where the file lies once it is here."""
        return cache_folder() / "weights" / self.origin / self.address.rpartition("/")[2]

    @property
    def check(self) -> str:
        """What proves that the file is the published one."""
        kind, _, value = self.digest.partition(":")
        return {"sha256": f"SHA-256, first {len(value)} digits", "md5": "MD5", "": "its length alone"}[kind]


@cache
def catalogue() -> tuple[Weights, ...]:
    """Every file of weights that can be fetched, origin by origin."""
    text = files("clearsight").joinpath("weights/catalogue.csv").read_text(encoding="utf-8")
    return tuple(
        Weights(
            **{key: row[key] for key in ("origin", "name", "tag", "address", "digest", "licence")},
            top1=float(row["top1"]) if row["top1"] else None,
            top5=float(row["top5"]) if row["top5"] else None,
            mib=float(row["mib"]),
        )
        for row in csv.DictReader(text.splitlines())
    )


def find(what: str) -> Weights:
    """The row of `ORIGIN:NAME` or `ORIGIN:NAME@TAG`; raises UsageError with near names when there is none."""
    rows: dict[str, Weights] = {}
    for row in catalogue():
        rows.setdefault(f"{row.origin}:{row.name}", row)
        rows[f"{row.origin}:{row.name}@{row.tag}"] = row
    if what not in rows:
        raise unknown("file of weights", what, rows)
    return rows[what]


def fetch(what: str, *, quiet: bool = False) -> Path:
    """The file of `ORIGIN:NAME` or `ORIGIN:NAME@TAG` in the cache, downloaded and checked if it is not there.

    Raises UsageError for a name that is not in the catalogue, ClearsightError when it cannot be had.
    """
    row = find(what)
    ways = (
        f"Three ways to have it: with a network, run this again (it goes on where it stopped); or copy the file of {row.address} "
        f"(about {row.mib:,.0f} MiB) to {row.path}; or name a file of your own, {row.origin}:FILE."
    )
    return download(row.address, row.path, digest=row.digest, what=what, otherwise=ways, quiet=quiet)


def published(network: str) -> dict[str, float | None]:
    """`top1` and `top5` of a network's published weights: Keras' for `NAME.keras`, else torchvision's where it has the network."""
    name, _, origin = network.partition(".")
    row = next((row for row in catalogue() if (row.origin, row.name) == (origin or "torchvision", name)), None)
    return {"top1": row.top1 if row else None, "top5": row.top5 if row else None}
