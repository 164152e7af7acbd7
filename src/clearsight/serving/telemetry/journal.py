"""The log of unsure answers, for labelling and for a look at what has changed: off unless a file is named, and without pictures."""

import json
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from ...base.errors import ClearsightError
from ...base.files import digest, private_folder, write_atomic
from ...classifier import Prediction
from ..options import Options
from .metrics import Metrics

LOG_BYTES = 2**28  # of the file, after which nothing is added
PICTURES_BYTES = 2**30  # of the pictures that are kept
WAITING = 1000  # answers that are not written yet; further ones are dropped
log = logging.getLogger(__name__)


class Journal:
    """Appends a line of JSON for each unsure answer to `options.log`, in a thread of its own; keeps pictures in `options.pictures`.

    Raises ClearsightError if the file cannot be written.
    """

    def __init__(self, options: Options, metrics: Metrics) -> None:
        assert options.log is not None
        self.path, self.pictures, self.unsure, self.metrics = options.log, options.pictures, options.unsure, metrics
        self.waiting = 0
        try:
            if self.pictures:
                private_folder(self.pictures)
                self.kept = sum(path.stat().st_size for path in self.pictures.iterdir())
            self._append("")
        except OSError as error:
            raise ClearsightError(f"cannot write the log {error.filename or self.path}: {error.strerror or error}.") from error
        self._writer = ThreadPoolExecutor(1, "log")

    def reasons(self, model: str, answer: Prediction) -> list[str]:
        """Why an answer is unsure: a low `confidence`, a high `novelty`, a `set` that is not of one class; empty for a sure one."""
        found = {
            "confidence": answer.confidence < self.unsure,
            "novelty": answer.known is False or self.metrics.is_novel(model, answer),
            "set": answer.labels is not None and len(answer.labels) != 1,
        }
        return [name for name, true in found.items() if true]

    def note(self, model: str, answer: Prediction, picture: bytes, trace: str = "") -> None:
        """Write an unsure answer, soon, with the `trace` of its request if it has one."""
        reasons = self.reasons(model, answer)
        if not reasons or self.waiting >= WAITING:
            return
        self.waiting += 1
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        row = {"when": now, "name": model, "unsure": reasons, **({"traceparent": trace} if trace else {}), **asdict(answer)}
        self._writer.submit(self._write, row, picture)

    def close(self) -> None:
        """Write what waits."""
        self._writer.shutdown()

    def _write(self, row: dict[str, Any], picture: bytes) -> None:
        try:
            if self.pictures and self.kept + len(picture) <= PICTURES_BYTES:
                path = self.pictures / digest(picture)
                row["picture"] = path.name
                if not path.exists():
                    write_atomic(path, picture, mode=0o600)
                    self.kept += len(picture)
            self._append(json.dumps(row) + "\n")
        except (OSError, ClearsightError) as error:  # a full disk does not end the answers
            self.metrics.unwritten.inc()
            log.warning("an answer was not logged: %s", error)
        finally:
            self.waiting -= 1

    def _append(self, line: str) -> None:
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            if os.fstat(handle).st_size + len(line) <= LOG_BYTES:
                os.write(handle, line.encode())
            else:
                self.metrics.unwritten.inc()
        finally:
            os.close(handle)
