"""Training speed of `clearsight train` against the peers: same pictures, network, batch, optimizer, epochs.

    python benchmarks/training.py                          # Keras' MNIST convnet: PyTorch DataLoader loop, Keras, fastai, Lightning
    python benchmarks/training.py --network resnet18       # ResNet-18 at 28×28 against the DataLoader loop
    python benchmarks/training.py --accuracy --seeds 5     # test accuracy after the same epochs

fashion-mnist, batch 128, Adam 1e-3, no augmentation. Ours is the ordinary command, whole: its data path, logging,
validation, checkpoints, report. Pictures per second are those of the last epoch's training part; process seconds and peak
memory are of everything from start to exit. All judge the test pictures after every epoch (ours takes them as validation).
"""

import argparse
import csv
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import peers
from common import CLEARSIGHT, CONTESTANTS, Contestant, Figures, Row, Runs, alternate, compare, difference, finish, load_check, parser, run

OURS = "Clearsight"
NAMES = {
    "plain": "PyTorch DataLoader loop", "keras": "Keras 3 on torch", "fastai": "fastai", "lightning": "Lightning", "jax": "Keras 3 on JAX",
}  # fmt: skip
# network → (pictures to train on and to judge, who takes part, goals by peer)
NETWORKS: dict[str, tuple[int, int, tuple[str, ...], dict[str, float]]] = {
    "convnet": (20_000, 10_000, ("plain", "keras", "fastai", "lightning"), {"plain": 3.0, "keras": 4.5}),
    "resnet18": (2_560, 1_000, ("plain",), {"plain": 2.1}),
}
SAME = {
    "optimizer": "adamw", "lr": "1e-3", "schedule": "constant", "warmup": "0", "weight-decay": "0", "label-smoothing": "0", "ema": "0",
    "batch": "128", "augment": "",
}  # fmt: skip


