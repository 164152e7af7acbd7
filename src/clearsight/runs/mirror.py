"""Runs at addresses (`s3://bucket/runs/pets`): a folder in the cache that is written to the store after each checkpoint.

The folder lies next to `store.json`, which has its address and what was sent: `send` writes what has changed since, and does nothing for
any other folder. A store has no locks: two machines must not write one run.
"""

from hashlib import blake2b
from pathlib import Path, PurePosixPath

from ..base.errors import ClearsightError, UsageError, plain
from ..base.files import cache_folder, is_temporary, make_folder, private_folder, read_json, remove, write_atomic, write_json
from ..base.lock import NAMES, hold
from ..base.remote import store
from ..base.remote.address import is_address, joined, shown

STATE = "store.json"
LAST = ("config.json", "recipe.toml")  # what makes a folder a classifier, or a run that can be resumed
Facts = dict[str, list[int]]


def folder_of(address: str) -> Path:
    """The folder in the cache for the run at `address`."""
    address = address.rstrip("/")
    name = PurePosixPath(shown(address)).name or "run"
    return cache_folder() / "runs" / blake2b(address.encode(), digest_size=8).hexdigest() / name


def local(run: str | Path) -> Path:
    """The folder of `run`; of one at an address a copy of what is there now. Raises StoreError, ClearsightError."""
    return bring(run) if isinstance(run, str) and is_address(run) else Path(run)


def named(folder: Path) -> str:
    """The address of a folder that is sent to one, or its path."""
    state = folder.parent / STATE
    return str(read_json(state)["address"]) if state.is_file() else str(folder)


def require_free(address: str) -> None:
    """Raise UsageError if there are files at `address`; else an empty folder for it is there."""
    try:
        found = store.listing(f"{address.rstrip('/')}/")
    except store.MissingFile:
        bring(address)
        return
    raise UsageError(
        f"{shown(address)} has {len(found):,} files already, which are left as they are. Continue the run there (clearsight train --resume "
        f"{shown(address)}) or name another --out (out=)."
    )


def bring(address: str) -> Path:
    """The folder for `address` with the files that are there now, and no others; those that were brought or sent before are kept."""
    folder = folder_of(address)
    private_folder(folder.parent.parent)
    private_folder(folder.parent)
    with hold(folder.parent, "store.lock", wait=True):
        make_folder(folder)
        files = _there(address)
        known: Facts = _state(folder).get("there", {}) if (folder.parent / STATE).is_file() else {}
        for name, file in files.items():
            path = folder / _safe(address, name)
            if known.get(name) != [file.size, file.version] or not path.is_file():
                make_folder(path.parent)
                write_atomic(path, store.read(file.address, 0, file.size), mode=0o600)
        for name in _here(folder).keys() - files.keys():
            remove(folder / name)
        _keep(folder, address)
    return folder


def send(folder: Path) -> None:
    """Write what has changed in a run's folder to its address, and remove there what is gone; nothing for other folders.

    Raises StoreError.
    """
    if not (folder.parent / STATE).is_file():
        return
    state, now = _state(folder), _here(folder)
    address, before = str(state["address"]), state["here"]
    changed = [name for name, facts in now.items() if before.get(name) != facts]
    for name in sorted(changed, key=lambda name: (name in LAST, name)):
        store.write(joined(address, name), (folder / name).read_bytes())
    for name in before.keys() - now.keys():
        store.remove(joined(address, name))
    if changed or before.keys() - now.keys():
        _keep(folder, address)


def _state(folder: Path) -> dict[str, Facts]:
    found: dict[str, Facts] = read_json(folder.parent / STATE)
    return found


def _keep(folder: Path, address: str) -> None:
    there = {name: [file.size, file.version] for name, file in _there(address).items()}
    write_json(folder.parent / STATE, {"address": address.rstrip("/"), "here": _here(folder), "there": there})


def _here(folder: Path) -> Facts:
    """Size and time of every file of a run, by its name below the folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.name not in NAMES and not is_temporary(path):
            status = path.stat()
            found[path.relative_to(folder).as_posix()] = [status.st_size, status.st_mtime_ns]
    return found


def _there(address: str) -> dict[str, store.RemoteFile]:
    base = f"{address.rstrip('/')}/"
    try:
        return {file.address.removeprefix(base): file for file in store.listing(base)}
    except store.MissingFile:
        return {}


def _safe(address: str, name: str) -> str:
    if name.startswith("/") or ".." in name.split("/") or "\\" in name or ":" in name:
        raise ClearsightError(f"{shown(address)} has a file whose name leads out of the run: {plain(name)}. Nothing of it is used.")
    return name
