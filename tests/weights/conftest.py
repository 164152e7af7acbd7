"""The command line, for what is said of weights."""

from tests.cli.conftest import clearsight

__all__ = ["clearsight"]
