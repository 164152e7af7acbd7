"""An exported network from bytes to an answer, beside bare ONNX Runtime and OpenVINO, and int8 beside float32.

    python benchmarks/export.py [MODEL] [--rounds 15]

CPU milliseconds of one thread, all taking turns in one process, so that other work on the machine counts little. MODEL is a run folder,
whose int8 file is measured where `clearsight export MODEL --to fitted --int8` has written it (default: package:efficientnet_lite0).
"""

import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from common import CONTESTANTS, ChildFailed, Contestant, Figures, Row, compare, finish, load_check, parser, run

PAIRS = (  # what, ours, the peer, its name, goal
    ("fitted pixels, ONNX Runtime", "fitted", "bare", "bare ONNX Runtime", 0.95),
    ("fitted pixels, OpenVINO", "openvino", "bare openvino", "bare OpenVINO", 0.95),
    ("bytes to answer", "bytes", "read, bare", "our reading, bare ONNX Runtime", 0.95),
    ("bytes to answer", "bytes", "by hand", "Pillow, NumPy, ONNX Runtime", 0.95),
    ("bytes to answer", "bytes", "floats", "OpenCV resizing floats, NumPy, ONNX Runtime", 0.95),
    ("bytes to answer", "bytes", "timm", "timm, ONNX Runtime", 0.95),
    ("bytes to answer, engine onnx", "bytes", "torch", "our engine torch", None),
    ("int8", "int8", "fitted", "float32", 1.8),
)


def rows_of(answer: dict[str, Any]) -> list[Row]:
    """A row for each pair of contestants and batch size."""
    return [
        compare(f"{what}, batch {batch}", row[ours], row[peer], "ms a picture", against=against, less=True, goal=goal)
        for what, ours, peer, against, goal in PAIRS
        for batch, row in answer.items()
        if ours in row and peer in row
    ]


def main() -> None:
    made = parser(__doc__, rounds=15)
    made.add_argument("model", nargs="?", default="package:efficientnet_lite0")
    given = made.parse_args()
    notes, kept, rows = load_check(), {}, []
    model = str(Path(given.model).resolve()) if Path(given.model).is_dir() else given.model

    def read(answer: dict[str, Any], _: Path) -> Figures:
        kept.update(answer)
        return {}

    try:
        run(Contestant("export", [sys.executable, str(CONTESTANTS / "export.py"), model, str(given.rounds)], read))
        rows = rows_of(kept)
    except ChildFailed as error:
        notes.append(f"not measured: {error}")
    versions = {name: metadata.version(name) for name in ("onnxruntime", "openvino") if _installed(name)}
    finish(given, "From bytes to an answer, CPU time of one thread", rows, notes, versions)


def _installed(name: str) -> bool:
    try:
        return bool(metadata.version(name))
    except metadata.PackageNotFoundError:
        return False


if __name__ == "__main__":
    main()
