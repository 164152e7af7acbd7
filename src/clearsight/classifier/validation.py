"""Selection bias: which choices the validation pictures made for a classifier, and whether its accuracy on them has an interval.

The accuracy that selected one network among several is biased upwards. A 95 % interval around the best of 40 guessing epochs on 100
pictures misses the true accuracy in a quarter of the cases. So such an accuracy is reported without an interval, with the reason.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from ..metrics.intervals import Estimate, proportion

# what validation can decide: key in `facts["validation"]["decided"]` of an artefact → words for the reader
DECISIONS = {
    "epoch": "chose the epoch",
    "l2": "chose the strength of L2",
    "soup": "judged the soup",
    "learning rate": "lowered the learning rate",
    "length": "could end the training",
    "start": "had a part in the weights it starts from",
    "teacher": "had a part in its teacher",
    "members": "fitted the members' temperatures",
    "temperature": "fitted the temperature",
}
HARMLESS = ("members", "temperature")  # they change almost no prediction
UNKNOWN = "these pictures may have chosen the epoch"
FOLDS = "cross-validation"  # `by` of an entry on training pictures, each judged by a head that has not learnt from it


class Validated(TypedDict):
    """The validation entry of an artefact's facts: the accuracy on `n` pictures, and what these `decided`."""

    n: int
    top1: Estimate
    decided: list[str]
    by: NotRequired[str]


def judged(right: int, n: int, decided: Sequence[str]) -> Validated:
    """The validation entry of an artefact's facts: `right` of `n` pictures, and what these `decided`."""
    return {"n": n, "top1": proportion(right, n, said(decided)), "decided": list(decided)}


def decided(facts: Mapping[str, Any]) -> tuple[str, ...] | None:
    """What validation decided for the classifier with these `facts`; None if they are older than this entry, or of several runs."""
    found = facts.get("validation", {} if "joined_from" in facts else {"decided": []})
    names = found.get("decided") if isinstance(found, Mapping) else None
    return tuple(map(str, names)) if isinstance(names, list) else None


def reason(facts: Mapping[str, Any]) -> str:
    """Why the validation accuracy of a classifier with these `facts` has no interval; empty if it has one."""
    found = decided(facts)
    return UNKNOWN if found is None else said(found)


def worded(found: Validated) -> str:
    """`96.15% (95 % interval 91.31% to 98.35%; n = 130)` from the result of `judged`, or the reason instead of the interval."""
    top1 = found["top1"]
    why = reason({"validation": found}) or (UNKNOWN if top1["low"] is None else "")
    limits = f"no interval: {why}" if why else f"95 % interval {top1['low']:.2%} to {top1['high']:.2%}"
    by = f", by {found['by']}" if "by" in found else ""
    return f"{top1['value']:.2%} ({limits}; n = {found['n']:,}{by})"


def titled(facts: Mapping[str, Any]) -> dict[str, Any]:
    """An artefact's facts by their display names; the `best_epoch` of a run may also be its last, and a solved head has no epochs."""
    names = {"epochs": "strengths of L2 tried", "best_epoch": ""} if "l2" in facts else {"best_epoch": "kept epoch"}
    told = {names.get(fact, fact.replace("_", " ")): value for fact, value in facts.items()}
    told.pop("", None)
    return told


def passed_on(kind: str, facts: Mapping[str, Any]) -> dict[str, str]:
    """Whose validation selected a classifier with these `facts`: provenance of a run that has it as its `teacher` or `start`."""
    own = decided(facts)
    chosen = own is None or any(name not in HARMLESS for name in own) or (kind == "teacher" and bool(own))
    return {f"{kind}_chosen_by_validation_of": str(facts.get("data", ""))} if chosen else {}


def said(decided: Sequence[str]) -> str:
    """Why an accuracy is biased by what was `decided`; empty if it is not."""
    told = [DECISIONS.get(name, "decided something else") for name in decided if name not in HARMLESS]
    return f"these pictures {', '.join(told)}" if told else ""
