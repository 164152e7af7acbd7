"""Addresses of files in object stores and on web servers, the packages they need, and their text without credentials."""

import re
from importlib.util import find_spec
from typing import Any, NamedTuple

from ..errors import MissingExtra


class Scheme(NamedTuple):
    """What a kind of address is called, the package that reads it, and the command that installs that."""

    name: str
    package: str
    command: str


S3, GCS = "pip install 'clearsight[s3]'", "pip install 'clearsight[gcs]'"
SCHEMES = {
    "s3": Scheme("Amazon S3 and stores that speak its protocol", "s3fs", S3),
    "gs": Scheme("Google Cloud Storage", "gcsfs", GCS),
    "https": Scheme("a web server", "aiohttp", S3),
    "http": Scheme("a web server", "aiohttp", S3),
    "hf": Scheme("the Hugging Face Hub", "huggingface_hub", "pip install fsspec huggingface_hub"),
}
_SECRET = re.compile(r"(?<=://)[^/@\s]*@|\?[^\s'\")>]*")  # user and password; a query, which can be a signature


def scheme_of(data: Any) -> str:
    """The scheme of an address of a kind in `SCHEMES`, or ''."""
    name = data.partition("://")[0].lower() if isinstance(data, str) and "://" in data else ""
    return name if name in SCHEMES else ""


def is_address(data: Any) -> bool:
    """Whether `data` is an address of a kind in `SCHEMES`."""
    return bool(scheme_of(data))


def shown(text: object) -> str:
    """A text on one line without user names, passwords and signatures of the addresses in it, for messages and records."""
    return " ".join(_SECRET.sub("", str(text)).split())


def joined(address: str, *names: str) -> str:
    """The address of a file below another address."""
    return "/".join([address.rstrip("/"), *names])


def require_package(address: str) -> None:
    """Raise MissingExtra, with the command that installs it, if a package that reads `address` is not there."""
    scheme = SCHEMES[scheme_of(address)]
    for package in ("fsspec", scheme.package):
        if find_spec(package) is None:
            raise MissingExtra(f"{shown(address)} needs {package}, which reads {scheme.name}: {scheme.command}.")
