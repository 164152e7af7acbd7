"""`ladder`: from always the same answer to a full network, one rung after the other on the same pictures; what each step bought.

Every rung is an ordinary training, in a run folder of its own, with 1, 10 and 100 % of the labels; all are judged on the same
test part, as it is and under small changes. The same call on the same folder continues an interrupted climb.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from ..base.errors import ClearsightError, UsageError, unknown
from ..base.files import inside, write_json
from ..base.lock import NAMES, hold
from ..base.result import Result, Row
from ..base.stored import fitting, read_table, taken_from
from ..classifier import Classifier, load
from ..classifier.learnt import learnt
from ..classifier.stamp import JudgedOn, Stamp, computed_by, judged_on
from ..corruptions.mild import CORRUPTIONS
from ..datasets.dataset import Dataset, Parts
from ..evaluation.compare import compare
from ..evaluation.evaluate import Evaluation, evaluate
from ..metrics.intervals import Estimate, Interval
from ..recipes.compose import compose
from ..recipes.recipe import Settings, code_in
from ..runs.run import folder_here
from ..runs.splits import divided, known_pictures, require_unseen, unseen_test
from ..runs.state import run_name
from ..training.api import resume, train
from ..weights import is_origin
from . import LADDER

SHARES = (0.01, 0.1, 1.0)
LEAST = 4  # pictures of each class, on average: with fewer a share is left out
FINISHED = "model.safetensors"
WHAT = "the file of a ladder"


@dataclass(frozen=True)
class Rung:
    """A step of the ladder: what it is called, and the settings of its training; none for the commonest class."""

    title: str
    settings: Settings = field(default_factory=dict)


RUNGS = {
    "majority": Rung("commonest class"),
    "pixels": Rung("softmax on pixels", {"model": "pixels", "recipe": "solved"}),
    "histogram": Rung("histogram", {"model": "histogram-cells"}),
    "dog": Rung("difference of Gaussians", {"model": "dog"}),
    "hog": Rung("HOG", {"model": "hog"}),
    "sift": Rung("SIFT words", {"model": "sift"}),
    "small": Rung("small network", {"model": "convnet"}),
    "frozen": Rung("frozen features", {"recipe": "solved", "resize_head": True}),
    "full": Rung("full network"),
}


class Step(TypedDict):
    """The gain of a rung over the one before it, and McNemar's test."""

    difference: Interval
    p: float
    noise: bool


@dataclass(frozen=True)
class Standing:
    """The result of a rung on the test part; accuracies are fractions of 1 with their 95 % intervals.

    `by_share` is the accuracy by share of the labels, `changed` by change to the pictures; `step` says what it bought over the
    rung before it; `computed` by which weights, how and when; `seconds` of training, `pictures_per_second` of answering.
    """

    name: str
    title: str
    model: str
    accuracy: Estimate
    parameters: int = 0
    seconds: float = 0.0
    pictures_per_second: float = 0.0
    by_share: dict[str, Estimate] = field(default_factory=dict)
    changed: dict[str, Estimate] = field(default_factory=dict)
    step: Step | None = None
    run: str = ""
    computed: Stamp = field(default_factory=Stamp)


@dataclass(frozen=True)
class LadderResult(Result):
    """What `clearsight ladder` found: `standings` from the lowest rung, `n` test pictures, `train` training pictures.

    Test pictures that are copies of training pictures, or that the weights of a rung have learnt from, are `left_out`.
    """

    folder: Path
    data: str
    n: int
    train: int
    settings: Settings
    standings: list[Standing] = field(default_factory=list)
    left_out: int = 0
    judged_on: JudgedOn = field(default_factory=JudgedOn)

    def to_json(self) -> dict[str, Any]:
        """The JSON of `clearsight ladder --json`."""
        return {**asdict(self), "folder": str(self.folder)}

    def headline(self) -> str:
        """What was climbed."""
        return f"{self.data}: {len(self.standings)} rungs, {self.train:,} training and {self.n:,} test pictures"

    def rows(self) -> list[Row]:
        """A line for each rung: accuracy with its 95 % interval, parameters, seconds."""
        return [
            {
                "rung": row.title,
                **{key: row.accuracy[key] for key in ("value", "low", "high")},
                "parameters": row.parameters,
                "s": row.seconds,
            }
            for row in self.standings
        ]

    @classmethod
    def read(cls, folder: Path) -> "LadderResult":
        """The ladder that was climbed in `folder`; raises ClearsightError when its file is damaged."""
        path = folder / LADDER
        with taken_from(path, WHAT):
            found = read_table(path, WHAT)
            rows = [fitting(Standing, row) for row in found["standings"]]
            if any(row.step is None for row in rows[1:]):
                raise ValueError("a rung does not say what it bought over the one below")
            return fitting(cls, {**found, "folder": folder, "standings": rows})


