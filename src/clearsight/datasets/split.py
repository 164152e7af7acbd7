"""Splits: stratified and seeded, groups and copies kept whole; and alignment to another class table by name."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from ..base.errors import ClearsightError, UsageError, listed, wrong
from ..base.randomness import uniform
from ..images.deep import Reading
from .classes import places
from .dataset import Dataset, Parts, joined, objects
from .fingerprint import alike, prints
from .manifest import PARTS
from .survey import survey

Division = Callable[[Dataset], NDArray[np.object_]]  # the part of each picture in an earlier split, or ""
_ORDERS = 10  # random orders of the groups that are tried


def split(
    parts: Parts,
    *,
    seed: int = 0,
    val: float = 0.1,
    test: float = 0.2,
    share: float = 1.0,
    near: bool = False,
    inherited: Division | None = None,
) -> Parts:
    """`parts` with train, val and test: test is carved only from data without parts, val from train when it is missing.

    Of train, only `share` is used, and of that val is carved; the rest is the part `unused`. A smaller share is part of a larger one.

    Each fraction is of what it is carved from, per class within one picture (largest remainder), and train keeps at least one
    picture of every class. Groups stay whole, which comes before exact fractions, and so do copies where the pictures have digests;
    `near` copies as well if asked for. A fraction of 0 carves nothing. Pictures that have a part by the division `inherited` keep it.
    Raises UsageError for a fraction outside [0, 1), ClearsightError when there is too little to carve from, nothing to train on, or
    nothing to judge on that the division did not train with.
    """
    for name, fraction in (("val", val), ("test", test)):
        if not 0 <= fraction < 1:
            raise wrong(name, "at least 0 and below 1", fraction)
    if not 0 < share <= 1:
        raise wrong("share", "above 0 and at most 1", share)
    made = dict(parts.parts)
    whole = "all" in made
    if whole:
        made = {"train": made["all"]}
    if "train" not in made:
        raise ClearsightError(f"{parts.name} has no train part, only {listed(made)}: there is nothing to train on.")
    before = made["train"]
    if near:
        made["train"] = with_near_copies(before)
    fractions = {"test": test if whole else 0, "unused": 1 - share, "val": 0 if "val" in made else val}
    kept = _inherited(made, [part for part in ("val", "test") if fractions[part]], inherited) if inherited else {}
    notes, carved = [*_near_said(before, made["train"]), *_copies_said(made)], []
    for part, fraction in fractions.items():
        if fraction and (rows := _free(made["train"], part, kept, inherited)).any():
            made["train"], made[part] = _carve(made["train"], part, fraction, seed, rows)
            carved.append(part)
        if part in kept:
            made[part] = joined(kept[part], made[part]) if part in made else kept[part]
    made = {part: made[part] for part in PARTS if part in made}
    return Parts(parts.name, parts.classes, made, (*parts.notes, *_notes(made, carved, seed), *notes))


def _inherited(made: dict[str, Dataset], wanted: list[str], inherited: Division) -> dict[str, Dataset]:
    """The pictures of train that were in a `wanted` part before, taken out of it."""
    words = inherited(made["train"])
    kept = {part: made["train"].subset(words == part) for part in wanted if (words == part).any()}
    made["train"] = made["train"].subset(~np.isin(words, list(kept)))
    return kept


def _free(train: Dataset, part: str, kept: dict[str, Dataset], inherited: Division | None) -> NDArray[np.bool_]:
    """Which pictures of train a part may be carved from, bool (N,): those that had no part before, in whole groups."""
    free: NDArray[np.bool_] = np.ones(len(train), dtype=bool)
    if inherited is None or part == "unused":
        return free
    units = together(train)
    free = np.asarray(inherited(train) == "")
    free &= ~np.isin(units, units[~free])
    if free.any() or part in kept:
        return free
    raise ClearsightError(
        f"all {len(train):,} pictures are among those that the weights to start from were trained with, which leaves none for a {part} "
        f"part. Bring a {part} part of other pictures."
    )


def with_labels(parts: Parts, wanted: str, seed: int) -> Parts:
    """`parts` with only some labels of train: `10` of each class, or `1%` of all, stratified; the other pictures are `unlabelled`.

    Fewer labels are part of more. Raises UsageError for words of another form, or a number of labels that is 0 or too large.
    """
    train = parts.parts["train"]
    share, number = wanted.endswith("%"), wanted.removesuffix("%").strip()
    try:
        amount = float(number) if share else int(number)
    except ValueError:
        amount = 0
    if not 0 < amount <= (100 if share else len(train)):
        raise wrong("labels", "a number of each class, as in 10, or a share, as in 1%", wanted)
    counts = train.counts()
    take = np.minimum(counts, np.maximum(np.round(counts * amount / 100).astype(np.int64), counts > 0) if share else int(amount))
    order = _order(len(train), seed, "labels")
    by_class = order[np.argsort(train.labels[order], kind="stable")]
    starts = np.cumsum(counts) - counts
    chosen = np.zeros(len(train), dtype=bool)
    for start, n in zip(starts, take, strict=True):
        chosen[by_class[start : start + n]] = True
    made = dict(parts.parts) | {"train": train.subset(chosen), "unlabelled": train.subset(~chosen)}
    made = {part: made[part] for part in PARTS if part in made and (part != "unlabelled" or len(made[part]))}
    each = f"{take.min()}" if take.min() == take.max() else f"{take.min()} to {take.max()}"
    note = f"labels of {chosen.sum():,} of {len(train):,} training pictures are used, {each} of a class"
    return Parts(parts.name, parts.classes, made, (*parts.notes, note))


def _notes(made: dict[str, Dataset], carved: list[str], seed: int) -> list[str]:
    if not carved:
        return []
    sizes = ", ".join(f"{len(dataset):,} {part}" for part, dataset in made.items())
    groups = ", groups kept whole" if made["train"].groups is not None else ""
    notes = [f"{' and '.join(carved)} carved from the training pictures by seed {seed}, stratified{groups}: {sizes}"]
    for part in carved:
        lacking = [made[part].classes[k] for k in np.flatnonzero((made[part].counts() == 0) & (made["train"].counts() > 0))]
        if lacking:
            notes.append(f"too few pictures for the {part} part to have any of: {listed(lacking)}")
    return notes


def _near_said(before: Dataset, after: Dataset) -> list[str]:
    """The note on near copies that were put into one group."""
    n = len(np.unique(together(before))) - len(np.unique(together(after)))
    return [f"{n:,} of {len(after):,} pictures are near copies of another one (saved again, resized, mirrored): they stay in one part"] * (
        n > 0
    )


def _copies_said(made: dict[str, Dataset]) -> list[str]:
    """Notes on exact copies: those kept together, and those that the data's own parts separate."""
    if any(dataset.digests is None for dataset in made.values()):
        return []
    notes, train = [], made["train"].digests
    if again := len(train) - len(np.unique(train)):  # type: ignore[arg-type]
        notes.append(f"{again:,} of {len(made['train']):,} pictures are exact copies of another one: copies stay in one part")
    for part in ("val", "test"):
        if part in made and (n := int(np.isin(made[part].digests, train).sum())):  # type: ignore[arg-type]
            notes.append(
                f"{n:,} of the {len(made[part]):,} {part} pictures are exact copies of training pictures"
                + (": evaluate gives the accuracy with and without them" if part == "test" else ", so validation accuracy is too high")
            )
    return notes


