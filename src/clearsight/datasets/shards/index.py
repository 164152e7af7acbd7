"""The index of a shard: its pictures in columns, made by one pass over the headers and then kept in the cache.

`pack` writes the same index next to each shard, `train-00000.tar.index`, with the size and the digests of the shard, so that a set in a
store is opened, its sizes compared and its pictures divided without a byte of the shards.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...base.errors import ClearsightError, plain
from ...base.files import cache_folder, digest, private_folder, write_atomic
from ...base.remote.address import is_address
from ...base.remote.store import read_all
from ...images.kinds import SUFFIXES, UNREAD
from ..dataset import clean_label
from ..tables.columns import NAMES as COLUMNS
from ..tables.labels import several
from .headers import META, TEXTS, Members, first_text, members
from .reading import Shard

VERSION = 1
SPAN = np.dtype([("offset", "<i8"), ("length", "<u4")])
DIGEST = 32  # characters of a picture's digest
PICTURES = frozenset(suffix[1:].encode() for suffix in SUFFIXES | UNREAD)
_LABELS = (b"cls", b"json", b"txt")  # the first that a sample has holds its label
_MOST_NAME = 2**15  # bytes
_SEAL = 64
BESIDE = ".index"  # the file next to a shard
MD5 = re.compile(r"[0-9a-f]{32}")  # the version of an object that was not uploaded in parts


@dataclass(frozen=True, eq=False)
class Index:
    """The n pictures of a shard in its order: 12 bytes each for the place, 4 for the label, and the text of the name.

    `names` holds each member's name and a zero byte; `spans` (n,) offset and length; `labels` int32 (n,) into `texts`, -1 without; `origin`
    is the kind of member that they are from, `cls`, `json`, `txt` or `packed`, or empty. Packed shards bring `digests` bytes (n,) and
    `groups`. `left_out` counts other members by kind.
    """

    names: bytes
    spans: NDArray[Any]
    labels: NDArray[np.int32]
    texts: tuple[str, ...] = ()
    origin: str = ""
    digests: NDArray[np.bytes_] | None = None
    groups: tuple[str, ...] = ()
    left_out: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.spans)


def index(shard: Shard, label: str = "") -> Index:
    """The index of `shard`, from the cache, the file next to one at an address, or its headers.

    `label` is the kind of member, or the JSON key, that holds the label.
    Raises ClearsightError for a shard that is damaged, or has a name twice or one that leads out of its folder.
    """
    key = digest(f"{VERSION} {shard.state} {label}".encode("utf-8", "surrogateescape"))[:32]
    path = cache_folder() / "shards" / f"{key}.index"
    if (known := _load(path)) is not None:
        return known
    made = (published(shard) if is_address(shard.address) else None) or build(shard, label)
    with suppress(ClearsightError, OSError):  # without a writable cache the headers are read again next time
        private_folder(path.parent)
        write_atomic(path, *sealed(made))
    return made


def build(shard: Shard, label: str = "") -> Index:
    """The index of `shard` from its headers, without the cache."""
    found = members(shard)
    names = [name[2:] if name.startswith(b"./") else name for name in found.names]
    where = plain(shard.address)
    _refuse_names(where, names)
    left_out: Counter[str] = Counter({"links": found.links} if found.links else {})
    rows, keys, simple = [], [], []
    texts: dict[bytes, dict[bytes, int]] = {}
    for row, name in enumerate(names):
        folder, _, base = name.rpartition(b"/")
        stem, _, ending = base.partition(b".")
        key = folder + b"/" + stem
        suffix = ending.rpartition(b".")[2].lower()
        if b"/." in name or name[:1] == b"." or name.startswith(b"__MACOSX/"):
            left_out["hidden"] += 1
        elif suffix in PICTURES:
            rows.append(row)
            keys.append(key)
            simple.append(suffix == ending.lower())
        elif name.endswith(TEXTS):
            texts.setdefault(key, {})[ending] = row
        elif name != META:
            left_out[f".{suffix.decode('utf-8', 'backslashreplace')}" if suffix else "without suffix"] += 1
    if META in names:
        return _of_packed(where, found, rows, left_out)
    said = _Labels(where, found, label.encode())
    labels = [said.of(texts[key]) if key in texts else -1 for key in keys]
    if said.texts and any(simple) and not all(simple):  # masks and further views of a sample, as in 000.seg.png
        left_out["further pictures of a sample"] += len(simple) - sum(simple)
        rows, labels = [[value for value, one in zip(column, simple, strict=True) if one] for column in (rows, labels)]
    return _made(found, names, rows, labels, left_out, texts=tuple(said.texts), origin="+".join(sorted(said.origins)))


class _Labels:
    """Labels of samples, numbered in the order in which they come."""

    def __init__(self, where: str, found: Members, wanted: bytes) -> None:
        self.where, self.found, self.wanted = where, found, wanted
        self.texts: dict[str, int] = {}
        self.origins: set[str] = set()

    def of(self, sample: dict[bytes, int]) -> int:
        """The number of the label that the members of a sample hold, by their kinds; -1 without."""
        for kind in _LABELS:
            asked = self.wanted in (b"", kind) or (kind == b"json" and self.wanted not in _LABELS)
            if asked and kind in sample and (text := clean_label(self._text(kind, sample[kind]))):
                self.origins.add(kind.decode())
                return self.texts.setdefault(text, len(self.texts))
        return -1

    def _text(self, kind: bytes, row: int) -> str:
        content = self.found.texts.get(row, b"")
        name = self.found.names[row].decode("utf-8", "backslashreplace")
        if kind != b"json":
            return content.decode("utf-8", "replace").strip()
        try:
            table = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise ClearsightError(f"{self.where}, member {plain(name)}: it is not valid JSON ({error}).") from None
        if not isinstance(table, dict):
            return "" if isinstance(table, list | float | bool) or table is None else str(table)
        value = next((table[key] for key in ([self.wanted.decode()] if self.wanted else ("cls", *COLUMNS["label"])) if key in table), None)
        if isinstance(value, list | tuple):
            raise several(f"{self.where}, member {plain(name)}", str(value), ",")
        return "" if value is None or isinstance(value, dict) else str(value)


def _refuse_names(where: str, names: list[bytes]) -> None:
    """Raise ClearsightError for a name that is there twice or leads out of its folder, as a hostile archive has it."""
    bad = next((name for name in names if name[:1] == b"/" or b".." in name.split(b"/") or len(name) > _MOST_NAME), None)
    if bad is not None:
        raise ClearsightError(f"{where} holds a name that leads out of it: {_shown(bad)!r}. Nothing of it is used.")
    if len(set(names)) < len(names):
        twice = next(name for name, n in Counter(names).items() if n > 1)
        raise ClearsightError(f"{where} holds {_shown(twice)!r} twice: which is meant? Write it again without old versions.")


def _shown(name: bytes) -> str:
    return plain(name[:200].decode("utf-8", "backslashreplace"))


def _of_packed(where: str, found: Members, rows: list[int], left_out: Counter[str]) -> Index:
    """The index of a shard of `clearsight shards pack`, with what its first member says of every picture."""
    left_out.clear()  # the labels for other readers
    try:
        said = json.loads(found.texts[found.names.index(META)])
        texts, labels = tuple(map(str, said["classes"])), list(map(int, said["labels"]))
        digests = np.array([str(one).encode() for one in said["digests"]], dtype=f"S{DIGEST}")
        groups = tuple(map(str, said.get("groups") or ()))
        if not {len(labels), len(digests), len(groups) or len(rows)} == {len(rows)} or not set(labels) <= set(range(len(texts))):
            raise ValueError(f"{len(labels)} labels for {len(rows)} pictures")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ClearsightError(f"{where}: its table of contents is damaged ({error}). Pack it again.") from None
    return _made(found, found.names, rows, labels, left_out, texts=texts, origin="packed", digests=digests, groups=groups)


def _made(found: Members, names: list[bytes], rows: list[int], labels: list[int], left_out: Counter[str], **more: Any) -> Index:
    spans = np.empty(len(rows), SPAN)
    spans["offset"], spans["length"] = [found.offsets[row] for row in rows], [min(found.lengths[row], 2**32 - 1) for row in rows]
    text = b"".join(names[row] + b"\0" for row in rows)
    return Index(text, spans, np.array(labels, np.int32), left_out=dict(left_out), notes=tuple(found.notes), **more)


def sealed(made: Index, **shard: int | str) -> tuple[bytes, str]:
    """An index as bytes, with what is known of its `shard`, and their digest, which follows them in a file."""
    head = {"n": len(made), "texts": made.texts, "origin": made.origin, "groups": made.groups, "left_out": made.left_out}
    head |= {"notes": made.notes, "digests": made.digests is not None, "shard": shard}
    digests = b"" if made.digests is None else made.digests.tobytes()
    body = json.dumps(head).encode() + b"\n" + made.spans.tobytes() + made.labels.tobytes() + digests + made.names
    return body, digest(body)


def published(shard: Shard) -> Index | None:
    """The index in the file next to a shard; None without one, or where it is damaged or of another shard."""
    try:
        data = read_all(shard.address + BESIDE) if is_address(shard.address) else Path(shard.address + BESIDE).read_bytes()
        found = _opened(data)
        if found is None or not _is_of(found[0], found[1], shard) or not _says_the_same(found[0], shard):
            return None
        _refuse_names(plain(shard.address), found[0].names.split(b"\0")[:-1])
    except (OSError, ClearsightError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None  # the headers say what is wrong
    return found[0]


def _is_of(made: Index, of: dict[str, Any], shard: Shard) -> bool:
    """Whether an index is of this shard and consistent: it is a file that any program can have written."""
    version, n, spans = shard.state.rpartition(" ")[2], len(made), made.spans
    same = of["bytes"] == shard.size and (of["md5"] == version or not MD5.fullmatch(version))
    inside = not n or (int(spans["offset"].min()) >= 0 and int((spans["offset"] + spans["length"]).max()) <= shard.size)
    labels = not n or -1 <= int(made.labels.min()) <= int(made.labels.max()) < len(made.texts)
    return bool(same and inside and labels and made.names.count(b"\0") == n and made.names[-1:] in (b"", b"\0") and made.origin == "packed")


def _says_the_same(made: Index, shard: Shard) -> bool:
    """Whether the table in a shard has the pictures of an index, where its store has no MD5 of it, as of one that was uploaded in parts:
    the same pictures in another order have the same size.
    """
    if not is_address(shard.address) or MD5.fullmatch(shard.state.rpartition(" ")[2]):
        return True
    said, digests = json.loads(first_text(shard)), [] if made.digests is None else made.digests.tolist()
    return bool(said["digests"] == [one.decode() for one in digests] and said["labels"] == made.labels.tolist())


def _load(path: Path) -> Index | None:
    """The index in a file of the cache; None for a missing or damaged one."""
    try:
        found = _opened(path.read_bytes())
    except OSError:
        return None
    return found[0] if found else None


def _opened(data: bytes) -> tuple[Index, dict[str, Any]] | None:
    """An index from the bytes of its file, and what it says of the shard; None if the digest is not theirs."""
    body = data[:-_SEAL]
    if digest(body).encode() != data[-_SEAL:]:
        return None
    line, _, rest = body.partition(b"\n")
    head = json.loads(line)
    n, texts, groups, notes = head["n"], tuple(head["texts"]), tuple(head["groups"]), tuple(head["notes"])
    sizes = (SPAN.itemsize * n, 4 * n, DIGEST * n * head["digests"])
    spans, labels, digests, names = _cut(rest, sizes)
    made = Index(
        names, np.frombuffer(spans, SPAN), np.frombuffer(labels, np.int32), texts, head["origin"],
        np.frombuffer(digests, f"S{DIGEST}") if head["digests"] else None, groups, head["left_out"], notes,
    )  # fmt: skip
    return made, head.get("shard", {})


def _cut(data: bytes, sizes: Iterable[int]) -> list[bytes]:
    pieces, start = [], 0
    for size in sizes:
        pieces.append(data[start : start + size])
        start += size
    return [*pieces, data[start:]]
