"""What the validation pictures decided of a classifier, and so what its accuracy on them is worth.

The accuracy that chose one network among several is that of the luckiest of them. An interval around it promises too much: of the best of
40 guessing epochs on 100 pictures it misses the truth in a quarter of the cases. So such a figure has none, and says why.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ..metrics.intervals import proportion

# what validation can decide, as `facts["validation"]["decided"]` of an artefact names it, and how it is said
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
HARMLESS = ("members", "temperature")  # next to no answer becomes another by them
UNKNOWN = "these pictures may have chosen the epoch"


def judged(right: int, n: int, decided: Sequence[str]) -> dict[str, Any]:
    """What an artefact's facts say of validation: `right` of `n` pictures, and what these have `decided`."""
    return {"n": n, "top1": proportion(right, n, said(decided)), "decided": list(decided)}


def decided(facts: Mapping[str, Any]) -> tuple[str, ...] | None:
    """What validation decided of the classifier with these `facts`; None where they are from before that was kept, or of several runs."""
    found = facts.get("validation", {} if "joined_from" in facts else {"decided": []})
    names = found.get("decided") if isinstance(found, Mapping) else None
    return tuple(map(str, names)) if isinstance(names, list) else None


def reason(facts: Mapping[str, Any]) -> str:
    """Why the accuracy on its validation pictures has no interval, for a classifier with these `facts`; nothing where it has one."""
    found = decided(facts)
    return UNKNOWN if found is None else said(found)


def worded(found: Mapping[str, Any]) -> str:
    """`96.15% (95 % interval 91.31% to 98.35%; n = 130)` from what `judged` returned, or the reason in place of the interval."""
    top1 = found["top1"]
    why = reason({"validation": found}) or (UNKNOWN if top1["low"] is None else "")
    limits = f"no interval: {why}" if why else f"95 % interval {top1['low']:.2%} to {top1['high']:.2%}"
    return f"{top1['value']:.2%} ({limits}; n = {found['n']:,})"


def called(fact: str) -> str:
    """What an artefact's fact is called where people read it; the `best_epoch` of a run may as well be its last."""
    return "kept epoch" if fact == "best_epoch" else fact.replace("_", " ")


def passed_on(kind: str, facts: Mapping[str, Any]) -> dict[str, str]:
    """The lineage of what learns from (`teacher`) or begins with (`start`) a classifier with these `facts`: whose validation chose it."""
    own = decided(facts)
    chosen = own is None or any(name not in HARMLESS for name in own) or (kind == "teacher" and bool(own))
    return {f"{kind}_chosen_by_validation_of": str(facts.get("data", ""))} if chosen else {}


def said(decided: Sequence[str]) -> str:
    """What `decided` has to say of an accuracy that is too good for it; nothing where that is honest."""
    told = [DECISIONS.get(name, "decided something else") for name in decided if name not in HARMLESS]
    return f"these pictures {', '.join(told)}" if told else ""
