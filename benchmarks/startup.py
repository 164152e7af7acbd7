"""How long it takes to begin: help, import, and the time from typing the command to the first step of training.

    python benchmarks/startup.py [--rounds 5]

Whole processes, in seconds, files in the system's cache. The first step is that of `clearsight train fashion-mnist`
(60,000 pictures, uncompiled), and of the PyTorch DataLoader loop, Keras, fastai and Lightning on the same pictures; ours is
given twice: the first time, when it measures what is fastest here, and as it is from the second time on.
"""

import sys
import tempfile
from pathlib import Path

import peers
from common import CLEARSIGHT, CONTESTANTS, Contestant, Row, Runs, alternate, compare, finish, load_check, parser
from training import NAMES, taking_part, theirs, write_arrays

HELP, IMPORT = "clearsight --help", "import clearsight"
FIRST, LATER = "to the first step, first time", "to the first step, from then on"
IMPORTS = {"plain": "import torch", "keras": "import keras", "lightning": "import lightning", "fastai": "import fastai.vision.all"}
BEFORE = {"fastai": "import shims; shims.import_torchvision(); ", "lightning": "import shims; shims.hide_torchvision(); "}
PACKAGE = Path("/usr/share/datasets/fashion-mnist")  # found with an empty cache, too


def contestants(data: Path, cache: str, names: list[str]) -> list[Contestant]:
    """Help, imports, and first steps."""
    step = [sys.executable, str(CONTESTANTS / "first_step.py"), "train", "fashion-mnist", "--quiet"]
    made = [
        Contestant(HELP, [*CLEARSIGHT, "--help"], None),
        Contestant(IMPORT, [sys.executable, "-c", IMPORT], None),
        Contestant(LATER, step, env={"CLEARSIGHT_CACHE": cache} if PACKAGE.is_dir() else {}),
    ]
    if PACKAGE.is_dir():
        made.append(Contestant(FIRST, step, env={"CLEARSIGHT_CACHE": "fresh"}))  # in the child's own, empty folder
    for name in names:
        python = sys.executable if name == "plain" else peers.python()
        env = {"KERAS_BACKEND": "torch", "PYTHONPATH": str(CONTESTANTS)}
        made.append(Contestant(IMPORTS[name], [python, "-c", BEFORE.get(name, "") + IMPORTS[name]], None, env))
    return made + [theirs(name, data, "convnet", 1, first_step=True) for name in names]


def rows_of(runs: Runs, names: list[str]) -> list[Row]:
    """Ours against every peer that answered."""

    def against(ours: str, peer: str, figure: str) -> list[Row]:
        if not runs.figures.get(ours) or not runs.figures.get(peer):
            return []
        return [compare(ours, runs.values(ours, figure), runs.values(peer, figure), "s", against=peer, less=True)]

    imports = [row for name in names for ours in (HELP, IMPORT) for row in against(ours, IMPORTS[name], "process_s")]
    return imports + [row for name in names for ours in (LATER, FIRST) for row in against(ours, NAMES[name], "first_step_s")]


def main() -> None:
    given = parser(__doc__, rounds=5).parse_args()
    notes = load_check()
    names, missing = taking_part(tuple(IMPORTS))
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
        everybody = contestants(write_arrays(folder, 60_000, 1000), cache, names)
        alternate(1, [each for each in everybody if each.name == LATER])  # so that what it remembers is there
        runs = alternate(given.rounds, everybody)
    have = peers.versions()
    used = {name: have[name] for name in names if name in have}
    finish(
        given,
        "Time to begin, `clearsight train fashion-mnist` to its first step",
        rows_of(runs, names),
        [*notes, *missing, *runs.notes],
        used,
    )


if __name__ == "__main__":
    main()
