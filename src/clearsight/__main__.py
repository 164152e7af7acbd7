"""`python -m clearsight`, the same as the command."""

import os
import sys
from pathlib import Path

# `python -m` looks in the current folder first, where data lie: a timm.py there would be run in the place of a package that is not
# installed. PYTHONPATH is left as it is; so is the folder that clearsight itself is read from.
if sys.path and sys.path[0] == os.getcwd() and not sys.flags.safe_path and Path(__file__).parent.parent != Path(sys.path[0]):
    del sys.path[0]

from .cli import main

main()
