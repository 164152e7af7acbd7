"""Parameters and multiply-adds, counted one by one."""

import itertools

import pytest

from clearsight.exercises.table import generate
from clearsight.exercises.topics.costs import KERNELS, STACKS


@pytest.mark.parametrize("seed", range(20))
def test_parameters(seed):
    made = generate("parameters", seed)
    n, k, c = (made.data[name] for name in ("filters", "kernel", "channels"))
    assert int(made.parts[0].answer) == sum(sum(1 for _ in itertools.product(range(k), range(k), range(c))) + 1 for _ in range(n))


@pytest.mark.parametrize("seed", range(20))
def test_multiply_adds(seed):
    made = generate("macs", seed)
    h, n, k, c = (made.data[name] for name in ("height", "filters", "kernel", "channels"))
    places = sum(1 for i in range(h) for j in range(h) if i + k <= h and j + k <= h)
    assert int(made.parts[0].answer) == places * sum(k * k * c for _ in range(n))


@pytest.mark.parametrize("seed", range(12))
def test_small_filters(seed):
    made = generate("small-filters", seed)
    size, c = made.data["size"], made.data["channels"]
    weights = {name: sum(k * k * c * c for k in KERNELS[name]) for name in STACKS[size]}
    stack, few, factor = made.parts
    assert stack.answer == min(weights, key=weights.get) and int(few.answer) == min(weights.values())
    assert float(factor.answer) == pytest.approx(size * size * c * c / min(weights.values()), abs=0.006)


@pytest.mark.parametrize("size", STACKS)
def test_the_stacks_of_a_row_see_the_same(size):
    assert {1 + sum(k - 1 for k in KERNELS[name]) for name in STACKS[size]} == {size}
