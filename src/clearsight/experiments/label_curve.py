"""How much labels are worth: the same data learnt from a few and from more labels, by each way of making do with few.

Every cell, a method at an amount of labels with a seed, is an ordinary training in a run folder of its own, and is judged on the test
part once. Drawing the curve again in the same folder continues an interrupted call; more amounts, seeds and methods may be added.

Settings of the comparison after A. Oliver, A. Odena, C. Raffel, E. Cubuk, I. Goodfellow, Realistic evaluation of deep semi-supervised
learning algorithms, NeurIPS 2018: one network for all methods, well-tuned baselines, several seeds, and no large validation part that
decides anything.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypedDict

import torch

from .. import weights
from ..base.errors import UsageError, unknown
from ..base.files import inside, write_json
from ..base.lock import NAMES, hold
from ..base.stored import fitting, read_table, taken_from
from ..classifier import Classifier, load, predict
from ..classifier.stamp import Stamp, computed_by, judged_on
from ..datasets import loader
from ..datasets.dataset import Dataset, Parts
from ..datasets.split import align, with_labels
from ..metrics.accuracy import topk
from ..metrics.intervals import mean
from ..recipes.compose import compose
from ..recipes.recipe import Settings, code_in
from ..runs.run import folder_here
from ..runs.splits import divided, known_pictures, require_unseen, unseen_test
from ..runs.state import run_name
from ..training.api import resume, train

AMOUNTS = ("10", "100", "1000")
SEEDS = 3
ALIKE = 1.2  # times more or less often among the labels than among all
FILE, JUDGED, FINISHED = "curve.json", "test.json", "model.safetensors"


@dataclass(frozen=True)
class Method:
    """A way of learning from a few labels: what it is called, the settings of its training, and whether it begins with `--pretrained`.

    `unlabelled` says that it needs pictures without labels, `teacher` by which method the run was trained whose answers it learns, and
    for how many `steps`.
    """

    title: str
    settings: Settings = field(default_factory=dict)
    pretrained: bool = False
    unlabelled: bool = False
    teacher: str = ""
    steps: int = 0


TAUGHT: Settings = {"optimizer": "adamw", "lr": 1e-3, "schedule": "cosine", "warmup": 0.1, "batch": 128, "spread": 10}
METHODS = {
    "scratch": Method("from scratch", {"augment": ""}),
    "augmented": Method("from scratch, augmented"),
    "linear": Method("pretrained, linear", {"recipe": "solved"}, pretrained=True),
    "fine-tune": Method("pretrained, fine-tuned", pretrained=True),
    "student": Method("its student", TAUGHT, pretrained=True, unlabelled=True, teacher="fine-tune", steps=840),
    "student-hog": Method(
        "its student, by HOG", TAUGHT | {"spread_by": "hog"}, pretrained=True, unlabelled=True, teacher="fine-tune", steps=840
    ),
    "fixmatch": Method("FixMatch", {"recipe": "fixmatch"}, unlabelled=True),
}


@dataclass(frozen=True)
class Cell:
    """A training that was judged: `labelled` labels in all, `accuracy` on the `n` test pictures, `seconds` of training, and its `stamp`."""

    method: str
    amount: str
    seed: int
    labelled: int
    accuracy: float
    n: int
    seconds: float
    run: str
    stamp: Stamp = field(default_factory=Stamp)


class Point(TypedDict):
    """The mean accuracy over `seeds` with `labelled` labels, and its 95 % interval."""

    labelled: int
    value: float
    low: float
    high: float
    seeds: int


@dataclass
class Curve:
    """What `clearsight labels curve` found; `left_out` says which methods are not there, and why."""

    folder: Path
    data: str
    settings: Settings
    left_out: list[str] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)

    def points(self) -> dict[str, list[Point]]:
        """By method, from few labels to many: `labelled`, `value`, `low`, `high` (its 95 % interval over seeds) and `seeds`."""
        found: dict[str, list[Point]] = {}
        for method in METHODS:
            cells = [cell for cell in self.cells if cell.method == method]
            for labelled in sorted({cell.labelled for cell in cells}):
                values = [cell.accuracy for cell in cells if cell.labelled == labelled]
                value, low, high = mean(values)
                point = Point(labelled=labelled, value=value, low=max(0.0, low), high=min(1.0, high), seeds=len(values))
                found.setdefault(method, []).append(point)
        return found

    def to_json(self) -> Mapping[str, Any]:
        """The JSON of `clearsight labels curve --json`."""
        return {**asdict(self), "folder": str(self.folder), "points": self.points()}


def draw_curve(
    data: Any,
    *,
    pretrained: str = "",
    amounts: Sequence[str] = AMOUNTS,
    seeds: int = SEEDS,
    methods: Sequence[str] = (),
    out: str = "",
    quiet: bool = False,
    say: Callable[[str], None] = lambda line: None,
    **settings: Any,
) -> Curve:
    """Train and judge every method with every amount of labels (as `--labels` takes them) and every seed from 0.

    `pretrained` is the run that the methods that need one begin with: without it they are left out. `settings` are the fields of
    `Recipe` that all share. Raises UsageError for a method that is not there, and for a folder that has another curve.
    """
    if not isinstance(data, (str, Path)):
        raise UsageError("a curve is drawn on data that can be opened again: a folder, a file, or a named set.")
    chosen, left_out = _chosen(methods, pretrained)
    if settings.get("tune"):
        raise UsageError("each method says itself what it trains: leave tune out. fine-tune begins with the weights of pretrained.")
    compose(settings)  # what the first training would refuse
    if pretrained:
        settings.setdefault("model", _begun_with(pretrained, say))  # the same network for all
    if pretrained and not weights.is_origin(pretrained):
        settings["division"] = pretrained  # all methods are judged on what it has not seen
    whole = known_pictures(data, compose(settings), quiet=quiet)
    folder = folder_here(out, "runs") if out else Path("runs") / run_name(whole.name, "labels")
    with _opened(folder, whole, {**settings, "pretrained": pretrained} if pretrained else settings) as curve:
        curve.left_out = left_out
        plan = list(_plan(whole, amounts, seeds, chosen, settings))
        say(f"{len(plan)} trainings, each judged once on the test part; time left is estimated from the first")
        clock = _Clock(plan)
        for i, (method, amount, seed, parts) in enumerate(plan):
            run = inside(folder, _run(method, amount, seed))
            given = {**_settings(METHODS[method], parts), **settings, "labels": amount, "seed": seed, "split_seed": seed}
            if METHODS[method].pretrained:
                given |= {"from_": pretrained, "resize_head": True}  # a head that has seen labels would tell
            if METHODS[method].teacher:
                given["teacher"] = str(folder / _run(METHODS[method].teacher, amount, seed))
            cell, known = _cell(data, parts, run, method, given, quiet)
            curve.cells.append(cell)
            write_json(folder / FILE, curve.to_json())
            clock.tick(i, known)
            say(f"{i + 1}/{len(plan)}  {METHODS[method].title}, {cell.labelled:,} labels, seed {seed}: {cell.accuracy:.2%}{clock.left(i)}")
        return curve


def _run(method: str, amount: str, seed: int) -> str:
    return f"{method}-{amount.replace('%', '-percent')}-{seed}"


def _settings(method: Method, parts: Parts) -> Settings:
    """The method's settings; of a student, with the epochs that its steps are on these parts, and aligned if that is true of them."""
    if not method.teacher:
        return method.settings
    labelled, others = (parts.parts[name].counts() for name in ("train", "unlabelled"))
    whole = labelled + others
    told = {"epochs": math.ceil(method.steps / math.ceil(whole.sum() / method.settings["batch"]))}
    shares = (labelled / labelled.sum()) / (whole / whole.sum()).clip(1e-9)
    return {**method.settings, **told, "align": bool(shares.max() < ALIKE and shares.min() > 1 / ALIKE)}


