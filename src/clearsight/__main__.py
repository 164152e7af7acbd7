"""`python -m clearsight`, the same as the command."""

from .cli import main

main()