def climb(
    data: Any,
    *,
    out: str = "",
    rungs: Sequence[str] = (),
    from_: str = "",
    minutes: float = 0.0,
    quiet: bool = False,
    judged: Callable[[Standing, Evaluation, Dataset], None] = lambda standing, evaluation, test: None,
    **settings: Any,
) -> LadderResult:
    """Train and judge every rung on `data` (a path or a name); `settings` are the fields of `Recipe` that all share, such as `seed`.

    `minutes` bounds the trainings together; `from_` are the trained weights of the rung `frozen`, which is left out without.
    `judged` is given each rung's standing with its answers to the test part.
    Raises UsageError for a rung that is not there, for data that are not in a file, and for a folder that has another ladder.
    """
    chosen = _chosen(rungs, from_)
    if settings.get("tune"):
        raise UsageError("each rung says itself what it trains: leave tune out. The rung frozen trains a head on the weights of from_.")
    compose(settings)  # what the first training would refuse
    if not isinstance(data, (str, Path)):
        raise UsageError("a ladder is climbed on data that can be opened again: a folder, a file, or a named set.")
    carving: Settings = {name: settings[name] for name in ("split_seed", "val", "test") if name in settings}
    if from_ and not is_origin(from_):
        settings["division"] = from_  # all rungs are judged on what it has not learnt from
        carving |= {"division": from_, "from_": from_}
    whole = known_pictures(data, compose(carving), quiet=quiet)
    parts = divided(whole, compose(carving))
    if "test" not in parts.parts:
        raise UsageError(f"{parts.name} has no test part to judge the rungs on.")
    test = unseen_test(parts)
    if from_ and not is_origin(from_):
        test = test.subset(~learnt(from_).of(test))
    folder = folder_here(out, "runs") if out else Path("runs") / run_name(parts.name, "ladder")
    with _opened(folder, parts, len(test), {**settings, "from": from_} if from_ else settings) as ladder:
        shares = _shares(whole, carving)
        plan = [(name, share) for name in chosen if name != "majority" for share in shares]
        budget = _Budget(60 * minutes, plan)
        before: Evaluation | None = None
        for name in chosen:
            rung = RUNGS[name]
            if name == "majority":
                standing, evaluation = _majority(parts, test)
            else:
                given = {**rung.settings, **settings, **({"from_": from_} if name == "frozen" else {})}
                standing, evaluation = _stand(name, rung, given, data, test, folder, shares, budget, quiet)
            if before is not None:
                found = compare(before, evaluation)
                standing = replace(standing, step={"difference": found.difference, "p": found.p, "noise": found.noise})
            before = evaluation
            ladder = replace(ladder, judged_on=judged_on(test, parts.name, "test"), standings=[*ladder.standings, standing])
            write_json(folder / LADDER, ladder.to_json())
            judged(standing, evaluation, test)
        return ladder


def sentence(below: Standing, above: Standing) -> str:
    """What the step from one rung to the next bought, and whether that is noise."""
    assert above.step is not None
    gap, low, high = (100 * above.step["difference"][key] for key in ("value", "low", "high"))
    found = f"{above.title} over {below.title}: {gap:+.2f} points ({low:+.2f} to {high:+.2f})"
    if above.step["noise"]:
        return f"{found}: noise, these pictures cannot tell the two apart."
    cost = above.seconds / below.seconds if below.seconds else 0
    price = f", for {cost:,.1f} times the seconds of training" if cost >= 1 else f", in {cost:.0%} of the seconds" if cost else ""
    return f"{found}{price}."


def _chosen(rungs: Sequence[str], from_: str) -> list[str]:
    for name in rungs:
        if name not in RUNGS:
            raise unknown("rung", name, RUNGS)
    if "frozen" in rungs and not from_:
        raise UsageError("the rung frozen needs trained weights: say with --from which.")
    return [name for name in RUNGS if (not rungs or name in rungs) and (name != "frozen" or from_)]