def _chosen(methods: Sequence[str], pretrained: str) -> tuple[list[str], list[str]]:
    """The methods in their order, and a line for each that is left out."""
    for name in methods:
        if name not in METHODS:
            raise unknown("method", name, METHODS)
        if METHODS[name].pretrained and not pretrained:
            raise UsageError(
                f"the method {name} begins with a trained run: say with --pretrained which (clearsight pretrain DATA makes one)."
            )
        if (teacher := METHODS[name].teacher) and teacher not in methods:
            raise UsageError(f"the method {name} learns from what {teacher} has trained: draw both, as in --methods {teacher},{name}.")
    wanted = [name for name in METHODS if name in methods or not methods]
    chosen = [name for name in wanted if pretrained or not METHODS[name].pretrained]
    return chosen, [f"{METHODS[name].title}: needs --pretrained" for name in wanted if name not in chosen]


def _begun_with(pretrained: str, say: Callable[[str], None]) -> str:
    """The network of the weights `pretrained`; says where labels may have had a part in them."""
    if weights.is_origin(pretrained):
        return weights.read(pretrained).architecture
    classifier = load(pretrained)
    if "pretrained" not in classifier.facts:
        say(f"mind: {pretrained} has learnt from labels; if from those of these data, what begins with it has seen more than it is given")
    return classifier.architecture


