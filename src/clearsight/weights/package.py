"""Weights that a Python package brings: its file is found by the package's metadata, and the package is never imported."""

from importlib import metadata
from pathlib import Path

SCHEME = "pip:"  # an address is pip:DISTRIBUTION/PATH, the path as in the distribution's list of files


def distribution(address: str) -> str:
    """The name of the distribution in an address, as pip takes it."""
    return address.removeprefix(SCHEME).partition("/")[0]


def installed(address: str) -> Path | None:
    """The file of an address where its distribution is installed, or None; its content is not checked."""
    name, _, inside = address.removeprefix(SCHEME).partition("/")
    try:
        path = Path(str(metadata.distribution(name).locate_file(inside)))
    except metadata.PackageNotFoundError:
        return None
    return path if path.is_file() else None
