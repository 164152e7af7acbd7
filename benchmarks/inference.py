"""`clearsight evaluate` and `classify` of ResNet-50 at 224 px against eager float32 PyTorch and ONNX Runtime.

    python benchmarks/inference.py [--pictures 2000] [--rounds 3]

JPEG files of 300×300 px, random weights. The peers compute batches of 32; ours are the commands with their own defaults.
`evaluate` states its rate without decoding, as the peers do; `classify` is judged by the whole process, decoding included.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import peers
from common import CLEARSIGHT, CONTESTANTS, ChildFailed, Contestant, Figures, Row, Runs, alternate, compare, finish, load_check, parser, run

EVALUATE, CLASSIFY, EAGER, ONNX = "clearsight evaluate", "clearsight classify", "eager float32 PyTorch", "ONNX Runtime float32"
FRESH = {"CLEARSIGHT_CACHE": "cache"}  # in the child's own folder: no decoded pictures from the round before


def ours(folder: Path) -> list[Contestant]:
    """Both commands; `evaluate` answers with its own figures, `classify` with a list of predictions."""

    def evaluated(answer: dict[str, Any], _: Path) -> Figures:
        return {"pictures_per_second": answer["pictures_per_second"]}

    def classified(answer: dict[str, Any], _: Path) -> Figures:
        return {"answers": float(len(answer))}

    model, pictures = str(folder / "model"), str(folder / "pictures")
    return [
        Contestant(EVALUATE, [*CLEARSIGHT, "evaluate", model, pictures, "--json", "--quiet"], evaluated, FRESH),
        Contestant(CLASSIFY, [*CLEARSIGHT, "classify", model, pictures, "--json"], classified, FRESH),
    ]


def theirs(folder: Path) -> tuple[list[Contestant], list[str]]:
    """The peers that are there, ONNX Runtime's with its file exported, and notes on the others."""
    script, pictures, file = str(CONTESTANTS / "inference.py"), str(folder / "pictures"), str(folder / "model.onnx")
    found, notes = [Contestant(EAGER, [sys.executable, script, "eager", pictures])], peers.missing(("onnxruntime", "torchvision"))
    if not notes:
        try:
            run(Contestant("export", [peers.python(), script, "export", pictures, file]))
            found.append(Contestant(ONNX, [peers.python(), script, "onnxruntime", pictures, file]))
        except ChildFailed as error:
            notes.append(f"ONNX Runtime was not run: the export failed: {error}")
    return found, notes


def rows_of(runs: Runs, n: int, others: list[str]) -> list[Row]:
    """Rates, whole processes and peak memory against each of the `others` that answered."""
    rows = []
    for name in (name for name in others if runs.figures[name]):
        goal = 5.0 if name == EAGER else None
        by_rate = (runs.values(EVALUATE, "pictures_per_second"), runs.values(name, "pictures_per_second"))
        rows.append(compare("`evaluate`, decoded pictures", *by_rate, "pictures/s", against=name, goal=goal))
        whole = {who: [n / seconds for seconds in runs.values(who, "process_s")] for who in (CLASSIFY, EVALUATE, name)}
        rows.append(compare("`classify`, whole process", whole[CLASSIFY], whole[name], "pictures/s", against=name, goal=goal))
        rows.append(compare("`evaluate`, whole process with its report", whole[EVALUATE], whole[name], "pictures/s", against=name))
        for ours in (EVALUATE, CLASSIFY):
            memory = (runs.values(ours, "peak_mb"), runs.values(name, "peak_mb"))
            rows.append(compare(f"`{ours.split()[1]}`, peak memory", *memory, "MB", against=name, less=True))
    return rows


def main() -> None:
    made = parser(__doc__, rounds=3)
    made.add_argument("--pictures", type=int, default=2000)
    given = made.parse_args()
    notes = load_check()
    with tempfile.TemporaryDirectory() as name:
        folder, script = Path(name), [sys.executable, str(CONTESTANTS / "data.py")]
        run(Contestant("photographs", [*script, "photographs", str(folder / "pictures"), str(given.pictures)]))
        run(Contestant("artefact", [*script, "resnet50", str(folder / "model")]))
        others, missing = theirs(folder)
        runs = alternate(given.rounds, [*ours(folder), *others])
    rows = rows_of(runs, given.pictures, [each.name for each in others])
    have = peers.versions()
    used = {name: have[name] for name in ("onnxruntime",) if name in have}
    finish(given, f"ResNet-50 at 224 px on {given.pictures:,} JPEG files", rows, [*notes, *missing, *runs.notes], used)


if __name__ == "__main__":
    main()
