"""The server: classifiers over HTTP, with bounds on memory and time, orderly under overload and at its end."""

from . import extra  # noqa: F401  before the others, which import it
from .options import Options, read_token
from .server import serve

__all__ = ["Options", "read_token", "serve"]
