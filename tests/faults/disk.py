"""A modelled disk that forgets: what is on it after a power cut is what was synced, and any part of what was not.

The data of a file are safe after an fsync of the file; a name (made, renamed, removed) after an fsync of its folder.
What is pending may have reached the disk or not, each change of a name for itself (Pillai et al., OSDI 2014).
"""

import os
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Tree = dict[str, bytes | None]  # path below the root → content, None for a folder


@dataclass(eq=False)
class File:
    now: bytes = b""
    safe: bytes = b""


@dataclass(eq=False)
class Folder:
    now: dict[str, "File | Folder"] = field(default_factory=dict)
    safe: dict[str, "File | Folder"] = field(default_factory=dict)
    pending: list[dict[str, "File | Folder | None"]] = field(default_factory=list)

    def change(self, names: dict[str, "File | Folder | None"]) -> None:
        """Give names to nodes (None: to nothing), all of them or none."""
        self.pending.append(names)
        _give(self.now, names)

    def after(self, mask: int) -> dict[str, "File | Folder"]:
        """The names after a power cut that let the pending changes through whose bits are in `mask`."""
        names = dict(self.safe)
        for place, change in enumerate(self.pending):
            if mask >> place & 1:
                _give(names, change)
        return names


def _give(names: dict[str, Any], change: dict[str, Any]) -> None:
    for name, node in change.items():
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node


class Disk:
    """What the operations of a log make of the folder `root`, in which `tree` is safe from the start."""

    def __init__(self, root: Path, tree: Tree | None = None) -> None:
        self.root = str(root)
        self.top = Folder()
        for name, content in sorted((tree or {}).items()):
            folder, last = self._find(os.path.join(root, name))
            folder.change({last: Folder() if content is None else File(content, content)})
        for folder in _folders(self.top):
            self._sync(folder)

    def _find(self, path: str) -> tuple[Folder, str]:
        *above, name = os.path.relpath(path, self.root).split(os.sep)
        folder = self.top
        for step in above:
            folder = folder.now[step]
        return folder, name

    def apply(self, entry: dict[str, Any]) -> None:
        """One line of the log."""
        if entry["op"] == "saved":
            return
        if entry["path"] == self.root:
            self._sync(self.top)
            return
        folder, name = self._find(entry["path"])
        node = folder.now.get(name)
        match entry["op"]:
            case "open" if node is None:
                folder.change({name: File()})
            case "open" if entry["fresh"]:
                node.now = b""
            case "write":
                node.now += b64decode(entry["data"])
            case "fsync":
                self._sync(node)
            case "mkdir":
                folder.change({name: Folder()})
            case "unlink" | "rmdir":
                folder.change({name: None})
            case "replace":
                other, target = self._find(entry["to"])
                assert other is folder, "renamed into another folder"
                folder.change({name: None, target: node})

    def _sync(self, node: File | Folder) -> None:
        node.safe = node.now if isinstance(node, File) else dict(node.now)
        if isinstance(node, Folder):
            node.pending = []

    def kept(self) -> Tree:
        """Everything, synced or not: what is there when only the process dies."""
        return dict(_walk(self.top, "", lambda folder: folder.now, lambda file: file.now))

    def cuts(self) -> Iterator[Tree]:
        """What may be there after a power cut: every subset of the pending names, their data whole, half or lost."""
        most = max(len(folder.pending) for folder in _folders(self.top))
        for mask in range(2 ** min(most, 5)):
            for data in (lambda file: file.now, lambda file: file.safe, lambda file: file.now[: (len(file.safe) + len(file.now)) // 2]):
                yield dict(_walk(self.top, "", lambda folder, mask=mask: folder.after(mask), data))


def _folders(top: Folder) -> Iterator[Folder]:
    yield top
    for node in top.now.values():
        if isinstance(node, Folder):
            yield from _folders(node)


def _walk(top: Folder, where: str, names: Any, data: Any) -> Iterator[tuple[str, bytes | None]]:
    for name, node in names(top).items():
        if isinstance(node, Folder):
            yield f"{where}{name}", None
            yield from _walk(node, f"{where}{name}/", names, data)
        else:
            yield f"{where}{name}", data(node)


def read_tree(root: Path) -> Tree:
    """What is really there."""
    return {str(path.relative_to(root)): path.read_bytes() if path.is_file() else None for path in root.rglob("*")}


def write_tree(tree: Tree, root: Path) -> None:
    """Make it so, in an empty folder."""
    for name, content in sorted(tree.items()):
        if content is None:
            (root / name).mkdir()
        else:
            (root / name).write_bytes(content)
