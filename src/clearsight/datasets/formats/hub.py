"""Data as Hugging Face's `datasets` stores it: Parquet files with pictures in them, and folders with a `metadata` table.

https://huggingface.co/docs/datasets/image_dataset, https://huggingface.co/docs/hub/datasets-image.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ...base.errors import ClearsightError, UsageError, listed
from ..dataset import Dataset, Parts, class_table, clean_label, indices_of, objects
from ..shards.names import packed
from ..shards.open import SPANS
from ..shards.reading import shard_at
from ..table import read_table
from ..tables.columns import parse
from ..tables.labels import several
from .layout import part_word
from .unpacked import written_once

_METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
_SUFFIXES = {
    b"\xff\xd8\xff": ".jpg",
    b"\x89PNG": ".png",
    b"GIF8": ".gif",
    b"BM": ".bmp",
    b"RIFF": ".webp",
    b"II*\0": ".tif",
    b"MM\0*": ".tif",
}
_BATCH = 64  # rows of pictures in memory
_BUFFER = 2**20  # bytes of a column that are read at once; without, a whole row group is in memory
_PICTURES, _PLACES = "pictures", "places.npz"  # all pictures of a Parquet file, one after the other, and where each is


def is_hub(data: Any) -> bool:
    """Whether `data` is a Parquet file with pictures in it, a folder of such files, or one with a `metadata` table."""
    if not isinstance(data, str | Path):
        return False
    path = Path(data)
    if os.path.isdir(path):
        return bool(_tables(path)) or any(map(_has_pictures, _shards(path)))
    return path.suffix.lower() == ".parquet" and os.path.isfile(path) and _has_pictures(path)


def read_hub(data: str | Path, *, columns: str = "") -> Parts:
    """The pictures with their labels, in the parts that the files or folders are named after.

    Raises ClearsightError for a file that is damaged or whose rows have no picture or label.
    """
    path = Path(data)
    if path.is_dir() and (tables := _tables(path)):
        return _joined(path, [(_part(table.parent.name), _moved(read_table(table, columns=columns), path)) for table in tables])
    files = _shards(path) if path.is_dir() else [path]
    return _joined(path, [(_part(file.stem), _read_pictures(file, columns)) for file in files])


def _tables(folder: Path) -> list[Path]:
    """The `metadata` tables of a folder or of the parts in it."""
    if not os.access(folder, os.R_OK | os.X_OK):
        return []
    parts = [folder / name for name in sorted(os.listdir(folder)) if part_word(name) and os.path.isdir(folder / name)]
    every = [next((one / name for name in _METADATA if (one / name).is_file()), None) for one in (folder, *parts)]
    return [table for table in every if table is not None]


def _shards(folder: Path) -> list[Path]:
    """The Parquet files of a folder, or of the folder `data` in it."""
    if not os.access(folder, os.R_OK | os.X_OK):
        return []
    for home in (folder, folder / "data"):
        names = sorted(os.listdir(home)) if home.is_dir() else []
        if found := [home / name for name in names if name.endswith(".parquet")]:
            return found
    return []


def _part(name: str) -> str:
    found = part_word(name.partition("-")[0])
    return found[0] if found else "all"


def _schema(path: Path) -> Any:
    try:
        from pyarrow import parquet

        return parquet.ParquetFile(path).schema_arrow
    except Exception:  # without pyarrow, or damaged: the reader of tables reports it
        return None


def _picture_column(schema: Any) -> str:
    """The name of the column of pictures, structs with their bytes, or empty."""
    for field in schema or ():
        inner = [field.type.field(i).name for i in range(field.type.num_fields)] if str(field.type).startswith("struct") else []
        if "bytes" in inner:
            return str(field.name)
    return ""


def _has_pictures(path: Path) -> bool:
    return bool(_picture_column(_schema(path)))


def _read_pictures(path: Path, columns: str) -> Parts:
    """The pictures of a Parquet file, written once into the cache, and their labels."""
    schema, given = _schema(path), parse(columns)
    pictures = given.get("path") or _picture_column(schema)
    label = given.get("label") or _label_column(schema, pictures, path)
    names = _class_names(schema, label)
    folder = written_once(path, lambda into: _write_pictures(path, pictures, into), "parquet")
    labels, n = [], 0
    for n, value in enumerate(_column(path, label), 1):
        if isinstance(value, list | tuple):
            raise several(str(path), listed(value, 4), ",")
        if value is None or (isinstance(value, float) and value != value):
            raise ClearsightError(f"{path}, row {n}: it has no {label}.")
        labels.append(clean_label(names[value] if names and isinstance(value, int) and 0 <= value < len(names) else str(value)))
    with np.load(folder / _PLACES) as places:
        spans, members = places["spans"], packed(places["names"].tobytes())
    if len(spans) != n or not n:
        raise ClearsightError(f"{path} has {n} rows and {len(spans)} pictures. Get it again.")
    table = class_table({"all": labels})
    every = Dataset(table, indices_of(labels, table), objects(members), spans=spans, shards=(shard_at(folder / _PICTURES),))
    return Parts(path.stem, table, {"all": every}, (f"pictures are in the column {pictures!r}, labels in {label!r}",))


def _label_column(schema: Any, pictures: str, path: Path) -> str:
    names = [field.name for field in schema if field.name != pictures]
    usual = [name for name in ("label", "labels", "class", "fine_label", "target", "category") if name in names]
    if usual or len(names) == 1:
        return str((usual or names)[0])
    raise UsageError(f"{path} needs a label column (label, labels, class …). It has: {listed(map(repr, names))}. Say --columns label=NAME.")


def _class_names(schema: Any, label: str) -> list[str]:
    """The names of the classes in the schema, as `datasets` stores them; empty without."""
    try:
        stored = json.loads((schema.metadata or {})[b"huggingface"])
        return [str(name) for name in stored["info"]["features"][label]["names"]]
    except (KeyError, TypeError, ValueError):
        return []


def _column(path: Path, name: str) -> Iterator[Any]:
    from pyarrow import ArrowException, parquet

    try:
        for batch in parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False).iter_batches(_BATCH, columns=[name]):
            yield from batch.column(0).to_pylist()
    except (OSError, ValueError, ArrowException) as error:
        raise ClearsightError(f"cannot read {path}: {next(iter(str(error).splitlines()), type(error).__name__)}") from error


def _write_pictures(path: Path, column: str, into: Path) -> None:
    """All pictures in one file: a column is compressed, so that no picture in it can be reached without those before."""
    spans, names, offset = [], bytearray(), 0
    with (into / _PICTURES).open("wb") as file:
        for row, value in enumerate(_column(path, column)):
            content = value.get("bytes") if isinstance(value, dict) else None
            if not content:
                raise ClearsightError(f"{path}, row {row + 1}: it has no picture in {column!r}.")
            suffix = next((suffix for start, suffix in _SUFFIXES.items() if content.startswith(start)), ".png")
            file.write(content)
            spans.append((0, offset, len(content)))
            names += f"{row:07d}{suffix}\0".encode()
            offset += len(content)
    np.savez(into / _PLACES, spans=np.array(spans, SPANS), names=np.frombuffer(names, np.uint8))


def _moved(parts: Parts, root: Path) -> Parts:
    """Parts whose pictures are named relative to `root`, a folder above theirs."""
    made = {}
    for part, data in parts.parts.items():
        assert data.root is not None
        prefix = os.path.relpath(data.root, root).replace(os.sep, "/")
        names = data.names if prefix == "." else objects(f"{prefix}/{name}" for name in data.names)
        made[part] = replace(data, root=root, names=names, paths=names)
    return replace(parts, parts=made)


def _joined(path: Path, every: list[tuple[str, Parts]]) -> Parts:
    """The files' pictures in one data set: `part` is that of the file or folder, where the pictures bring none themselves."""
    rows: dict[str, list[Dataset]] = {}
    for part, parts in every:
        for own, data in parts.parts.items():
            rows.setdefault(part if own == "all" else own, []).append(data)
    if len(rows) > 1 and "all" in rows:
        raise ClearsightError(
            f"{path}: some of its tables are named after a part ({listed(part for part in rows if part != 'all')}), others not."
        )
    labels = {part: [data.label(i) for data in datasets for i in range(len(data))] for part, datasets in rows.items()}
    table = class_table(labels)
    made = {}
    for part in ("train", "val", "test", "all"):
        if part not in rows:
            continue
        datasets = rows[part]
        # the pictures of several Parquet files have the same numbers: a prefix tells them apart
        alone = datasets[0].spans is None or sum(map(len, rows.values())) == 1
        prefixes = ["" if alone else f"{part}/{k}/" for k in range(len(datasets))]
        names = objects(f"{prefix}{name}" for prefix, data in zip(prefixes, datasets, strict=True) for name in data.names)
        where = _spans(datasets) if datasets[0].spans is not None else {"root": datasets[0].root, "paths": names}
        made[part] = Dataset(table, indices_of(labels[part], table), names, **where)
    notes = dict.fromkeys(note for _, parts in every for note in parts.notes)
    return Parts(path.resolve().stem if path.is_file() else path.resolve().name, table, made, tuple(notes))


def _spans(datasets: list[Dataset]) -> dict[str, Any]:
    """The spans of data sets of one shard each."""
    every = np.concatenate([np.asarray(data.spans) for data in datasets])
    every["shard"] = np.repeat(np.arange(len(datasets)), [len(data) for data in datasets])
    return {"spans": every, "shards": tuple(data.shards[0] for data in datasets)}
