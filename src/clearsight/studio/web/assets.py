"""The studio's files: read once at the start, from a fixed table, so that no address can reach any other."""

from importlib.resources import files
from importlib.resources.abc import Traversable

KINDS = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}
PAGE = "index.html"


def assets() -> dict[str, tuple[bytes, str]]:
    """Name below /static/ → bytes and content type; the modules and colours of the reports are there too: there is one look."""
    reports = files("clearsight.reports")
    found = dict(_below(files("clearsight.studio").joinpath("static"), ""))
    found |= _below(reports.joinpath("live").joinpath("static"), "live/")
    found["tokens.css"] = reports.joinpath("tokens.css")
    return {name: (file.read_bytes(), f"{KINDS[_suffix(name)]}; charset=utf-8") for name, file in found.items()}


def _suffix(name: str) -> str:
    return name[name.rindex(".") :]


def _below(folder: Traversable, prefix: str) -> dict[str, Traversable]:
    found: dict[str, Traversable] = {}
    for one in folder.iterdir():
        if one.is_dir():
            found |= _below(one, f"{prefix}{one.name}/")
        else:
            found[prefix + one.name] = one
    return found
