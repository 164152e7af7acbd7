"""Classifiers at addresses (`s3://bucket/runs/pets`): the files of an artefact, brought into the cache or written to the store."""

from fnmatch import fnmatch
from hashlib import blake2b
from pathlib import Path

from ..base.errors import UsageError
from ..base.files import cache_folder, private_folder, write_atomic
from ..base.remote.address import joined, shown
from ..base.remote.store import MissingFile, RemoteFile, StoreError, listing, read_all, write
from .config import CONFIG

FILES = [CONFIG, "model.safetensors", "reference.safetensors", "golden/*.png", "README.md"]  # nothing else of a folder is downloaded
TRIES = 3  # to read the files of one moment, of a run that is written meanwhile
LEARNT = ["run.json", "split.csv", "ancestors.csv"]  # of a run: which pictures it has learnt from


def fetched(address: str) -> Path:
    """A copy of the classifier's folder at `address`, or of an exported file, in the cache: of the version that is there now.

    Raises UsageError without a classifier, StoreError.
    """
    for _ in range(TRIES):
        wanted = _wanted(address)
        folder = cache_folder() / "models" / blake2b(_versions(wanted).encode(), digest_size=16).hexdigest()
        missing = {name: file for name, file in wanted.items() if not (folder / name).is_file()}
        try:
            found = {name: read_all(file.address) for name, file in missing.items()}
        except MissingFile:  # removed since the listing
            continue
        if not missing or _versions(_wanted(address)) == _versions(wanted):  # else it was written meanwhile
            private_folder(folder.parent)
            private_folder(folder)
            for name, content in found.items():
                write_atomic(folder / name, content, mode=0o600)
            return folder / next(iter(wanted)) if _is_file(address, wanted) else folder
    raise StoreError(f"cannot read {shown(address)}: it was written each of the {TRIES} times that it was read. Wait until that has ended.")


def _wanted(address: str) -> dict[str, RemoteFile]:
    """The files of a classifier by their names in its folder, or the one exported file; raises UsageError, StoreError."""
    try:
        files = listing(address)
    except MissingFile:
        raise UsageError(f"there is no classifier at {shown(address)}: no file is there.") from None
    if len(files) == 1 and files[0].address == address:
        return {files[0].name: files[0]}
    names = {file.address.removeprefix(f"{address.rstrip('/')}/"): file for file in files}
    wanted = {name: file for name, file in names.items() if any(fnmatch(name, pattern) for pattern in [*FILES, *LEARNT])}
    if CONFIG not in wanted:
        raise UsageError(f"there is no classifier at {shown(address)}: a run folder has {CONFIG}.")
    return wanted


def _is_file(address: str, wanted: dict[str, RemoteFile]) -> bool:
    return any(file.address == address for file in wanted.values())


def _versions(wanted: dict[str, RemoteFile]) -> str:
    return "\n".join(f"{file.address} {file.size} {file.version}" for file in wanted.values())


def put(folder: Path, address: str) -> None:
    """Write the artefact in `folder` to an address, `config.json` last, which has the digests of the others; raises StoreError."""
    found = [path for pattern in FILES for path in sorted(folder.glob(pattern))]
    for path in sorted(found, key=lambda path: path.name == CONFIG):
        write(joined(address, *path.relative_to(folder).parts), path.read_bytes())
