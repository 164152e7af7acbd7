"""FGSM on a linear model, by trying all directions."""

import itertools

import pytest

from clearsight.exercises.table import generate


@pytest.mark.parametrize("seed", range(30))
def test_fgsm(seed):
    d = (made := generate("fgsm", seed)).data

    def worst(epsilon):
        z = sum(w * x for w, x in zip(d["w"], d["x"], strict=True)) + d["bias"]
        moves = [sum(w * s * epsilon for w, s in zip(d["w"], signs, strict=True)) for signs in itertools.product((-1, 1), repeat=4)]
        return z, z + (min(moves) if z > 0 else max(moves))

    z, after = worst(d["epsilon"])
    assert float(made.parts[0].answer) == pytest.approx(after, abs=1e-4)
    smallest = float(made.parts[1].answer)
    assert worst(smallest - 2e-4)[1] * z > 0 > worst(smallest + 2e-4)[1] * z
    assert all(x - smallest >= 0 and x + smallest <= 1 for x in d["x"])  # as the question says, nothing is cut off
