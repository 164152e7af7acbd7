"""Weights that other libraries have downloaded: in the caches of torch.hub (torchvision, older timm), Keras and the Hugging Face Hub."""

import os
from collections.abc import Iterator
from pathlib import Path

SUFFIXES = (".pth", ".pt", ".bin", ".safetensors", ".h5")


def candidates(name: str, digest: str) -> Iterator[Path]:
    """The files in other libraries' caches that are called `name`, or, in the Hub's, whose SHA-256 begins as `digest` (`sha256:…`) does.

    Their content is not checked. Without a digest there are no candidates, since nothing could be checked.
    """
    if not digest:
        return
    for folder in (_torch() / "hub" / "checkpoints", _keras() / "models"):
        if (folder / name).is_file():
            yield folder / name
    kind, _, value = digest.partition(":")
    if kind == "sha256":
        yield from (path for path in _linked() if Path(os.readlink(path)).name.startswith(value) and path.is_file())


def _linked() -> Iterator[Path]:
    """The files of weights in the Hub's cache: links to files that are called by their SHA-256 (small ones by a shorter digest)."""
    for path in sorted(_hub().glob("models--*/snapshots/*/*")):
        if path.suffix in SUFFIXES and path.is_symlink() and len(Path(os.readlink(path)).name) == 64:
            yield path


def _user() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _torch() -> Path:
    return Path(os.environ.get("TORCH_HOME") or _user() / "torch").expanduser()


def _keras() -> Path:
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras").expanduser()


def _hub() -> Path:
    home = os.environ.get("HF_HOME") or _user() / "huggingface"
    return Path(os.environ.get("HF_HUB_CACHE") or Path(home) / "hub").expanduser()
