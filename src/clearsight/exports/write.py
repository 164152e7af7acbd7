"""Write a classifier as files that other programs run: exported, checked against the classifier, then written, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..base.errors import UsageError, unknown
from ..base.files import digest, require_ours, write_atomic
from ..base.progress import Progress
from ..base.result import Result
from ..classifier.artefact import golden_pngs, packed, stacked
from ..classifier.classifier import Classifier
from ..classifier.config import CONFIG, FORMAT
from . import onnx
from .comparison import Answers, Checked, answers, check, drawn
from .graph import Graph
from .manifest import properties

KINDS = {"onnx": ("model.onnx", "pictures"), "fitted": ("fitted.onnx", "fitted")}  # kind → name of the file, entry of the graph
GOLDEN = 8  # of the drawn pictures, for a classifier without golden samples


@dataclass(frozen=True)
class ExportedFile(Result):
    """One exported file: its path, size in bytes, what it takes (`entry`) and returns (`outputs`), and how it was `checked`."""

    path: str
    kind: str
    bytes: int
    entry: str
    outputs: tuple[str, ...]
    checked: Checked


@dataclass(frozen=True)
class ExportResult(Result):
    """The files of an export, each with its check."""

    files: tuple[ExportedFile, ...]

    def headline(self) -> str:
        """How the files were checked."""
        return "\n".join(f"checked: {file.checked.sentence()}" for file in self.files)

    def rows(self) -> Sequence[dict[str, object]]:
        """A line for each file."""
        return [{"file": file.path, "MB": file.bytes / 1e6, "takes": file.entry, "returns": ", ".join(file.outputs)} for file in self.files]


def export(classifier: Classifier, path: str | Path | None = None, *, to: Sequence[str] = (), quiet: bool = False) -> ExportResult:
    """Write `classifier` as exported files: to the file `path`, or, of each kind in `to`, into this folder.

    Without a `path` the folder is `export` in the classifier's own. Golden pictures are written next to the files. Raises UsageError for
    an unknown kind, a faster copy, or a file of another program in the way, ClearsightError where the network cannot be traced or an
    exported model would answer otherwise than the classifier.
    """
    targets = _targets(classifier, path, to)
    if classifier.speed != "plain":
        raise UsageError(f"this classifier was made faster ({classifier.speed}): export the one it came from.")
    onnx.require()
    for file in targets:
        require_ours(file, FORMAT)
    device = classifier.device
    try:
        classifier.to("cpu")
        pngs, pictures = _golden(classifier)
        expected = answers(classifier, pictures)
        return ExportResult(tuple(_written(classifier, kind, file, pngs, pictures, expected, quiet) for file, kind in targets.items()))
    finally:
        classifier.to(device)


def _targets(classifier: Classifier, path: str | Path | None, to: Sequence[str]) -> dict[Path, str]:
    """The files to write and their kinds."""
    for kind in to:
        if kind not in KINDS:
            raise unknown("kind of exported file", kind, KINDS)
    if path is None and not (Path(classifier.folder) / CONFIG).is_file():
        raise UsageError("this classifier has no folder of its own to export to: name the file, as in --out model.onnx (path=).")
    folder = Path(classifier.folder) / "export" if path is None else Path(path)
    if folder.suffix == "":
        return {folder / KINDS[kind][0]: kind for kind in to or ("onnx",)}
    if folder.suffix != ".onnx" or len(to) > 1:
        raise UsageError(f"an exported file is called NAME.onnx, and several need a folder. Got {str(path)!r:.200}.")
    return {folder: to[0] if to else "onnx"}


def _golden(classifier: Classifier) -> tuple[list[bytes], list[np.ndarray]]:
    """The golden pictures as PNGs, and the pictures to check with, of which they are the first."""
    others, folder = drawn(classifier.preprocessing), Path(classifier.folder)
    pngs = golden_pngs(folder) if (folder / CONFIG).is_file() else []
    if not pngs:
        return [packed(picture) for picture in others[:GOLDEN]], others
    return pngs, [*(stacked(png, classifier.preprocessing) for png in pngs), *others]


def _written(
    classifier: Classifier, kind: str, file: Path, pngs: list[bytes], pictures: list[np.ndarray], expected: Answers, quiet: bool
) -> ExportedFile:
    graph = Graph(classifier, KINDS[kind][1])
    with Progress(f"exporting {file.name}", 1, "files", quiet=quiet) as progress:
        model = onnx.traced(graph)
        progress.update(1)
    checked = check(onnx.runner(onnx.serialised(model)), graph.entry, pictures, expected, quiet=quiet)
    onnx.without_fitted(model)
    outputs = tuple(output.name for output in model.graph.output)
    rows = _golden_rows(pngs, expected)
    data = onnx.serialised(model, properties(classifier, graph.entry, outputs, {"golden": rows, "checked": vars(checked)}))
    for row, png in zip(rows, pngs, strict=True):
        write_atomic(file.parent / row["file"], png)
    write_atomic(file, data)  # last, since it names the golden pictures
    return ExportedFile(str(file), kind, len(data), graph.entry, outputs, checked)


def _golden_rows(pngs: Sequence[bytes], expected: Answers) -> list[dict[str, Any]]:
    """What the manifest says of each golden picture: its file, digests of that and of its fitted pixels, and the answers."""
    rows = []
    for number, png in enumerate(pngs):
        row: dict[str, Any] = {
            "file": f"golden/{digest(png)[:16]}.png",
            "sha256": digest(png),
            "fitted_sha256": digest(expected.fitted[number].astype(np.uint8).tobytes()),
            "probabilities": expected.probabilities[number].tolist(),
        }
        if expected.novelty is not None:
            row["novelty"] = float(expected.novelty[number])
        rows.append(row)
    return rows
