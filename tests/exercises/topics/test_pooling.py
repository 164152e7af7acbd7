"""Pooling by loops."""

import pytest

from clearsight.exercises.grading import grade_part
from clearsight.exercises.table import generate


def windows(values, k):
    n = len(values) // k
    return [[[values[i * k + a][j * k + b] for a in range(k) for b in range(k)] for j in range(n)] for i in range(n)]


@pytest.mark.parametrize("seed", range(20))
def test_max_and_average(seed):
    made = generate("pooling", seed)
    cut, (i, j) = windows(made.data["map"], made.data["window"]), made.data["at"]
    assert made.parts[0].answer == "; ".join(" ".join(str(max(window)) for window in row) for row in cut)
    assert float(made.parts[1].answer) == pytest.approx(sum(cut[i][j]) / len(cut[i][j]), abs=1e-4)


@pytest.mark.parametrize("seed", range(20))
def test_relu_and_pooling(seed):
    made = generate("relu-pooling", seed)
    i, j = made.data["at"]
    window = windows(made.data["map"], 2)[i][j]
    first, last, order, counterexample = made.parts
    assert float(first.answer) == sum(max(0, value) for value in window) / 4
    assert float(last.answer) == max(0, sum(window) / 4)
    assert order.answer.startswith("the same")
    assert grade_part(counterexample, "5 5; 5 -1").right
    for given, says in (("1 2 3", "4 numbers"), ("1 1; 1 1", "Both orders give 1"), ("-1 -1; -1 -1", "Both orders give 0")):
        assert says in grade_part(counterexample, given).comment
