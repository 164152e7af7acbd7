"""`check`: find errors in a data set that would invalidate a result, before training."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict, overload

import numpy as np
from numpy.typing import NDArray

from ..base.errors import plain, unknown
from ..base.result import Result, Row
from ..images.deep import PLAIN, Reading
from .dataset import Dataset, Parts
from .facts import Files, files_of
from .fingerprint import TINY, Prints, alike, known_alike, prints, same
from .loader import PLACES
from .survey import Survey, several_words, survey

# Leaked or contradictory pictures move an accuracy by at most their share; below this one they stay under the interval
# of any test part up to a million pictures.
NEGLIGIBLE = 0.001
# Exact copies within data without parts: each counts once more in the n of an interval.
COPIES = 0.01
UNEVEN = 10.0


class ClassCount(TypedDict):
    """A class and its pictures."""

    label: str
    n: int


class Unreadable(TypedDict):
    """A file that cannot be read, and why."""

    source: str
    reason: str


class CheckFigures(TypedDict):
    """The JSON of `clearsight check --json`: `parts` and `sizes` by name, groups of pictures, and sentences.

    `several` are the files with further pages or frames, which are not read.
    """

    name: str
    pictures: int
    classes: list[ClassCount]
    parts: dict[str, dict[str, int]]
    unreadable: list[Unreadable]
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
    notes: list[str]
    poisonous: list[str]
    warnings: list[str]
    several: list[str]


@dataclass(frozen=True)
class CheckResult(Result):
    """The findings of `check`; names are those of the data, groups have two or more members."""

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
    several: list[str]

    def to_json(self) -> CheckFigures:
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
            "several": self.several,
        }

    def headline(self) -> str:
        """The number of findings that would invalidate a result, and of warnings."""
        return f"{self.name}: {self.pictures:,} pictures, {len(self.poisonous)} problems, {len(self.warnings)} warnings"

    def rows(self) -> list[Row]:
        """A line for each finding: its severity and text."""
        findings = (("problem", self.poisonous), ("warning", self.warnings), ("note", self.notes))
        return [{"kind": kind, "finding": line} for kind, lines in findings for line in lines]


def check(parts: Parts, reading: Reading = PLAIN, *, channels: int = 0, cache: str = "auto", quiet: bool = False) -> CheckResult:
    """Read every picture of every part and report; `poisonous` is empty if no finding would invalidate a result.

    They are read as in training: by the range of the training part unless `reading` has one, in `channels` (0: their own).
    A `cache` of `auto` or `disk` keeps the fingerprints of files, and those that are as they were are not read again.
    """
    names = _Every(list(parts.parts.values()))
    part_of = np.repeat(np.array(list(parts.parts), object), [len(data) for data in parts.parts.values()])
    labels = np.concatenate([data.labels for data in parts.parts.values()])
    files = _files(parts, cache)
    surveys = {part: survey(data, reading.bands, quiet=quiet, files=files[part]) for part, data in parts.parts.items()}
    learnt = surveys.get("train") or next(iter(surveys.values()))  # the range of values is that of training
    reading = replace(reading, levels=reading.levels or learnt.levels)
    fingerprints = prints(list(parts.parts.values()), reading, channels, quiet=quiet, files=files[""])
    good = np.setdiff1d(np.arange(len(names)), list(fingerprints.unreadable))
    exact, near = _groups(fingerprints, good, files[""], quiet)
    counts = {part: dict(zip(parts.classes, data.counts().tolist(), strict=True)) for part, data in parts.parts.items()}
    totals = [sum(part[label] for part in counts.values()) for label in parts.classes]
    crossing = [group for group in exact if len({part_of[i] for i in group}) > 1]
    named = _Names(names, part_of)
    several = [name for found in surveys.values() for name in found.several]
    report = CheckResult(
        name=parts.name,
        pictures=len(names),
        counts=counts,
        unreadable=[(names[i], error.reason) for i, error in sorted(fingerprints.unreadable.items())],
        duplicates=named.groups(exact),
        leaks=named.groups(crossing),
        near_duplicates=named.groups(near),
        near_leaks=named.groups([group for group in near if len({part_of[i] for i in group}) > 1]),
        conflicts=named.groups([group for group in exact if len({labels[i] for i in group}) > 1]),
        blank=[names[i] for i in good[fingerprints.blank[good]]],
        tiny=[names[i] for i in good[fingerprints.sizes[good].min(1) < TINY]],
        sizes=_sizes(fingerprints.sizes[good]),
        modes=_kinds(fingerprints, good, 0),
        formats=_kinds(fingerprints, good, 1),
        imbalance=round(max(totals) / max(min(totals), 1), 2),
        notes=(*parts.notes, *([learnt.words(reading.levels)] if learnt.deep else []), *([several_words(several)] if several else [])),
        poisonous=[],
        warnings=[],
        several=several,
    )
    leaked = Counter(part_of[i] for group in crossing for i in group)
    _judge_values(report, surveys, learnt, reading, channels)
    _judge(report, parts, leaked, sum(len(group) - 1 for group in exact))
    return report


class _Every(Sequence[str]):
    """The names of data sets, one after the other, as they are stored there: a list of a million texts takes 100 MB."""

    def __init__(self, datasets: Sequence[Dataset]) -> None:
        self.datasets = datasets
        self.stops = np.cumsum([len(data) for data in datasets])

    def __len__(self) -> int:
        return int(self.stops[-1])

    @overload
    def __getitem__(self, i: int) -> str: ...
    @overload
    def __getitem__(self, i: slice) -> list[str]: ...
    def __getitem__(self, i: int | slice) -> str | list[str]:
        if isinstance(i, slice):
            return [self[k] for k in range(*i.indices(len(self)))]
        which = int(np.searchsorted(self.stops, i, side="right"))
        return str(self.datasets[which].names[int(i) - (int(self.stops[which - 1]) if which else 0)])

    def __iter__(self) -> Iterator[str]:
        return (str(name) for data in self.datasets for name in data.names)


class _Names:
    """Names to print, with the part in front if several parts have the name."""

    def __init__(self, names: Sequence[str], part_of: Sequence[str] | NDArray[np.object_]) -> None:
        self.names, self.part_of = names, part_of
        hashes = np.fromiter(map(hash, names), np.int64, len(names))
        self.ambiguous = len(np.unique(hashes)) < len(names) and len(set(names)) < len(names)

    def groups(self, groups: list[list[int]]) -> list[list[str]]:
        """The groups, largest first."""
        return sorted(([self._shown(i) for i in group] for group in groups), key=lambda group: (-len(group), group))

    def _shown(self, i: int) -> str:
        return f"{self.part_of[i]}/{self.names[i]}" if self.ambiguous else self.names[i]


def _files(parts: Parts, cache: str) -> dict[str, Files | None]:
    """The `Files` of each part, and of all as ''; None where nothing is kept."""
    if cache not in PLACES:
        raise unknown("cache", cache, PLACES)
    if cache in ("memory", "off"):
        return dict.fromkeys((*parts.parts, ""))
    every = files_of(parts.parts.values())
    stops = np.cumsum([len(data) for data in parts.parts.values()]).tolist()
    slices = zip(parts.parts, [0, *stops], stops, strict=False)
    return {"": every, **{part: every.part(part, slice(start, stop)) for part, start, stop in slices}}


def _groups(fingerprints: Prints, good: NDArray[np.int64], files: Files | None, quiet: bool) -> tuple[list[list[int]], list[list[int]]]:
    """Groups of pixel-identical pictures, and groups of near duplicates.

    Pictures without features at thumbnail size are left out of the second.
    """
    exact = [good[group].tolist() for group in same(fingerprints.digests[good])]
    copies = {group[0]: group for group in exact}
    again = [i for group in exact for i in group[1:]]
    shown = np.setdiff1d(good[~(fingerprints.blank[good] | fingerprints.featureless[good])], again)
    points = fingerprints.points if len(shown) == len(fingerprints.points) else fingerprints.points[shown]
    found = known_alike(points, files.part("", shown), quiet=quiet) if files else alike(points, quiet=quiet)
    near = [shown[group].tolist() for group in found]
    return exact, [sorted(i for first in group for i in copies.get(first, [first])) for group in near]


def _kinds(fingerprints: Prints, good: NDArray[np.int64], which: int) -> dict[str, int]:
    """The number of pictures of each mode (`which` is 0) or format (1), the commonest first."""
    counts: Counter[str] = Counter()
    kinds, firsts, per_kind = np.unique(fingerprints.kinds[good], return_index=True, return_counts=True)
    for place in np.argsort(firsts):
        counts[fingerprints.table[kinds[place]][which]] += int(per_kind[place])
    return dict(counts.most_common())


def _sizes(sizes: NDArray[np.int32]) -> dict[str, list[int]]:
    if not len(sizes):
        return {}
    return {
        "smallest": sizes.min(0).tolist(),
        "median": np.median(sizes, axis=0).astype(int).tolist(),
        "largest": sizes.max(0).tolist(),
    }


def _judge_values(report: CheckResult, surveys: dict[str, Survey], learnt: Survey, reading: Reading, channels: int) -> None:
    """Findings on bands and on values beyond 8 bits."""
    bands: Counter[int] = Counter()
    for part, found in surveys.items():
        bands += found.channels
        if found.deep and reading.levels and not reading.levels[0] <= found.low <= found.high <= reading.levels[1]:
            report.warnings.append(
                f"values of {part} go from {found.low:g} to {found.high:g}, beyond black and white: they are clipped. See --range."
            )
    if not channels and not bands.keys() <= {1, 3}:
        kinds = ", ".join(f"{n:,} of {count}" for count, n in bands.most_common())
        if len(bands) > 1:
            report.poisonous.append(f"pictures differ in their bands ({kinds}): training stops there. --bands chooses those to read.")
        else:
            report.warnings.append(f"{learnt.most} bands each, and all of them are read; --bands 3,2,1 reads three as RGB.")
    if learnt.deep and learnt.deep < learnt.channels.total():
        report.warnings.append(
            f"{learnt.deep:,} of {learnt.channels.total():,} pictures have more than 8 bits: only these are scaled by the range of values."
        )


def _judge(report: CheckResult, parts: Parts, leaked: Counter[str], copies: int) -> None:
    """Fill `poisonous` and `warnings`: one reason each, and a remedy; `leaked` counts pictures per part that are in another, too."""

    def say(poisonous: bool, line: str) -> None:
        (report.poisonous if poisonous else report.warnings).append(line)

    if len(parts.classes) < 2:
        say(True, f"there is only one class ({parts.classes[0]!r}): a classifier needs two and more.")
    if report.unreadable:
        first = plain(report.unreadable[0][0])
        say(True, f"{len(report.unreadable):,} unreadable (first: {first}): training or evaluation stops there. Replace or remove them.")
    for part in ("val", "test"):
        if leaked[part]:
            share = leaked[part] / len(parts.parts[part])
            say(share > NEGLIGIBLE, f"{share:.2%} of the {part} pictures are in another part as well: {part} is no longer unseen.")
    if report.conflicts:
        n = sum(map(len, report.conflicts))
        say(n / report.pictures > NEGLIGIBLE, f"{n:,} pictures are the same as one of another class: one of the labels is wrong.")
    if copies and "all" in parts.parts:
        often = copies / report.pictures > COPIES
        say(
            often,
            f"{copies:,} exact copies: a split keeps them in one part, but each counts again, so intervals are too narrow. Remove them.",
        )
    if report.near_duplicates and "all" in parts.parts:
        groups = len(report.near_duplicates)
        say(
            False,
            f"{groups:,} groups of near duplicates may be split: look at them; --copies near keeps each in one part.",
        )
    for where, counts in report.counts.items():
        missing = [label for label, n in counts.items() if n == 0]
        if missing and where in ("train", "all"):
            say(True, f"no picture to learn {', '.join(missing[:5])} from in {where}.")
        elif missing:
            say(False, f"no {where} picture of {', '.join(missing[:5])}: its accuracy cannot be measured.")
    if "all" in parts.parts and (few := [label for label, n in report.counts["all"].items() if 0 < n < 3]):
        say(True, f"fewer than three pictures of {', '.join(few[:5])}: one each for training, validation and test.")
    if report.near_leaks:
        say(False, f"{len(report.near_leaks):,} groups of near duplicates across parts: look at them, they may be leaks.")
    if report.imbalance >= UNEVEN:
        say(False, f"the largest class has {report.imbalance:g} times the pictures of the smallest: see --class-weights balanced.")
    if report.blank:
        say(False, f"{len(report.blank):,} pictures are blank.")
    if report.tiny:
        say(False, f"{len(report.tiny):,} pictures are under {TINY} px.")
