"""Recall, precision, Wilson's interval and McNemar's test by their definitions."""

import pytest

from clearsight.exercises.table import generate

NAMES = ("cat", "dog", "fish")


def limit(share, n, end):
    """Wilson's limit between `share` and `end`: where the score test has |z| = 1.96, by bisection."""
    near, far = share, end
    for _ in range(60):
        middle = (near + far) / 2
        inside = (share - middle) ** 2 <= 1.96**2 * middle * (1 - middle) / n
        near, far = (middle, far) if inside else (near, middle)
    return near


@pytest.mark.parametrize("seed", range(20))
def test_confusion(seed):
    d = (made := generate("confusion", seed)).data
    counts, a, b = d["counts"], d["recall"], d["precision"]
    recall, precision, pair, low, high = (part.answer for part in made.parts)
    assert float(recall) == pytest.approx(counts[a][a] / sum(counts[a]), abs=1e-4)
    assert float(precision) == pytest.approx(counts[b][b] / sum(row[b] for row in counts), abs=1e-4)
    off = {(i, j): counts[i][j] for i in range(3) for j in range(3) if i != j}
    worst = [place for place, n in off.items() if n == max(off.values())]
    assert [f"{NAMES[i]} → {NAMES[j]}" for i, j in worst] == [pair]
    share, n = d["right"] / d["n"], d["n"]
    assert (float(low), float(high)) == pytest.approx((limit(share, n, 0.0), limit(share, n, 1.0)), abs=2e-4)
    assert float(low) < d["right"] / d["n"] < float(high)


@pytest.mark.parametrize("seed", range(20))
def test_mcnemar(seed):
    d = (made := generate("mcnemar", seed)).data
    n, fewer = d["only_a"] + d["only_b"], min(d["only_a"], d["only_b"])
    ways = [1]  # of i heads in n tosses, by Pascal's triangle
    for _ in range(n):
        ways = [x + y for x, y in zip([0, *ways], [*ways, 0], strict=True)]
    p = 2 * sum(ways[: fewer + 1]) / 2**n
    assert float(made.parts[0].answer) == pytest.approx(p, abs=1e-5)
    assert made.parts[1].answer.startswith("yes" if p < 0.05 else "no")
