"""The libraries of the extra `studio`: importing this raises MissingExtra where one is not installed."""

from importlib.util import find_spec

from ..base.errors import MissingExtra

LIBRARIES = ("fastapi", "uvicorn")


def require() -> None:
    """Raise MissingExtra, with the command that installs it, if a library is not there."""
    for name in LIBRARIES:
        if find_spec(name) is None:
            raise MissingExtra(f"the studio needs {name}: pip install 'clearsight[studio]'.")


require()
