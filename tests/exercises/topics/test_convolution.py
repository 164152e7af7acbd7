"""The answers of the sliding filter, computed again by loops."""

import numpy as np
import pytest

from clearsight.exercises.grading import grade_part
from clearsight.exercises.table import generate

SEEDS = range(30)


def at(picture, filter, i, j):
    return sum(filter[a][b] * picture[i + a][j + b] for a in range(len(filter)) for b in range(len(filter)))


@pytest.mark.parametrize("seed", SEEDS)
def test_one_cell(seed):
    made = generate("cell", seed)
    picture, filter, (i, j) = made.data["picture"], made.data["filter"], made.data["at"]
    assert float(made.parts[0].answer) == at(picture, filter, i, j)
    turned = [row[::-1] for row in filter[::-1]]
    comments = {slip.answer: slip.comment for slip in made.parts[0].slips}
    other = at(picture, turned, i, j)
    assert other == at(picture, filter, i, j) or "180°" in comments[str(other)]


@pytest.mark.parametrize("seed", SEEDS)
def test_exactly_one_cell_of_the_map_is_wrong(seed):
    made = generate("wrong-cell", seed)
    picture, filter, shown = made.data["picture"], made.data["filter"], made.data["shown"]
    wrong = [(i, j) for i in range(4) for j in range(4) if shown[i][j] != at(picture, filter, i, j)]
    assert wrong == [made.data["at"]]
    (i, j), (place, value) = wrong[0], made.parts
    assert place.answer == f"row {i + 1}, column {j + 1}" and float(value.answer) == at(picture, filter, i, j)


@pytest.mark.parametrize("seed", range(10))
def test_a_filter_for_the_curve(seed):
    made = generate("curve-filter", seed)
    curve, mouse = np.array(made.data["curve"]), np.array(made.data["mouse"])
    right = np.array([row.split() for row in made.parts[0].answer.split("; ")], int)
    assert (curve * right).sum() > made.data["goal"] and (mouse * right).sum() == 0 and right.min() >= 0 and right.max() <= 30
    other = np.where((mouse == 0) & (curve > 0), 29, 0)  # another filter that is right
    assert grade_part(made.parts[0], "\n".join(" ".join(map(str, row)) for row in other)).right
    for given, says in (("1 2 3", "49 numbers"), ("31 " * 49, "0 to 30"), ("1 " * 49, "On the mouse")):
        assert says in grade_part(made.parts[0], given).comment
