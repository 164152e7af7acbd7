"""The rows of answers as Parquet: the schema, a file in memory, and the counts in its footer."""

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from itertools import islice
from typing import Any

from ..base.errors import CorruptFile, MissingExtra
from ..base.remote.place import Place

ROWS = 4096  # of a row group: the rows in memory at a time
SUFFIX = ".parquet"
ENDED = "its process ended while it was classified"
COUNTS = b"clearsight"  # the key in the footer
FOOTER = 2**17  # bytes read at first to find the counts


def require() -> None:
    """Raise MissingExtra if pyarrow is not there."""
    if find_spec("pyarrow") is None:
        raise MissingExtra("answers in files need pyarrow: pip install 'clearsight[parquet]'.")


def schema() -> Any:
    """The columns: as the keys of `clearsight classify --json`, with `shard` and `member` in place of `source`, and `error`."""
    import pyarrow as pa

    text, number = pa.string(), pa.float32()
    choice = pa.struct([("label", text), ("index", pa.int32()), ("confidence", number)])
    return pa.schema(
        [
            ("shard", text), ("member", text), ("label", text), ("index", pa.int32()), ("confidence", number), ("top", pa.list_(choice)),
            ("novelty", number), ("known", pa.bool_()), ("labels", pa.list_(text)), ("model", text), ("precision", text),
            ("engine", text), ("error", text),
        ]
    )  # fmt: skip


def file_of(rows: Iterable[Mapping[str, Any]], facts: Mapping[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """A Parquet file of `rows`, and what its footer has: `facts`, and the numbers of `pictures`, of those that `failed`, of those that
    `ended` their process.
    """
    import pyarrow as pa
    from pyarrow import parquet

    stream, counts = io.BytesIO(), dict(facts) | {"pictures": 0, "failed": 0, "ended": 0}
    with parquet.ParquetWriter(stream, schema(), compression="zstd") as writer:
        waiting = iter(rows)
        while some := list(islice(waiting, ROWS)):
            writer.write_table(pa.Table.from_pylist(some, schema()))
            counts["pictures"] += len(some)
            errors = [error for row in some if (error := row.get("error")) is not None]
            counts["failed"] += len(errors)
            counts["ended"] += sum(error.startswith(ENDED) for error in errors)
        writer.add_key_value_metadata({COUNTS.decode(): json.dumps(counts)})
    return stream.getvalue(), counts


def rows_of(data: bytes) -> Iterator[dict[str, Any]]:
    """The rows of a file of `file_of`, a row group at a time."""
    from pyarrow import BufferReader, parquet

    for batch in parquet.ParquetFile(BufferReader(data)).iter_batches(ROWS):
        yield from batch.to_pylist()


def counts_of(place: Place, name: str) -> dict[str, Any]:
    """The facts and counts in the footer of a file, of which only the end is read; raises CorruptFile for another program's file."""
    from pyarrow import ArrowException, BufferReader, parquet

    data = place.end(name, FOOTER)
    try:
        needed = int.from_bytes(data[-8:-4], "little") + 8
        data = data if needed <= len(data) else place.end(name, needed)
        counts = json.loads(parquet.read_metadata(BufferReader(data)).metadata[COUNTS])
        return dict(counts) | {name: int(counts[name]) for name in ("pictures", "failed", "ended")}
    except (ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise CorruptFile(f"{name} in {place} is damaged, or no file of answers ({type(error).__name__}). Remove it.") from error
