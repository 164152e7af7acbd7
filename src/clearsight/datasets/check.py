"""`check`: what in a data set would poison a result, before anything is trained on it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ..base.errors import UnreadableImage
from .dataset import Parts
from .fingerprint import TINY, Print, alike, prints, same

# Leaked or contradictory pictures move an accuracy by at most their share; below this one they stay under the interval
# of any test part up to a million pictures.
NEGLIGIBLE = 0.001
# Copies within data that bring no parts: a random split puts about half of them on both sides.
COPIES = 0.01
UNEVEN = 10.0


@dataclass(frozen=True)
class Report:
    """What `check` found; names are the data's own, groups are of two and more."""

    name: str
    pictures: int
    counts: dict[str, dict[str, int]]
    unreadable: list[tuple[str, str]]
    duplicates: list[list[str]]
    leaks: list[list[str]]
    near_duplicates: list[list[str]]
    near_leaks: list[list[str]]
    conflicts: list[list[str]]
    blank: list[str]
    tiny: list[str]
    sizes: dict[str, list[int]]
    modes: dict[str, int]
    formats: dict[str, int]
    imbalance: float
    notes: tuple[str, ...]
    poisonous: list[str]
    warnings: list[str]

    def to_json(self) -> dict[str, Any]:
        """The JSON of `clearsight check --json`."""
        classes = next(iter(self.counts.values()))
        totals = {label: sum(part[label] for part in self.counts.values()) for label in classes}
        return {
            "name": self.name,
            "pictures": self.pictures,
            "classes": [{"label": label, "n": n} for label, n in totals.items()],
            "parts": self.counts,
            "unreadable": [{"source": source, "reason": reason} for source, reason in self.unreadable],
            "duplicates": self.duplicates,
            "leaks": self.leaks,
            "near_duplicates": self.near_duplicates,
            "near_leaks": self.near_leaks,
            "conflicts": self.conflicts,
            "blank": self.blank,
            "tiny": self.tiny,
            "sizes": self.sizes,
            "modes": self.modes,
            "formats": self.formats,
            "imbalance": self.imbalance,
            "notes": list(self.notes),
            "poisonous": self.poisonous,
            "warnings": self.warnings,
        }


def check(parts: Parts, *, quiet: bool = False) -> Report:
    """Read every picture of every part and report; `poisonous` is empty when nothing would spoil a result."""
    names, part_of, labels, found = [], [], [], []
    for part, data in parts.parts.items():
        names += [str(name) for name in data.names]
        part_of += [part] * len(data)
        labels += data.labels.tolist()
        found += prints(data, quiet=quiet)
    good = [i for i, item in enumerate(found) if isinstance(item, Print)]
    seen = [item for item in found if isinstance(item, Print)]
    copies = same(item.digest for item in seen)
    exact = [[good[i] for i in group] for group in copies if len(group) > 1]
    near = [[good[i] for i in group] for group in _near(seen, copies, quiet)]
    counts = {part: dict(zip(parts.classes, data.counts().tolist(), strict=True)) for part, data in parts.parts.items()}
    totals = [sum(part[label] for part in counts.values()) for label in parts.classes]
    crossing = [group for group in exact if len({part_of[i] for i in group}) > 1]
    named = _Names(names, part_of)
    report = Report(
        name=parts.name,
        pictures=len(names),
        counts=counts,
        unreadable=[(names[i], item.reason) for i, item in enumerate(found) if isinstance(item, UnreadableImage)],
        duplicates=named.groups(exact),
        leaks=named.groups(crossing),
        near_duplicates=named.groups(near),
        near_leaks=named.groups([group for group in near if len({part_of[i] for i in group}) > 1]),
        conflicts=named.groups([group for group in exact if len({labels[i] for i in group}) > 1]),
        blank=[names[i] for i, item in zip(good, seen, strict=True) if item.blank],
        tiny=[names[i] for i, item in zip(good, seen, strict=True) if min(item.width, item.height) < TINY],
        sizes=_sizes(seen),
        modes=dict(Counter(item.mode for item in seen).most_common()),
        formats=dict(Counter(item.format for item in seen).most_common()),
        imbalance=round(max(totals) / max(min(totals), 1), 2),
        notes=parts.notes,
        poisonous=[],
        warnings=[],
    )
    leaked = Counter(part_of[i] for group in crossing for i in group)
    _judge(report, parts, leaked, sum(len(group) - 1 for group in exact))
    return report