def together(dataset: Dataset) -> NDArray[np.int64]:
    """A number for each picture, int64 (N,), shared by those that must stay in one part: of one group, or exact copies."""
    units = np.arange(len(dataset))
    for column in (dataset.groups, dataset.digests):
        if column is not None:
            units = _joined(units, np.unique(column.astype(str), return_inverse=True)[1].reshape(-1))
    return units


def with_near_copies(dataset: Dataset) -> Dataset:
    """`dataset` with pictures that look the same (saved again, resized, mirrored) in one group; unchanged without such pictures."""
    fingerprints = prints([dataset], Reading(survey(dataset).levels))
    shown = np.flatnonzero(~(fingerprints.blank | fingerprints.featureless))
    shown = np.setdiff1d(shown, list(fingerprints.unreadable))
    near = np.arange(len(dataset))
    groups = alike(fingerprints.points[shown])
    if not groups:
        return dataset
    for group in groups:
        near[shown[group]] = shown[group[0]]
    return replace(dataset, groups=objects(str(unit) for unit in _joined(together(dataset), near)))


def _joined(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    """Labels (N,) of the connected components of two labellings, numbered as they come; `first` is numbered so."""
    places, inside = np.unique(second, return_index=True, return_inverse=True)[1:]
    inside = inside.reshape(-1)
    if (first == first[places][inside]).all():  # groups of `second` do not reach across those of `first`
        return first
    if len(np.unique(first)) == len(first):
        return np.argsort(np.argsort(places))[inside]
    from scipy.sparse import coo_array  # half a second, which most data need not wait for
    from scipy.sparse.csgraph import connected_components

    n = max(int(first.max(initial=-1)), int(second.max(initial=-1))) + 1
    graph = coo_array((np.ones(len(first), dtype=bool), (first, n + second)), shape=(2 * n, 2 * n))
    components: NDArray[np.int64] = connected_components(graph, directed=False)[1][first].astype(np.int64)
    return components


def _carve(dataset: Dataset, part: str, fraction: float, seed: int, free: NDArray[np.bool_]) -> tuple[Dataset, Dataset]:
    """(the rest, the part), which is carved from the `free` pictures."""
    some = dataset.subset(free)
    chosen = _whole_groups(some, part, fraction, seed) if some.groups is not None else _per_class(some, part, fraction, seed)
    if not chosen.any():
        what = "classes of one picture" if dataset.groups is None else "classes of one group"
        raise ClearsightError(
            f"no {part} part can be carved from {len(some)} pictures: train must keep one of every class, and these are {what} only. "
            f"Add pictures, or bring a {part} part."
        )
    taken = free.copy()
    taken[free] = chosen
    return dataset.subset(~taken), dataset.subset(taken)


def _order(n: int, seed: int, name: str) -> NDArray[np.int64]:
    """A random order of `n` things that is the same on every machine."""
    draws = uniform(seed, 0, torch.arange(n), f"split {name}")[:, 0].numpy()
    return np.argsort(draws, kind="stable").astype(np.int64)


def _per_class(dataset: Dataset, part: str, fraction: float, seed: int) -> NDArray[np.bool_]:
    """bool (N,): which pictures go to the part, by largest remainder over the classes; copies go where the first of them goes."""
    _, first, unit = np.unique(together(dataset), return_index=True, return_inverse=True)
    is_first = np.zeros(len(dataset), dtype=bool)
    is_first[first] = True
    counts = np.bincount(dataset.labels[is_first], minlength=len(dataset.classes))
    most = np.maximum(counts - 1, 0)
    quota = fraction * counts
    take = np.minimum(np.floor(quota).astype(np.int64), most)
    total = min(max(1, round(fraction * len(first))), int(most.sum()))
    for k in np.argsort(take - quota, kind="stable"):  # the largest remainder first
        if take.sum() < total and take[k] < min(most[k], np.ceil(quota[k])):
            take[k] += 1
    chosen = np.zeros(len(dataset), dtype=bool)
    order = _order(len(dataset), seed, part)
    order = order[is_first[order]]
    by_class = order[np.argsort(dataset.labels[order], kind="stable")]
    starts = np.cumsum(counts) - counts
    for start, n in zip(starts, take, strict=True):
        chosen[by_class[start : start + n]] = True
    return chosen[first][unit.reshape(-1)]


def _whole_groups(dataset: Dataset, part: str, fraction: float, seed: int) -> NDArray[np.bool_]:
    """bool (N,): which pictures go to the part, greedily by whole groups; the best of several random orders."""
    _, group = np.unique(together(dataset), return_inverse=True)
    n_groups = int(group.max()) + 1
    by_group = np.argsort(group, kind="stable")
    members = np.split(by_group, np.cumsum(np.bincount(group))[:-1])
    tables = [np.unique(dataset.labels[rows], return_counts=True) for rows in members]
    orders = range(max(1, min(_ORDERS, 20_000 // n_groups)))  # many groups: one order is as good as the best
    tried = [_greedy(tables, dataset.counts(), fraction, _order(n_groups, seed, f"{part} {i}")) for i in orders]
    _, best = min(tried, key=lambda result: result[0])
    return best[group]


def _greedy(
    tables: list[tuple[NDArray[np.int64], NDArray[np.int64]]], counts: NDArray[np.int64], fraction: float, order: NDArray[np.int64]
) -> tuple[float, NDArray[np.bool_]]:
    """(distance to the wanted counts, bool per group): a group joins when that brings the classes nearer to their fraction."""
    gap = fraction * counts  # pictures of each class still wanted
    left = counts.copy()
    joined = np.zeros(len(tables), dtype=bool)
    nearest, nearest_cost = -1, np.inf
    for g in order:
        classes, n = tables[g]
        if (left[classes] - n < 1).any():
            continue
        cost = float((n * (n - 2 * gap[classes]) / counts[classes]).sum())  # the change of Σ gap² / count
        if cost < 0:
            joined[g] = True
            gap[classes] -= n
            left[classes] -= n
        elif cost < nearest_cost:
            nearest, nearest_cost = int(g), cost
    if not joined.any() and nearest >= 0:  # every group is too large: the least bad one, as a part needs pictures
        joined[nearest] = True
        gap[tables[nearest][0]] -= tables[nearest][1]
    return (float((gap**2 / np.maximum(counts, 1)).sum()) if joined.any() else np.inf), joined


def align(dataset: Dataset, classes: tuple[str, ...]) -> Dataset:
    """`dataset` with its labels re-indexed to another class table by NAME; raises UsageError for a class that is not in it."""
    table = places(dataset.classes, classes)
    extra = [label for label, n, place in zip(dataset.classes, dataset.counts(), table, strict=True) if n and place < 0]
    if extra:
        raise UsageError(
            f"the data has classes that the classifier does not know: {listed(map(repr, extra))}. "
            f"The data's classes: {listed(map(repr, dataset.classes))}. The classifier's: {listed(map(repr, classes))}."
        )
    return replace(dataset, classes=tuple(classes), labels=table[dataset.labels])


def align_parts(parts: Parts, classes: Sequence[str]) -> Parts:
    """Every part after `align`, with `classes` as the one table; raises UsageError as `align` does."""
    table = tuple(classes)
    return replace(parts, classes=table, parts={name: align(dataset, table) for name, dataset in parts.parts.items()})


def folds(dataset: Dataset, k: int, seed: int = 0) -> NDArray[np.int64]:
    """The fold of each picture of `k`, int64 (N,): stratified, seeded, groups whole; -1 for pictures that every fold must train on.

    Those are the pictures, with their groups, of a class that would be in one fold only, and so be missing from its training set.
    Raises UsageError for fewer than 2 folds, or more folds than pictures or groups; ClearsightError if no picture is left.
    """
    if k < 2:
        raise wrong("folds", "at least 2", k)
    units = np.unique(together(dataset), return_inverse=True)[1].reshape(-1)
    n_units = int(units.max(initial=-1)) + 1
    if n_units < k:
        what = "pictures" if dataset.groups is None else "groups of pictures"
        raise UsageError(f"{k} folds need at least {k} {what}. There are {n_units}.")
    fold = _dealt(dataset, k, seed) if n_units == len(dataset) else _dealt_groups(dataset, units, k, seed)
    held = np.zeros((len(dataset.classes), k), dtype=bool)
    held[dataset.labels, fold] = True
    alone = np.isin(units, units[(held.sum(1) == 1)[dataset.labels]])
    if alone.all():
        what = "one picture" if dataset.groups is None else "one group"
        raise ClearsightError(f"no class has more than {what}, so none can be learnt without it. Add pictures.")
    fold[alone] = -1
    return fold


def _dealt(dataset: Dataset, k: int, seed: int) -> NDArray[np.int64]:
    """Pictures in random order, class after class, are dealt out in turn."""
    order = _order(len(dataset), seed, "folds")
    fold = np.empty(len(dataset), dtype=np.int64)
    fold[order[np.argsort(dataset.labels[order], kind="stable")]] = np.arange(len(dataset)) % k
    return fold


def _dealt_groups(dataset: Dataset, group: NDArray[np.int64], k: int, seed: int) -> NDArray[np.int64]:
    """Groups, the largest first, each to the fold that has the fewest of its classes."""
    sizes, counts = np.bincount(group), dataset.counts()
    members = np.split(np.argsort(group, kind="stable"), np.cumsum(sizes)[:-1])
    order = _order(len(sizes), seed, "folds")
    have, total, place = np.zeros((k, len(counts))), np.zeros(k), np.empty(len(sizes), dtype=np.int64)
    for g in order[np.argsort(-sizes[order], kind="stable")]:
        classes, n = np.unique(dataset.labels[members[g]], return_counts=True)
        cost = (n * (n + 2 * have[:, classes]) / counts[classes]).sum(1)  # the change of Σ pictures² / count
        place[g] = min(range(k), key=lambda f: (cost[f], total[f]))
        have[place[g], classes] += n
        total[place[g]] += sizes[g]
    return place[group]