@contextmanager
def _opened(folder: Path, whole: Parts, settings: Settings) -> Iterator[Curve]:
    """A curve without cells in `folder`, which is locked, and new, empty, or has a curve of the same data and settings."""
    with hold(folder):
        yield _begun(folder, whole, settings)


def _begun(folder: Path, whole: Parts, settings: Settings) -> Curve:
    new, path = Curve(folder, whole.name, settings), folder / FILE
    if path.is_file():
        old = read_table(path, "the file of a curve", {"data": str, "settings": dict})
        known, now = ({key: there[key] for key in ("data", "settings")} for there in (old, new.to_json()))
        if known != now:
            raise UsageError(f"{folder} has a curve of {known}, and this one is of {now}. Name another folder with --out.")
    elif {path.name for path in folder.iterdir()} - set(NAMES):
        raise UsageError(f"{folder} is not empty, and has no curve to continue. Name another folder with --out.")
    write_json(path, new.to_json())
    return new


def _plan(
    whole: Parts, amounts: Sequence[str], seeds: int, methods: Sequence[str], settings: Settings
) -> Iterator[tuple[str, str, int, Parts]]:
    """(method, amount, seed, the parts it is trained and judged on), a whole curve by each seed after the other."""
    carving: Settings = {name: settings[name] for name in ("val", "test", "division") if name in settings}
    for seed in range(seeds):
        carved = divided(whole, compose({**carving, "split_seed": seed}))
        if "test" not in carved.parts:
            raise UsageError(f"{whole.name} has no test part to judge on.")
        for amount in amounts:
            parts = with_labels(carved, amount, seed)
            for method in methods:
                if "unlabelled" in parts.parts or not METHODS[method].unlabelled:
                    yield method, amount, seed, parts


def _cell(data: Any, parts: Parts, run: Path, method: str, given: Settings, quiet: bool) -> tuple[Cell, bool]:
    """The cell in `run`, and whether it was there: else trained, or trained to its end, and judged."""
    path = run / JUDGED
    if path.is_file():
        with taken_from(path, "what was judged for a curve"):
            return fitting(Cell, {**read_table(path, "what was judged for a curve"), "run": str(run)}), True
    if not (run / FINISHED).is_file():
        if (run / "recipe.toml").is_file():
            resume(run, data=data, quiet=quiet, allow_code=bool(code_in(given)))
        else:
            train(data, out=str(run), quiet=quiet, **dict[str, Any](given))
    classifier = load(run)
    test = unseen_test(parts)
    require_unseen(run, test)
    found = Cell(
        method, str(given["labels"]), int(given["seed"]), len(parts.parts["train"]), judged(classifier, test, quiet), len(test),
        float(classifier.facts.get("seconds", 0.0)), str(run),
        {"judged_on": judged_on(test, parts.name, "test"), **computed_by(classifier)},
    )  # fmt: skip
    write_json(path, asdict(found))
    return found, False


def judged(classifier: Classifier, data: Dataset, quiet: bool = True) -> float:
    """The share of the pictures of `data` that the classifier has right."""
    known, net = align(data, classifier.classes), classifier.faster()
    pictures = loader.load(known, classifier.preprocessing, quiet=quiet)
    return topk(predict.logits(net, pictures), torch.from_numpy(known.labels), 1)


class _Clock:
    """How long the cells that are still to come will take: as long as the same method with as many labels did, or as any did."""

    def __init__(self, plan: Sequence[tuple[str, str, int, Parts]]) -> None:
        self.kinds = [(method, amount) for method, amount, _, _ in plan]
        self.took: dict[tuple[str, str], list[float]] = {}
        self.since = time.monotonic()

    def tick(self, i: int, known: bool) -> None:
        """Cell `i` is done; a `known` one says nothing of the time."""
        now = time.monotonic()
        if not known:
            self.took.setdefault(self.kinds[i], []).append(now - self.since)
        self.since = now

    def left(self, i: int) -> str:
        """`; about 0:12:30 left`, after cell `i`, or nothing where that is not known."""
        every = [seconds for some in self.took.values() for seconds in some]
        to_come = self.kinds[i + 1 :]
        if not every or not to_come:
            return ""
        seconds = 0.0
        for kind in to_come:
            same = self.took.get(kind) or [s for (method, _), some in self.took.items() if method == kind[0] for s in some] or every
            seconds += sum(same) / len(same)
        minutes, rest = divmod(round(seconds), 60)
        return f"; about {minutes // 60}:{minutes % 60:02}:{rest:02} left"
