"""A folder on this machine or at an address, with one set of functions for both."""

import os
from pathlib import Path

from ..errors import ClearsightError
from ..files import is_temporary, make_folder, remove, write_atomic
from . import store
from .address import is_address, joined, shown


class Place:
    """A folder: a path, or an address. Files in it are written whole or not at all."""

    def __init__(self, folder: str | Path) -> None:
        self.remote = is_address(folder)
        self.folder = str(folder).rstrip("/") if self.remote else str(folder)

    def __str__(self) -> str:
        return shown(self.folder) if self.remote else self.folder

    def names(self) -> list[str]:
        """The files directly in the folder, sorted, without temporary ones; empty if there is no folder. Raises ClearsightError."""
        if self.remote:
            return self._names_remote()
        try:
            with os.scandir(self.folder) as entries:
                return sorted(entry.name for entry in entries if entry.is_file() and not is_temporary(Path(entry.path)))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ClearsightError(f"cannot list the folder {self.folder}: {error.strerror or error}.") from error

    def _names_remote(self) -> list[str]:
        try:
            paths = [file.address.removeprefix(f"{self.folder}/") for file in store.listing(f"{self.folder}/")]
        except store.MissingFile:
            return []
        return [path for path in paths if "/" not in path]

    def make(self) -> None:
        """Make the folder; object stores need none. Raises ClearsightError."""
        try:
            if not self.remote:
                make_folder(Path(self.folder))
        except OSError as error:
            raise ClearsightError(f"cannot make the folder {self.folder}: {error.strerror or error}.") from error

    def write(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all; raises ClearsightError."""
        if self.remote:
            store.write(joined(self.folder, name), data)
        else:
            write_atomic(Path(self.folder) / name, data)

    def read(self, name: str) -> bytes:
        """The content of a file; raises ClearsightError."""
        if self.remote:
            return store.read_all(joined(self.folder, name))
        return self._local(name, 0)

    def end(self, name: str, length: int) -> bytes:
        """The last `length` bytes of a file, or all of a shorter one; raises ClearsightError."""
        if not self.remote:
            return self._local(name, length)
        return store.read_end(joined(self.folder, name), length)

    def _local(self, name: str, length: int) -> bytes:
        path = Path(self.folder) / name
        try:
            with path.open("rb") as file:
                if length:
                    file.seek(max(0, os.fstat(file.fileno()).st_size - length))
                return file.read()
        except OSError as error:
            raise ClearsightError(f"cannot read {path}: {error.strerror or error}.") from error

    def remove(self, name: str) -> None:
        """Remove a file that may be missing; raises ClearsightError."""
        if self.remote:
            store.remove(joined(self.folder, name))
        else:
            remove(Path(self.folder) / name)
