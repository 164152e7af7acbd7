"""Write a classifier as files that other programs run: exported, checked against the classifier, then written, or not at all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..base.errors import UsageError, unknown
from ..base.files import digest, require_ours, write_atomic
from ..base.progress import Progress
from ..base.remote.address import is_address, shown
from ..base.result import Result
from ..classifier.artefact import golden_pngs, packed, stacked
from ..classifier.classifier import Classifier
from ..classifier.config import CONFIG, FORMAT
from . import onnx, program
from .comparison import Answers, Checked, answers, check, drawn
from .graph import Network
from .manifest import properties
from .quantisation import Quantised

GOLDEN = 8  # of the drawn pictures, for a classifier without golden samples


@dataclass(frozen=True)
class Kind:
    """A kind of exported file: its usual name, and what its input is called."""

    name: str
    entry: str


KINDS = {"onnx": Kind("model.onnx", "pictures"), "fitted": Kind("fitted.onnx", "fitted"), "pt2": Kind("model.pt2", "pictures")}


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
    int8: tuple[Quantised, ...] = ()

    def headline(self) -> str:
        """How the files were checked, and what int8 costs."""
        return "\n".join([*(f"checked: {file.checked.sentence()}" for file in self.files), *(made.headline() for made in self.int8)])

    def rows(self) -> Sequence[dict[str, object]]:
        """A line for each file."""
        return [{"file": file.path, "MB": file.bytes / 1e6, "takes": file.entry, "returns": ", ".join(file.outputs)} for file in self.files]


def export(classifier: Classifier, path: str | Path | None = None, *, to: Sequence[str] = (), quiet: bool = False) -> ExportResult:
    """Write `classifier` as exported files: to the file `path`, or, of each kind in `to`, into this folder.

    Without a `path` the folder is `export` in the classifier's own. Golden pictures are written next to the files. Raises UsageError for
    an unknown kind, a faster copy, or a file of another program in the way, ClearsightError where the network cannot be traced or an
    exported model would answer otherwise than the classifier.
    """
    if classifier.speed != "plain" or classifier.engine != "torch":
        raise UsageError(f"this classifier is a faster copy or an exported file ({classifier.engine}): export the run that it came from.")
    targets = _targets(classifier, path, to)
    if set(targets.values()) != {"pt2"}:
        onnx.require()
    for file in targets:
        require_ours(file, FORMAT)
    device = classifier.device
    try:
        classifier.to("cpu")
        pngs, pictures = _golden(classifier)
        work = _Work(classifier, pngs, pictures, answers(classifier, pictures), quiet)
        return ExportResult(tuple(work.written(kind, file) for file, kind in targets.items()))
    finally:
        classifier.to(device)


def _targets(classifier: Classifier, path: str | Path | None, to: Sequence[str]) -> dict[Path, str]:
    """The files to write and their kinds."""
    for kind in to:
        if kind not in KINDS:
            raise unknown("kind of exported file", kind, KINDS)
    if path is None and not (Path(classifier.folder) / CONFIG).is_file():
        raise UsageError("this classifier has no folder of its own to export to: name the file, as in --out model.onnx (path=).")
    if is_address(path):
        raise UsageError(f"exported files go to folders of this machine, and from there where you copy them. Got {shown(path)}.")
    out = Path(classifier.folder) / "export" if path is None else Path(path)
    if out.suffix == "" or out.is_dir():
        return {out / KINDS[kind].name: kind for kind in to or ("onnx",)}
    fitting = [kind for kind in to or KINDS if Path(KINDS[kind].name).suffix == out.suffix]
    if not fitting or len(to) > 1:
        raise UsageError(f"an exported file is called NAME.onnx or NAME.pt2, and several kinds need a folder. Got {str(path)!r:.200}.")
    return {out: fitting[0]}


def _golden(classifier: Classifier) -> tuple[list[bytes], list[np.ndarray]]:
    """The golden pictures as PNGs, and the pictures to check with, of which they are the first."""
    others, folder = drawn(classifier.preprocessing), Path(classifier.folder)
    pngs = golden_pngs(folder) if (folder / CONFIG).is_file() else []
    if not pngs:
        return [packed(picture) for picture in others[:GOLDEN]], others
    return pngs, [*(stacked(png, classifier.preprocessing) for png in pngs), *others]


@dataclass(frozen=True)
class _Work:
    """What the files of one export share: the golden pictures as PNGs, all pictures of the check, and the answers to them."""

    classifier: Classifier
    pngs: list[bytes]
    pictures: list[np.ndarray]
    expected: Answers
    quiet: bool

    @cached_property
    def network(self) -> Network:
        return Network(self.classifier)

    @cached_property
    def model(self) -> onnx.Model:
        return onnx.network(self.network, self.classifier.preprocessing)

    def written(self, kind: str, file: Path) -> ExportedFile:
        """The file, traced, checked, and then written."""
        entry, outputs, of = KINDS[kind].entry, self.network.outputs, self.classifier.preprocessing
        serialised: Callable[[Any, Mapping[str, str]], bytes] = program.serialised if kind == "pt2" else onnx.serialised
        with Progress(f"exporting {file.name}", 3, "steps", quiet=self.quiet) as progress:
            made = program.traced(self.network, of) if kind == "pt2" else self.model
            progress.update(1, "network traced")
            if kind == "onnx":
                made = onnx.whole(made, of)
            progress.update(1, "preprocessing traced")
            run = program.runner(made, of) if kind == "pt2" else onnx.runner(onnx.with_fitted(made) if entry == "pictures" else made)
            progress.update(1, "runtime opened")
        checked = check(run, entry, self.pictures, self.expected, quiet=self.quiet)
        rows = _golden_rows(self.pngs, self.expected)
        data = serialised(made, properties(self.classifier, entry, outputs, {"golden": rows, "checked": vars(checked)}))
        for row, png in zip(rows, self.pngs, strict=True):
            write_atomic(file.parent / row["file"], png)
        write_atomic(file, data)  # last, since it names the golden pictures
        return ExportedFile(str(file), kind, len(data), entry, outputs, checked)


def _golden_rows(pngs: Sequence[bytes], expected: Answers) -> list[dict[str, Any]]:
    """What the manifest says of each golden picture: its file, digests of that and of its fitted pixels, and the answers."""
    rows = []
    for number, png in enumerate(pngs):
        row: dict[str, Any] = {
            "file": f"golden/{digest(png)[:16]}.png",
            "sha256": digest(png),
            "fitted_sha256": digest(expected.fitted[number].tobytes()),
            "probabilities": expected.probabilities[number].tolist(),
        }
        if expected.novelty is not None:
            row["novelty"] = float(expected.novelty[number])
        rows.append(row)
    return rows
