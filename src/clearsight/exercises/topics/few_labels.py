"""The few-label race: a run of one's own, judged on the held-back part of the digits."""

from contextlib import suppress
from pathlib import Path

from ...base.errors import ClearsightError
from ...classifier import load
from ...classifier.learnt import learnt
from ...datasets.manifest import read_manifest
from ...evaluation.evaluate import evaluate
from ...evaluation.held_out import choose
from ...recipes.recipe import Pretraining
from ...runs.run import Run
from ..draw import Draw
from ..exercise import Exercise, Verdict, part

DATA = "digits"
# labels of a class, accuracy. With three, softmax regression on pixels has 71 %, the head on SimCLR's features 88 %
GOALS = ((3, 0.85), (5, 0.88), (10, 0.90))


def race(draw: Draw) -> Exercise | None:
    """Reach an accuracy with few labels, by any means; the answer is the run folder."""
    labels, goal = draw.pick(GOALS)
    return Exercise(
        (
            f"Train a classifier of the set `{DATA}` with at most {10 * labels} labels ({labels} of each class: --labels {labels}) that "
            f"recognises at least {goal:.0%} of the test part. Any verb, recipe and network is allowed; two minutes are enough. The answer "
            "is the folder of ONE run. It is judged on the held-back test part, so do not choose between runs by their test accuracy.",
        ),
        (
            part(
                "run",
                "the run folder, such as runs/race",
                "run",
                f"a run with at least {goal:.0%}",
                points=4,
                judge=lambda given: judged(given, 10 * labels, goal),
                by_hand=True,
            ),
        ),
        (
            "Pixels alone are not enough. What helps: augmentation, hand-designed features, features learnt without labels.",
            f"clearsight pretrain {DATA} --out features learns features without labels; train --from runs/features starts from them.",
        ),
        (
            f"For example: clearsight pretrain {DATA} --out features; "
            f"clearsight train {DATA} --labels {labels} --from runs/features --tune head --out race.",
        ),
        (),
        {"labels": 10 * labels, "goal": goal},
    )


def judged(given: str, most: int, goal: float) -> Verdict:
    """The run in the folder `given`, judged on its own test part; wrong if it is no run on the digits, or had more than `most` labels."""
    folder = Path(given.strip())
    try:
        facts, _ = Run(folder).divided()
    except ClearsightError:
        return Verdict(False, f"There is no run in {folder}. Give the folder that `clearsight train` has written, such as runs/race.")
    if facts["data"] != DATA:
        return Verdict(False, f"This run learnt from {facts['data']}, not from {DATA}.")
    labelled = _labelled(folder)
    if labelled > most:
        return Verdict(False, f"This run, or one that it started from, has learnt from {labelled:,} labels. At most {most} are allowed.")
    top1 = evaluate(load(folder), choose(folder, None, "test", quiet=True).dataset, quiet=True).figures["top1"]
    limits = "" if top1["low"] is None else f" (95 % interval {top1['low']:.1%} to {top1['high']:.1%})"
    reached = top1["value"] >= goal
    return Verdict(reached, f"{top1['value']:.1%} of the test part{limits}; {'reached' if reached else 'the goal is'} {goal:.0%}.")


def _labelled(folder: Path) -> int:
    """The number of labels that the run in `folder`, or one that it started from, was fitted to."""
    known = learnt(folder)
    strict = [*known.digests.values(), *known.names.values()].count("train")
    with suppress(ClearsightError):  # not every verb keeps a recipe: then each picture that was trained on counts
        return min(strict, len(_fitted_to(folder)))
    return strict


def _fitted_to(folder: Path) -> set[str]:
    """The pictures whose labels a run and those it started from were fitted to; a pretraining uses no labels."""
    recipe, _, manifest = Run(folder).reopen()
    rows = [] if isinstance(recipe, Pretraining) else read_manifest(manifest)
    own = {row["digest"] or row["name"] for row in rows if row["part"] == "train"}
    return own.union(*(_fitted_to(Path(origin)) for origin in (recipe.from_, recipe.teacher) if origin))
