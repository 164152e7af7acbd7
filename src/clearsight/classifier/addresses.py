"""Classifiers at addresses (`s3://bucket/runs/pets`): the files of an artefact, brought into the cache or written to the store."""

from fnmatch import fnmatch
from hashlib import blake2b
from pathlib import Path

from ..base.errors import UsageError
from ..base.files import cache_folder, private_folder, write_atomic
from ..base.remote.address import joined, shown
from ..base.remote.store import MissingFile, RemoteFile, listing, read, write
from .config import CONFIG

FILES = [CONFIG, "model.safetensors", "reference.safetensors", "golden/*.png", "README.md"]  # nothing else of a folder is downloaded
LEARNT = ["run.json", "split.csv", "ancestors.csv"]  # of a run: which pictures it has learnt from


def fetched(address: str) -> Path:
    """A copy of the classifier's folder at `address`, or of an exported file, in the cache: of the version that is there now.

    Raises UsageError without a classifier, StoreError.
    """
    try:
        files = listing(address)
    except MissingFile:
        raise UsageError(f"there is no classifier at {shown(address)}: no file is there.") from None
    one = len(files) == 1 and files[0].address == address
    names = {file.address.removeprefix(f"{address.rstrip('/')}/"): file for file in files} if not one else {files[0].name: files[0]}
    wanted = names if one else {name: file for name, file in names.items() if any(fnmatch(name, pattern) for pattern in [*FILES, *LEARNT])}
    if not one and CONFIG not in wanted:
        raise UsageError(f"there is no classifier at {shown(address)}: a run folder has {CONFIG}.")
    versions = "\n".join(f"{file.address} {file.size} {file.version}" for file in wanted.values())
    folder = cache_folder() / "models" / blake2b(versions.encode(), digest_size=16).hexdigest()
    private_folder(folder.parent)
    private_folder(folder)
    for name, file in wanted.items():
        _fetch(file, folder / name)
    return folder / files[0].name if one else folder


def _fetch(file: RemoteFile, path: Path) -> None:
    if not path.is_file():  # its digest is in config.json
        write_atomic(path, read(file.address, 0, file.size), mode=0o600)


def put(folder: Path, address: str) -> None:
    """Write the artefact in `folder` to an address, `config.json` last, which has the digests of the others; raises StoreError."""
    found = [path for pattern in FILES for path in sorted(folder.glob(pattern))]
    for path in sorted(found, key=lambda path: path.name == CONFIG):
        write(joined(address, *path.relative_to(folder).parts), path.read_bytes())
