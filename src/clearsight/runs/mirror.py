"""Runs at addresses (`s3://bucket/runs/pets`): a folder in the cache that is written to the store after each checkpoint.

The folder lies next to `store.json`, which has its address and what was sent: `send` writes what has changed since, and does nothing for
any other folder. Who writes holds the lock of the folder, and in the store a lock of the address (`take`), which other machines see.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from secrets import token_hex

from ..base.errors import ClearsightError, InUse, UsageError, plain
from ..base.files import cache_folder, is_temporary, make_folder, private_folder, read_json, remove, write_atomic, write_json
from ..base.lock import NAMES, hold
from ..base.remote import lease, store
from ..base.remote.address import is_address, joined, shown

STATE, TOKEN = "store.json", "token"
LAST = ("config.json", "recipe.toml")  # what makes a folder a classifier, or a run that can be resumed
# what a run writes before recipe.toml, and checkpoints/
UNBEGUN = {"run.json", "split.csv", "ancestors.csv", "out-of-fold.safetensors"}
DEPTH = 3  # folders of a run below one that is sent to an address, as members/1
Facts = dict[str, list[int]]
_leases: dict[Path, lease.Lease] = {}  # of the folders that this process writes


def folder_of(address: str) -> Path:
    """The folder in the cache for the run at `address`."""
    address = address.rstrip("/")
    name = PurePosixPath(shown(address)).name or "run"
    return cache_folder() / "runs" / blake2b(address.encode(), digest_size=8).hexdigest() / name


def beside(run: str) -> Path:
    """The folder of this machine in which a run's own is, for files that are of no use elsewhere; at an address they are not sent."""
    return (folder_of(run) if is_address(run) else Path(run)).parent


def local(run: str | Path) -> Path:
    """The folder of `run`; of one at an address a copy of what is there now. Raises StoreError, ClearsightError."""
    return bring(run) if isinstance(run, str) and is_address(run) else Path(run)


def named(folder: Path) -> str:
    """The address of a folder that is sent to one, or of one inside, or else its path."""
    root = _root(folder)
    return joined(str(_state(root)["address"]), *folder.relative_to(root).parts) if root else str(folder)


def require_free(address: str) -> None:
    """Raise UsageError if there is a run at `address`, InUse if one is about to begin; else its folder has what is there."""
    lease.require_free(address, _token(folder_of(address)))
    _refuse_files(address)
    bring(address)


def _refuse_files(address: str) -> None:
    """Raise UsageError for any file that a run which was killed before it began has not left."""
    found = _there(address)
    if all(name in UNBEGUN or name.startswith("checkpoints/") for name in found):
        return
    raise UsageError(
        f"{shown(address)} has {len(found):,} files already, which are left as they are. Continue the run there (clearsight train --resume "
        f"{shown(address)}) or name another --out (out=)."
    )


def take(folder: Path, *, alone: bool, new: bool = False) -> lease.Lease | None:
    """Take the lock of the address that `folder` is sent to, and bring what is there now; None for other folders.

    The caller holds the lock of the folder, `alone` if the disk has locks. `new` is for a run that begins: raises UsageError if
    another has begun there. Raises InUse, StoreError.
    """
    if _root(folder) != folder:
        return None
    address = str(_state(folder)["address"])
    held = lease.take(address, _token(folder), alone=alone)
    try:
        if new:
            _refuse_files(address)
        with hold(folder.parent, "store.lock", wait=True):
            _bring(folder, address)
    except BaseException:
        held.release()
        raise
    _leases[folder] = held
    return held


def leave(folder: Path) -> None:
    """Release the lock of the address of `folder`, if this process holds it."""
    if held := _leases.pop(folder, None):
        held.release()


@contextmanager
def alone(where: str | Path, name: str) -> Iterator[Path]:
    """The folder `where`, locked; of an address one in the cache, with the file `name` of what is there, which `send` writes back."""
    if not is_address(where):
        with hold(Path(where)):
            yield Path(where)
        return
    folder, address = folder_of(str(where)), str(where)
    _prepare(folder)
    with hold(folder) as lock:
        held = lease.take(address, _token(folder), alone=not lock.note)
        try:
            found = _there(address)
            if found and name not in found:
                raise UsageError(f"{shown(address)} has {len(found):,} files, and none is {name}. Name another folder with --out (out=).")
            with hold(folder.parent, "store.lock", wait=True):
                _bring(folder, address, only=name)
            _leases[folder] = held
            yield folder
        finally:
            _leases.pop(folder, None)
            held.release()