@contextmanager
def _opened(folder: Path, parts: Parts, n: int, settings: Settings) -> Iterator[LadderResult]:
    """A ladder without standings in `folder`, which is locked, and new, empty, or has a ladder of the same data and settings."""
    with hold(folder):
        yield _begun(folder, parts, n, settings)


def _begun(folder: Path, parts: Parts, n: int, settings: Settings) -> LadderResult:
    new = LadderResult(folder, parts.name, n, len(parts.parts["train"]), settings, left_out=len(parts.parts["test"]) - n)
    path = folder / LADDER
    if path.is_file():
        old = read_table(path, WHAT)
        known, now = ({key: there.get(key) for key in ("data", "n", "train", "settings")} for there in (old, new.to_json()))
        if known != now:
            raise UsageError(f"{folder} has a ladder of {known}, and this one is of {now}. Name another folder with --out.")
    elif {path.name for path in folder.iterdir()} - set(NAMES):
        raise UsageError(f"{folder} is not empty, and has no ladder to continue. Name another folder with --out.")
    write_json(path, new.to_json())
    return new


def _shares(whole: Parts, carving: Settings) -> list[float]:
    """The shares of the labels that leave enough pictures to train on, and some to validate with."""
    found = []
    for share in SHARES:
        with suppress(ClearsightError):
            train = divided(whole, compose({**carving, "share": share})).parts["train"]
            if share == 1 or len(train) >= LEAST * len(whole.classes):
                found.append(share)
    return found


class _Budget:
    """Seconds shared out among the trainings that are still to come, by their share of the pictures; 0 is no bound."""

    def __init__(self, seconds: float, plan: list[tuple[str, float]]) -> None:
        self.end = time.monotonic() + seconds if seconds else 0.0
        self.left = list(plan)

    def minutes(self, name: str, share: float) -> float:
        """What the next training may take, 0 for no bound; unused time goes to those after it."""
        weights = sum(other for _, other in self.left)
        self.left.remove((name, share))
        return max(0.01, (self.end - time.monotonic()) / 60 * share / weights) if self.end else 0.0


def _majority(parts: Parts, test: Dataset) -> tuple[Standing, Evaluation]:
    counts = parts.parts["train"].counts()
    logits = np.tile(np.log(np.maximum(counts, 0.5)).astype(np.float32), (len(test), 1))
    found = Evaluation(parts.classes, test.names, test.labels, logits)
    return Standing("majority", RUNGS["majority"].title, "", found.top(1)), found


def _stand(
    name: str,
    rung: Rung,
    given: Settings,
    data: Any,
    test: Dataset,
    folder: Path,
    shares: list[float],
    budget: _Budget,
    quiet: bool,
) -> tuple[Standing, Evaluation]:
    by_share = {}
    for share in shares:
        run = inside(folder, f"{name}-{100 * share:g}")
        classifier = _trained(data, run, {**given, "share": share, "minutes": budget.minutes(name, share)}, quiet)
        require_unseen(run, test)
        found = evaluate(classifier, test, quiet=quiet)
        by_share[f"{share:g}"] = found.top(1)
    changed = {change: evaluate(classifier, test, change=do, quiet=quiet).top(1) for change, do in CORRUPTIONS.items()}
    standing = Standing(
        name,
        rung.title,
        classifier.architecture,
        found.top(1),
        parameters=sum(p.numel() for p in classifier.model.parameters()),
        seconds=float(classifier.facts.get("seconds", 0.0)),
        pictures_per_second=found.pictures_per_second,
        by_share=by_share,
        changed=changed,
        run=str(run),
        computed=computed_by(classifier),
    )
    return standing, found


def _trained(data: Any, run: Path, settings: Settings, quiet: bool) -> Classifier:
    """The classifier in `run`: as it is there, or trained, or trained to its end."""
    if not (run / FINISHED).is_file():
        if (run / "recipe.toml").is_file():
            resume(run, data=data, quiet=quiet, allow_code=bool(code_in(settings)))
        else:
            train(data, out=str(run), quiet=quiet, **dict[str, Any](settings))
    return load(run)
