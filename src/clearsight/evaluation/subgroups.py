"""Variation within a class: the accuracy of the worst cluster of pictures with similar features."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..metrics.intervals import wilson
from .rows import Subgroup, Subgroups, WorstSubgroup

MOST, LEAST = 4, 20  # groups of a class; pictures in each, on average and at least
EXAMPLES = 8


def subgroups(
    vectors: NDArray[np.float32],
    labels: NDArray[np.int64],
    right: NDArray[np.bool_],
    classes: Sequence[str],
    names: Sequence[str],
    seed: int = 0,
) -> Subgroups | None:
    """Groups of each class by k-means over `vectors` `(n, D)`, and the worst; None when no class has 40 pictures.

    The worst of many would look worse than it is: it is chosen by one half of each group's pictures and judged on the other half.
    """
    rows = []
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        k = min(MOST, len(own) // LEAST)
        if k < 2:
            continue
        group = _clusters(_unit(vectors[own]), k, seed)
        rows += [_row(classes[label], i, own[group == i], right, names) for i in range(k) if (group == i).sum() >= LEAST]
    if not rows:
        return None
    worst = min(rows, key=lambda row: row["chosen_by"])
    return {"worst": worst, "groups": [_without_pictures(row) for row in rows]}


def _clusters(vectors: NDArray[np.float32], k: int, seed: int) -> NDArray[np.int32]:
    from sklearn.cluster import KMeans  # two seconds, which tests without groups need not wait for

    found: NDArray[np.int32] = KMeans(k, n_init=4, random_state=seed).fit_predict(vectors)
    return found


def _row(label: str, group: int, members: NDArray[np.int64], right: NDArray[np.bool_], names: Sequence[str]) -> WorstSubgroup:
    chosen, judged = members[::2], members[1::2]
    hits = int(right[judged].sum())
    low, high = wilson(hits, len(judged))
    wrong_first = sorted(members.tolist(), key=lambda row: bool(right[row]))
    return {
        "class": label,
        "group": group,
        "chosen_by": float(right[chosen].mean()),
        "top1": hits / len(judged),
        "low": low,
        "high": high,
        "n": len(judged),
        "pictures": [names[row] for row in wrong_first[:EXAMPLES]],
    }


def _without_pictures(row: WorstSubgroup) -> Subgroup:
    return {
        "class": row["class"], "group": row["group"], "chosen_by": row["chosen_by"], "top1": row["top1"], "low": row["low"],
        "high": row["high"], "n": row["n"],
    }  # fmt: skip


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths: NDArray[np.float32] = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)
