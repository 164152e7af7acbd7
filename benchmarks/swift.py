"""Time to accuracy: recipes as a user types them, beside the time of ONE epoch of Keras' MNIST convnet.

    python benchmarks/swift.py [--names swift-90 swift-92] [-n 10]

Per recipe (by default those with a goal) and seed: `clearsight train fashion-mnist --recipe R --seed S`, then `clearsight evaluate` on
the 10,000 test pictures. Training seconds are those of the steps; process seconds everything from start to exit.
"""

import statistics
import tempfile
from pathlib import Path
from typing import Any

import peers
from common import (
    CLEARSIGHT,
    ChildFailed,
    Contestant,
    Figures,
    Row,
    alone,
    alternate,
    compare,
    finish,
    load_check,
    mean_interval,
    parser,
    run,
    say,
)  # fmt: skip
from training import NAMES, taking_part, theirs, write_arrays

# how often the training must fit into one epoch of Keras' convnet on the same machine
GOALS = {"swift-90": 10.0, "swift-92": 4.0, "swift-93": 2.0, "swift-94": 1.0}


def once(recipe: str, seed: int, more: list[str]) -> Figures:
    """One training and its test; raises ChildFailed."""
    with tempfile.TemporaryDirectory() as folder:

        def trained(answer: dict[str, Any], _: Path) -> Figures:
            return {"seconds": answer["seconds"], "epochs": answer["epochs"]}

        def judged(answer: dict[str, Any], _: Path) -> Figures:
            return {"accuracy": 100 * answer["top1"]["value"]}

        words = ["train", "fashion-mnist", "--recipe", recipe, "--seed", str(seed), "--out", f"{folder}/run", "--json", "--quiet", *more]
        figures = run(Contestant("train", [*CLEARSIGHT, *words], trained))
        test = run(Contestant("evaluate", [*CLEARSIGHT, "evaluate", f"{folder}/run", "--part", "test", "--json", "--quiet"], judged))
    return {**figures, "accuracy": test["accuracy"]}


def by_recipe(recipe: str, seeds: int, more: list[str]) -> tuple[list[Figures], list[str]]:
    """Every seed's figures, and notes: accuracy and time by seed, or what failed."""
    found: list[Figures] = []
    for seed in range(seeds):
        try:
            found.append(once(recipe, seed, more))
        except ChildFailed as error:
            return found, [f"{recipe} failed at seed {seed}: {error}"]
        line = ", ".join(f"{name} {value:.2f}" for name, value in found[-1].items())
        say(f"{recipe} seed {seed}: {line}")
    by_seed = ", ".join(f"{figures['accuracy']:.2f} in {figures['seconds']:.1f} s" for figures in found)
    return found, [f"{recipe}, test accuracy in % and training seconds by seed: {by_seed}"]


def rows_of(recipe: str, found: list[Figures], keras: list[float]) -> list[Row]:
    """Accuracy, training and process seconds of one recipe; the training beside Keras' epoch."""
    values = {name: [figures[name] for figures in found] for name in ("accuracy", "seconds", "process_s")}
    mean, half = mean_interval(values["accuracy"])
    interval = f", mean with its 95 % interval {mean - half:.2f} to {mean + half:.2f}" if len(found) > 1 else ""
    accuracy = {**alone(f"`{recipe}`, test accuracy{interval}", values["accuracy"], "%"), "ours": mean}
    rows = [accuracy, alone(f"`{recipe}`, whole process", values["process_s"], "s")]
    if not keras:
        return [*rows, alone(f"`{recipe}`, training", values["seconds"], "s")]
    middle = statistics.median(keras)
    name = "one epoch of Keras' convnet"
    seconds = values["seconds"]
    goal = GOALS.get(recipe)
    return [*rows, compare(f"`{recipe}`, training", seconds, [middle] * len(found), "s", against=name, less=True, goal=goal)]


def keras_epochs(data: Path, names: list[str], rounds: int) -> tuple[list[float], list[str]]:
    """Seconds of one epoch of Keras' convnet, `rounds` times, and notes; nothing when Keras is not there."""
    runs = alternate(rounds if names else 0, [theirs(name, data, "convnet", 1) for name in names])
    return [seconds for name in names for seconds in runs.values(NAMES[name], "epoch_s")], runs.notes


def main() -> None:
    made = parser(__doc__, rounds=1)
    made.add_argument("--names", nargs="+", default=list(GOALS), metavar="RECIPE", help=f"recipes (default: {' '.join(GOALS)})")
    made.add_argument("-n", "--seeds", type=int, default=10, help="trainings of each recipe, with seeds from 0 (default 10)")
    made.add_argument("--epochs", type=int, default=0, help="instead of the recipe's, to try the script")
    made.add_argument("--pictures", type=int, default=60_000, help="in Keras' epoch (default 60000)")
    given = made.parse_args()
    notes, keras, found = load_check(), [], {}
    names, missing = taking_part(("keras",))
    with tempfile.TemporaryDirectory() as folder:
        data = write_arrays(folder, given.pictures, 10_000)
        for recipe in given.names:  # Keras runs before each recipe
            seconds, failed = keras_epochs(data, names, given.rounds)
            found[recipe], said = by_recipe(recipe, given.seeds, ["--epochs", str(given.epochs)] if given.epochs else [])
            keras += seconds
            notes += [*failed, *said]
    rows = [row for recipe, figures in found.items() if figures for row in rows_of(recipe, figures, keras)]
    if keras:
        spread = f"{min(keras):.1f} to {max(keras):.1f} s, n = {len(keras)}"
        notes.append(f"one epoch of Keras' convnet is of {given.pictures:,} pictures, Keras on torch: {spread}")
    have = peers.versions()
    used = {name: have[name] for name in names if name in have}
    finish(given, "Time to accuracy on fashion-mnist", rows, [*missing, *notes], used)


if __name__ == "__main__":
    main()
