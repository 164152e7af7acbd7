"""Every answer as a row of a table: for a spreadsheet, a notebook, or another program."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..base.errors import UsageError, unknown
from ..base.files import write_atomic
from ..base.text.cells import cells
from ..evaluation.evaluate import Evaluation

Columns = dict[str, list[Any]]


def write_table(evaluation: Evaluation, path: str | Path) -> None:
    """Write source, truth, label, confidence, novelty and `p:CLASS` for each class, a row a picture, as .csv, .json or .parquet.

    There is no novelty where the classifier does not score it.     Raises UsageError for another extension, or for Parquet without pyarrow.
    """
    require_writable(path)
    write_atomic(path, WRITERS[Path(path).suffix.lower()](columns(evaluation)))


def require_writable(path: str | Path) -> None:
    """Raise, before anything is computed for it, what `write_table` would raise for this path afterwards."""
    kind = Path(path).suffix.lower()
    if kind not in WRITERS:
        raise unknown("kind of table", kind or str(path), WRITERS)
    if kind == ".parquet":
        _pyarrow()
    if Path(path).is_dir():
        raise UsageError(f"--table takes a file. {path} is a folder.")


def columns(evaluation: Evaluation) -> Columns:
    """The table, column by column."""
    probabilities = evaluation.probabilities.T.tolist()
    named = {f"p:{label}": column for label, column in zip(evaluation.classes, probabilities, strict=True)}
    return {
        "source": [str(name) for name in evaluation.names],
        "truth": [evaluation.classes[label] for label in evaluation.labels],
        "label": [evaluation.classes[guess] for guess in evaluation.predictions],
        "confidence": evaluation.confidences.tolist(),
        **({} if evaluation.novelties is None else {"novelty": evaluation.novelties.tolist()}),
        **named,
    }


def _csv(table: Columns) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(cells(table))
    writer.writerows(cells(row) for row in zip(*table.values(), strict=True))
    return text.getvalue().encode()


def _json(table: Columns) -> bytes:
    rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    return (json.dumps(rows, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _pyarrow() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise UsageError("writing Parquet needs pyarrow: pip install 'clearsight[parquet]', or write .csv.") from None
    return pyarrow


def _parquet(table: Columns) -> bytes:
    pyarrow, stream = _pyarrow(), io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(table), stream)
    return stream.getvalue()


WRITERS: dict[str, Callable[[Columns], bytes]] = {".csv": _csv, ".json": _json, ".parquet": _parquet}
