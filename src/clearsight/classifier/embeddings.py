"""Embeddings: the feature vector of each picture, the input of the last layer, next to the prediction; computed and written batch by batch.

A `.npz` has `embedding` float32 (N, D), `path`, `label`, `index` and `confidence` (N,); a `.parquet` the same columns. Pictures that cannot
be read have no row.
"""

import os
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryFile
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from ..base.errors import ClearsightError, UsageError, wrong
from ..base.files import make_folder, put_in_place
from .capture import inputs_of
from .classifier import Classifier, Failure, Prediction

Vector: TypeAlias = NDArray[np.float32]
Add: TypeAlias = Callable[[Prediction, Vector], object]
ROWS = 1024  # of a row group of Parquet
KINDS = {"path": np.str_, "label": np.str_, "index": np.int64, "confidence": np.float32}


def embed_many(
    classifier: Classifier, sources: Iterable[Any], *, top: int = 5, batch_size: int = 0, workers: int = 4, **asked: Any
) -> Iterator[tuple[Prediction | Failure, Vector | None]]:
    """As `Classifier.classify_many`, each prediction with its feature vector, float32 `(D,)`; None for an unreadable picture.

    Where the classifier answers over several views, the vector is the mean over them. Raises UsageError for a network without a last layer.
    """
    if not classifier.last_layer:
        raise UsageError(f"{classifier!r} has no one last layer, whose input an embedding is.")
    with inputs_of(classifier.model.get_submodule(classifier.last_layer)) as seen:
        rows: Iterator[Vector] = iter(())
        for answer in classifier.classify_many(sources, top=top, batch_size=batch_size, workers=workers, **asked):
            if seen:  # a batch was computed since the last answer
                rows = iter(torch.stack([vectors.flatten(1).float() for vectors in seen]).mean(0).cpu().numpy())
                seen.clear()
            yield answer, None if isinstance(answer, Failure) else next(rows)


def save_embeddings(path: str | Path, rows: Iterable[tuple[Prediction | Failure, Vector | None]]) -> None:
    """Write the `rows` that `embed_many` yields to a `.npz` or `.parquet`, whole or not at all.

    Raises UsageError for another suffix or without pyarrow, ClearsightError for a file that cannot be written.
    """
    for _ in saving(path, rows):
        pass


def saving(path: str | Path, rows: Iterable[tuple[Prediction | Failure, Vector | None]]) -> Iterator[Prediction | Failure]:
    """The predictions of `rows`, as `save_embeddings` writes them; the file is in place after the last."""
    path = Path(path)
    writer = require_writer(path)
    temporary = path.with_name(f".{path.name}.{token_hex(4)}.tmp")
    try:
        try:
            make_folder(path.parent)
            with writer(temporary) as add:
                for answer, vector in rows:
                    if isinstance(answer, Prediction) and vector is not None:
                        add(answer, vector)
                    yield answer
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            put_in_place(temporary, path)
        finally:
            with suppress(OSError):
                os.unlink(temporary)
    except OSError as error:
        raise ClearsightError(f"cannot write {path}: {error.strerror or error}.") from error


def require_writer(path: Path) -> Callable[[Path], AbstractContextManager[Add]]:
    """What writes embeddings to a file with the suffix of `path`; raises UsageError."""
    writers = {".npz": _npz, ".parquet": _parquet}
    if path.suffix.lower() not in writers:
        raise wrong("the file of embeddings", " or ".join(writers), str(path))
    if path.suffix.lower() == ".parquet":
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError:
            raise UsageError(f"writing {path} needs pyarrow: pip install 'clearsight[parquet]', or save it as .npz.") from None
    return writers[path.suffix.lower()]


@contextmanager
def _npz(path: Path) -> Iterator[Add]:
    columns: dict[str, list[Any]] = {name: [] for name in KINDS}
    width = 0
    with TemporaryFile(dir=path.parent) as vectors:  # how many there are, which comes first in the file, is known last

        def add(answer: Prediction, vector: Vector) -> None:
            nonlocal width
            width = len(vector)
            vectors.write(vector.astype("<f4").tobytes())
            for name, value in _cells(answer).items():
                columns[name].append(value)

        yield add
        vectors.seek(0)
        with zipfile.ZipFile(path, "x") as archive:
            with archive.open("embedding.npy", "w", force_zip64=True) as entry:
                header = {"descr": "<f4", "fortran_order": False, "shape": (len(columns["path"]), width)}
                np.lib.format.write_array_header_1_0(entry, header)
                shutil.copyfileobj(vectors, entry, 2**20)
            for name, values in columns.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                    np.lib.format.write_array(entry, np.array(values, KINDS[name]), allow_pickle=False)


@contextmanager
def _parquet(path: Path) -> Iterator[Add]:
    import pyarrow
    from pyarrow import parquet

    kinds = {"path": pyarrow.string(), "label": pyarrow.string(), "index": pyarrow.int64(), "confidence": pyarrow.float32()}
    held: list[dict[str, Any]] = []
    writers: list[Any] = []

    def add(answer: Prediction, vector: Vector) -> None:
        held.append({**_cells(answer), "embedding": vector})
        if len(held) == ROWS:
            flush()

    def flush() -> None:
        width = len(held[0]["embedding"]) if held else 0
        schema = pyarrow.schema({**kinds, "embedding": pyarrow.list_(pyarrow.float32(), width)})
        if not writers:
            writers.append(parquet.ParquetWriter(path, schema))
        writers[0].write_table(pyarrow.Table.from_pylist(held, schema))
        held.clear()

    try:
        yield add
        if held or not writers:
            flush()
    finally:
        for writer in writers:
            writer.close()


def _cells(answer: Prediction) -> dict[str, Any]:
    name = answer.source.encode("utf-8", "replace").decode()  # a file's name may be no UTF-8
    return {"path": name, "label": answer.label, "index": answer.index, "confidence": answer.confidence}
