"""The command line, for what a verb writes beside its figures."""

from tests.cli.conftest import clearsight

__all__ = ["clearsight"]
