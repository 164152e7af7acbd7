"""ResNet-50 at 224 px beside OpenVINO, ONNX Runtime and eager float32 PyTorch: the network alone, one file, and whole commands.

    python benchmarks/inference.py [--pictures 500] [--turns 8] [--rounds 1]

JPEG files of 300×300 px, random weights. The engines take turns in one process (`contestants/resnet50.py`, batches of 1 and 32); then
commands and peers, which compute batches of 32, run as whole processes. `evaluate` states its rate without decoding, as the peers do;
`classify` is judged by the whole process, decoding included, whose goal is for 2,000 files: `--pictures 2000` takes 9 minutes on two cores,
the default less than 5. Rows are printed as they come.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import peers
from common import (
    CLEARSIGHT,
    CONTESTANTS,
    ChildFailed,
    Contestant,
    Figures,
    Row,
    Runs,
    alternate,
    compare,
    finish,
    keep,
    load_check,
    parser,
    run,
    say,
    table,
)

EVALUATE, CLASSIFY, EAGER, ONNX = "clearsight evaluate", "clearsight classify", "eager float32 PyTorch", "ONNX Runtime float32"
ROUGH = "clearsight classify --speed bf16"
NAMES = {"eager": EAGER, "onnxruntime": ONNX, "openvino bf16": "OpenVINO bf16", "openvino f32": "OpenVINO float32"}
ALONE, MANY, FILE = "network, batch 1", "network, batch 32", "file, one picture"
TURNS = (  # what, ours, the peer, goal
    (MANY, "bf16", "openvino bf16", 0.9),
    (MANY, "bf16", "onnxruntime", 2.0),
    (MANY, "bf16", "eager", None),
    (MANY, "float32", "onnxruntime", None),
    (MANY, "float32", "openvino f32", None),
    (ALONE, "bf16", "openvino bf16", None),
    (ALONE, "float32", "onnxruntime", None),
    (FILE, "load", "openvino bf16", 0.6),
    (FILE, "bf16", "openvino bf16", 0.6),
    (FILE, "load", "onnxruntime", None),
    (FILE, "load", "eager", None),
)
WORK = 8.18  # GFLOP a picture
FRESH = {"CLEARSIGHT_CACHE": "cache"}  # in the child's own folder: no decoded pictures from the round before


def ours(folder: Path) -> list[Contestant]:
    """The commands; `evaluate` answers with its own figures, `classify` with a list of predictions."""

    def evaluated(answer: dict[str, Any], _: Path) -> Figures:
        return {"pictures_per_second": answer["pictures_per_second"]}

    def classified(answer: dict[str, Any], _: Path) -> Figures:
        return {"answers": float(len(answer))}

    model, pictures = str(folder / "model"), str(folder / "pictures")
    return [
        Contestant(EVALUATE, [*CLEARSIGHT, "evaluate", model, pictures, "--json", "--quiet"], evaluated, FRESH),
        Contestant(CLASSIFY, [*CLEARSIGHT, "classify", model, pictures, "--json"], classified, FRESH),
        Contestant(ROUGH, [*CLEARSIGHT, "classify", model, pictures, "--json", "--speed", "bf16"], classified, FRESH),
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
        by_rate = (runs.values(EVALUATE, "pictures_per_second"), runs.values(name, "pictures_per_second"))
        rows.append(compare("`evaluate`, decoded pictures", *by_rate, "pictures/s", against=name))
        whole = {who: [n / seconds for seconds in runs.values(who, "process_s")] for who in (CLASSIFY, ROUGH, EVALUATE, name)}
        for who in (CLASSIFY, ROUGH):
            goal = 6.0 if (who, name) == (ROUGH, EAGER) else None
            rows.append(
                compare(f"`{who.split(maxsplit=1)[1]}`, whole process", whole[who], whole[name], "pictures/s", against=name, goal=goal)
            )
        rows.append(compare("`evaluate`, whole process with its report", whole[EVALUATE], whole[name], "pictures/s", against=name))
        for who in (EVALUATE, CLASSIFY):
            memory = (runs.values(who, "peak_mb"), runs.values(name, "peak_mb"))
            rows.append(compare(f"`{who.split()[1]}`, peak memory", *memory, "MB", against=name, less=True))
    return rows


def rows_of_turns(found: dict[str, Any]) -> list[Row]:
    """A row for each pair of engines that ran, and the share of the machine's limit."""
    rows = [
        compare(f"{what}: {ours}", found[what][ours], found[what][peer], "ms a picture", against=NAMES[peer], less=True, goal=goal)
        for what, ours, peer, goal in TURNS
        if peer in found[what]
    ]
    ours = [1000 * WORK / spent for spent in found[MANY]["bf16"]]
    limit = compare(f"{MANY}: bf16", ours, [found["limit"]] * len(ours), "GFLOP/s", against="a product in bfloat16", goal=0.6)
    return [*rows, limit]


def taking_turns(folder: Path, turns: int) -> tuple[list[Row], list[str]]:
    """The engines in one process, and a note where they could not run."""
    kept: dict[str, Any] = {}

    def read(answer: dict[str, Any], _: Path) -> Figures:
        kept.update(answer)
        return {"limit": answer["limit"]}

    picture = min((folder / "pictures").rglob("*.jpg"))
    script = [sys.executable, str(CONTESTANTS / "resnet50.py"), str(folder / "model"), str(picture), str(turns)]
    try:
        run(Contestant("engines taking turns", script, read))
    except ChildFailed as error:
        return [], [f"the engines did not take turns: {error}"]
    rows = rows_of_turns(kept)
    for row in rows:
        keep(row)
    return rows, []


def main() -> None:
    made = parser(__doc__, rounds=1)
    made.add_argument("--pictures", type=int, default=500)
    made.add_argument("--turns", type=int, default=8, help="how often each engine computes a batch (default 8)")
    given = made.parse_args()
    notes = load_check()
    with tempfile.TemporaryDirectory() as name:
        folder, script = Path(name), [sys.executable, str(CONTESTANTS / "data.py")]
        run(Contestant("photographs", [*script, "photographs", str(folder / "pictures"), str(given.pictures)]))
        run(Contestant("artefact", [*script, "resnet50", str(folder / "model")]))
        rows, failed = taking_turns(folder, given.turns)
        say(table(rows))
        others, missing = theirs(folder)
        runs = alternate(given.rounds, [*ours(folder), *others])
    rows += rows_of(runs, given.pictures, [each.name for each in others])
    have = peers.versions()
    used = {name: have[name] for name in ("onnxruntime",) if name in have}
    finish(given, f"ResNet-50 at 224 px on {given.pictures:,} JPEG files", rows, [*notes, *failed, *missing, *runs.notes], used)


if __name__ == "__main__":
    main()