@contextmanager
def sole(address: str) -> Iterator[lease.Lease]:
    """The lock of `address`, of whose files none is kept on this machine, for as long as the block runs; raises InUse, StoreError."""
    folder = folder_of(address)
    _prepare(folder)
    with hold(folder) as lock, lease.take(address, _token(folder), alone=not lock.note) as held:
        yield held


def bring(address: str) -> Path:
    """The folder for `address` with the files that are there now, and no others; those that were brought or sent before are kept.

    A folder that a process of this machine writes is left as it is: it is newer than the store.
    """
    folder = folder_of(address)
    _prepare(folder)
    with hold(folder.parent, "store.lock", wait=True), suppress(InUse), hold(folder):
        _bring(folder, address)
    return folder


def _prepare(folder: Path) -> None:
    private_folder(folder.parent.parent)
    private_folder(folder.parent)
    make_folder(folder)


def _bring(folder: Path, address: str, only: str = "") -> None:
    found = _there(address)
    files = {name: file for name, file in found.items() if only in ("", name)}
    state: dict[str, Facts] = _state(folder) if (folder.parent / STATE).is_file() else {"there": {}, "here": {}}
    before = {name: facts for name, facts in _here(folder).items() if facts == state["here"].get(name)}
    for name, file in list(files.items()):
        path = folder / _safe(address, name)
        if state["there"].get(name) != [file.size, file.version] or name not in before:
            try:
                content = store.read_all(file.address)
            except store.MissingFile:  # an old checkpoint, removed since the listing
                del files[name]
                continue
            make_folder(path.parent)
            write_atomic(path, content, mode=0o600)
    here = _here(folder)
    for name in here.keys() - files.keys():
        remove(folder / name)
    _keep(folder, address, {name: facts for name, facts in here.items() if name in files}, found)


def send(folder: Path) -> None:
    """Write what has changed in a run's folder, or in the one around it, to its address, and remove there what is gone; nothing for other
    folders. Raises StoreError, LostLease.
    """
    root = _root(folder)
    if root is None:
        return
    with hold(root.parent, "store.lock", wait=True):
        state, now = _state(root), _here(root)
        address, before = str(state["address"]), state["here"]
        changed = [name for name, facts in now.items() if before.get(name) != facts]
        held = _leases.get(root)
        for name in sorted(changed, key=_turn):
            try:
                data = (root / name).read_bytes()
            except FileNotFoundError:  # an older checkpoint, removed meanwhile
                del now[name]
                continue
            _require(held)
            store.write(joined(address, name), data)
        gone = before.keys() - now.keys()
        for name in gone:
            _require(held)
            store.remove(joined(address, name))
        if changed or gone:
            there = _there(address)
            _require(held)  # else what another has written meanwhile would count as sent
            _keep(root, address, now, there)


def _require(held: lease.Lease | None) -> None:
    if held:
        held.require()


def _turn(name: str) -> tuple[bool, int, str]:
    """What orders the files of a run to be sent: those that say that it is whole come last, the outermost at the end."""
    return PurePosixPath(name).name in LAST, -name.count("/") if PurePosixPath(name).name in LAST else 0, name


def _root(folder: Path) -> Path | None:
    """The folder that is sent to an address: `folder` or one around it."""
    around = [one for one in (folder, *list(folder.parents)[:DEPTH]) if one.parent.parent == cache_folder() / "runs"]
    return next((one for one in around if (one.parent / STATE).is_file()), None)


def _token(folder: Path) -> str:
    """A text of this folder of this machine alone, by which a lock that its former process left in the store is known."""
    path = folder.parent / TOKEN
    _prepare(folder)
    with hold(folder.parent, "token.lock", wait=True):
        if not path.is_file():
            write_atomic(path, token_hex(16), mode=0o600)
        return path.read_text(encoding="utf-8")


def _state(folder: Path) -> dict[str, Facts]:
    found: dict[str, Facts] = read_json(folder.parent / STATE)
    return found


def _keep(folder: Path, address: str, here: Facts, found: dict[str, store.RemoteFile]) -> None:
    there = {name: [file.size, file.version] for name, file in found.items()}
    write_json(folder.parent / STATE, {"address": address.rstrip("/"), "here": here, "there": there})


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
        found = {file.address.removeprefix(base): file for file in store.listing(base)}
    except store.MissingFile:
        return {}
    return {name: file for name, file in found.items() if not lease.is_lock(name.rpartition("/")[2])}


def _safe(address: str, name: str) -> str:
    if name.startswith("/") or ".." in name.split("/") or "\\" in name or ":" in name:
        raise ClearsightError(f"{shown(address)} has a file whose name leads out of the run: {plain(name)}. Nothing of it is used.")
    return name