class _Names:
    """Names for people: with the part in front where the same name stands in several."""

    def __init__(self, names: Sequence[str], part_of: Sequence[str]) -> None:
        ambiguous = len(set(names)) < len(names)
        self.names = [f"{part}/{name}" if ambiguous else name for name, part in zip(names, part_of, strict=True)]

    def groups(self, groups: list[list[int]]) -> list[list[str]]:
        """The groups, largest first."""
        return sorted(([self.names[i] for i in group] for group in groups), key=lambda group: (-len(group), group))


def _near(seen: list[Print], copies: list[list[int]], quiet: bool) -> list[list[int]]:
    """Groups that look the same without being the same pixel by pixel; what shows nothing at thumbnail size is left out."""
    kept = [places for places in copies if not (seen[places[0]].blank or seen[places[0]].featureless)]
    if not kept:
        return []
    groups = alike(torch.stack([seen[places[0]].thumbnail for places in kept]), quiet=quiet)
    return [sorted(i for which in group for i in kept[which]) for group in groups]


def _sizes(seen: list[Print]) -> dict[str, list[int]]:
    if not seen:
        return {}
    sizes = np.array([(item.width, item.height) for item in seen])
    return {
        "smallest": sizes.min(0).tolist(),
        "median": np.median(sizes, axis=0).astype(int).tolist(),
        "largest": sizes.max(0).tolist(),
    }


def _judge(report: Report, parts: Parts, leaked: Counter[str], copies: int) -> None:
    """Fill `poisonous` and `warnings`: one reason each, with what to do; `leaked` counts pictures per part that stand in another too."""

    def say(poisonous: bool, line: str) -> None:
        (report.poisonous if poisonous else report.warnings).append(line)

    if len(parts.classes) < 2:
        say(True, f"there is only one class ({parts.classes[0]!r}): a classifier needs two and more.")
    if report.unreadable:
        say(True, f"{len(report.unreadable):,} unreadable: training will refuse them. Replace or remove them.")
    for part in ("val", "test"):
        if leaked[part]:
            share = leaked[part] / len(parts.parts[part])
            say(share > NEGLIGIBLE, f"{share:.2%} of the {part} pictures stand in another part as well: {part} is no longer unseen.")
    if report.conflicts:
        n = sum(map(len, report.conflicts))
        say(n / report.pictures > NEGLIGIBLE, f"{n:,} pictures are the same as one of another class: one of the labels is wrong.")
    if copies and "all" in parts.parts:
        say(copies / report.pictures > COPIES, f"{copies:,} exact copies: a random split would put some on both sides. Remove them.")
    for where, counts in report.counts.items():
        missing = [label for label, n in counts.items() if n == 0]
        if missing and where in ("train", "all"):
            say(True, f"no picture to learn {', '.join(missing[:5])} from in {where}.")
        elif missing:
            say(False, f"no {where} picture of {', '.join(missing[:5])}: nothing can be said of it.")
    if "all" in parts.parts and (few := [label for label, n in report.counts["all"].items() if 0 < n < 3]):
        say(True, f"fewer than three pictures of {', '.join(few[:5])}: one each for training, validation and test.")
    if report.near_leaks:
        say(False, f"{len(report.near_leaks):,} groups look alike across parts: look at them, they may be leaks.")
    if report.imbalance >= UNEVEN:
        say(False, f"the largest class has {report.imbalance:g} times the pictures of the smallest: see --class-weights balanced.")
    if report.blank:
        say(False, f"{len(report.blank):,} pictures are blank.")
    if report.tiny:
        say(False, f"{len(report.tiny):,} pictures are under {TINY} px.")