def ours(data: Path, network: str, epochs: int, seed: int = 0) -> Contestant:
    """`clearsight train` with the peers' settings."""

    def read(answer: dict[str, Any], folder: Path) -> Figures:
        with (folder / answer["run"] / "results.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        seconds = [0.0] + [float(row["seconds"]) for row in rows]
        return {"epoch_s": seconds[-1] - seconds[-2], "accuracy": float(rows[-1]["val_accuracy"])}

    words = ["train", str(data), "--model", network, "--epochs", str(epochs), "--seed", str(seed), "--out", "run", "--json"]
    settings = [word for name, value in SAME.items() for word in (f"--{name}", value)]
    return Contestant(OURS, [*CLEARSIGHT, *words, *settings], read)


def theirs(name: str, data: Path, network: str, epochs: int, seed: int = 0, first_step: bool = False) -> Contestant:
    """A peer of contestants/training.py; the plain loop needs nothing but torch and runs on ours."""

    def read(answer: dict[str, Any], folder: Path) -> Figures:
        return answer if first_step else {"epoch_s": answer["epochs"][-1], "accuracy": answer["accuracy"][-1]}

    settings = {"data": str(data), "network": network, "batch": 128, "epochs": epochs, "seed": seed, "first_step": first_step}
    command = [sys.executable if name == "plain" else peers.python(), str(CONTESTANTS / "training.py")]
    backend = {"keras": {"KERAS_BACKEND": "torch"}, "jax": {"KERAS_BACKEND": "jax"}}.get(name, {})
    return Contestant(NAMES[name], [*command, "keras" if name == "jax" else name, json.dumps(settings)], read, backend)


def taking_part(wanted: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Those of the peers `wanted` that are installed, and a line for each that is not."""
    needed = {name: ("keras", "jax") if name == "jax" else (name,) for name in wanted if name != "plain"}
    gone = {name: peers.missing(needs) for name, needs in needed.items()}
    return [name for name in wanted if not gone.get(name)], [line for lines in gone.values() for line in lines]


def write_arrays(folder: str, train: int, test: int) -> Path:
    """The first pictures of fashion-mnist as an .npz."""
    file = Path(folder) / "fashion.npz"
    run(Contestant("data", [sys.executable, str(CONTESTANTS / "data.py"), "arrays", str(file), str(train), str(test)]))
    return file


def speed_rows(runs: Runs, names: list[str], pictures: int, goals: dict[str, float]) -> list[Row]:
    """Rate, process time and peak memory against each peer that answered."""

    def rates(name: str) -> list[float]:
        return [pictures / seconds for seconds in runs.values(name, "epoch_s")]

    rows = []
    for name in (name for name in names if runs.figures[NAMES[name]]):
        against = NAMES[name]
        rows.append(compare("training", rates(OURS), rates(against), "pictures/s", against=against, goal=goals.get(name)))
        for what, figure, unit in (("whole process", "process_s", "s"), ("peak memory", "peak_mb", "MB")):
            rows.append(compare(what, runs.values(OURS, figure), runs.values(against, figure), unit, against=against, less=True))
    return rows


def speed(given: argparse.Namespace) -> tuple[str, list[Row], list[str], list[str]]:
    """The rounds of every contestant; returns title, rows, notes, and who took part."""
    pictures, test, wanted, goals = NETWORKS[given.network]
    pictures, test = given.pictures or pictures, given.test or test
    names, notes = taking_part(tuple(given.peers.split(",")) if given.peers else wanted)
    with tempfile.TemporaryDirectory() as folder:
        data = write_arrays(folder, pictures, test)
        everybody = [ours(data, given.network, given.epochs), *(theirs(name, data, given.network, given.epochs) for name in names)]
        runs = alternate(given.rounds, everybody)
    notes += [f"accuracy after {given.epochs} epochs of {pictures:,} pictures, n = {test:,} each: {accuracies(runs)}", *runs.notes]
    title = f"Training `{given.network}` on {pictures:,} pictures of fashion-mnist, {given.epochs} epochs, batch 128, Adam"
    return title, speed_rows(runs, names, pictures, goals), notes, names


def accuracies(runs: Runs) -> str:
    """The mean accuracy of everybody, in words."""
    found = {name: runs.values(name, "accuracy") for name in runs.figures}
    return ", ".join(f"{name} {sum(values) / len(values):.2%}" for name, values in found.items() if values)


def accuracy(given: argparse.Namespace) -> tuple[str, list[Row], list[str], list[str]]:
    """Test accuracy after the same epochs, ours and the float32 loop's, by seed."""
    pictures = given.pictures or 60_000
    found: dict[str, list[float]] = {OURS: [], NAMES["plain"]: []}
    notes = []
    with tempfile.TemporaryDirectory() as folder:
        data = write_arrays(folder, pictures, given.test or 10_000)
        for seed in range(given.seeds):
            runs = alternate(1, [ours(data, given.network, given.epochs, seed), theirs("plain", data, given.network, given.epochs, seed)])
            notes += runs.notes
            for name, values in found.items():
                values += [100 * value for value in runs.values(name, "accuracy")]
    row = difference("test accuracy", found[OURS], found[NAMES["plain"]], "points", against="PyTorch DataLoader loop, float32")
    notes.append("means over the seeds; the ratio column is the mean difference with its 95 % interval")
    notes += [f"{name} by seed: " + ", ".join(f"{value:.2f}" for value in values) for name, values in found.items()]
    title = f"Accuracy of `{given.network}` after {given.epochs} epochs of {pictures:,} pictures, {given.seeds} seeds"
    return title, [row], notes, []


def main() -> None:
    made = parser(__doc__, rounds=5)
    made.add_argument("--network", choices=NETWORKS, default="convnet")
    made.add_argument("--pictures", type=int, default=0, help="training pictures (default: what the network can do in minutes)")
    made.add_argument("--test", type=int, default=0, help="pictures judged after every epoch")
    made.add_argument("--epochs", type=int, default=0, help="default 2; with --accuracy 5")
    made.add_argument("--peers", default="", help=f"some of {','.join(NAMES)}")
    made.add_argument("--accuracy", action="store_true", help="compare accuracy, not speed")
    made.add_argument("--seeds", type=int, default=5)
    given = made.parse_args()
    given.epochs = given.epochs or (5 if given.accuracy else 2)
    busy = load_check()
    title, rows, notes, names = accuracy(given) if given.accuracy else speed(given)
    have = peers.versions()
    used = [package for name in names for package in (("keras", "jax") if name == "jax" else (name,))]
    finish(given, title, rows, [*busy, *notes], {name: have[name] for name in used if name in have})


if __name__ == "__main__":
    main()
