"""Averages of weights against their definitions."""

import pytest
import torch

from clearsight.training.optim.averaging import blend, update_ema


def states(n: int) -> list[dict[str, torch.Tensor]]:
    torch.manual_seed(0)
    return [{"weight": torch.randn(3, 2), "count": torch.tensor(i)} for i in range(n)]


def test_blending_by_the_reciprocal_count_is_the_mean():
    mean, every = {}, states(5)
    for i, values in enumerate(every):
        blend(mean, values, 1 / (1 + i))
    torch.testing.assert_close(mean["weight"], torch.stack([values["weight"] for values in every]).mean(0))
    assert mean["count"] == 4  # integers are copied


def test_the_first_values_are_a_copy():
    mean, (first, second) = {}, states(2)
    blend(mean, first, 0.5)
    kept = first["weight"].clone()
    blend(mean, second, 0.5)
    assert torch.equal(first["weight"], kept) and mean["weight"].data_ptr() != first["weight"].data_ptr()


def test_the_moving_average_forgets_its_start():
    averaged, every = {}, states(40)
    expected = every[0]["weight"].clone()
    update_ema(averaged, every[0], 0.9, 0)
    for step, values in enumerate(every[1:], 1):
        update_ema(averaged, values, 0.9, step)
        decay = min(0.9, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * values["weight"]
    torch.testing.assert_close(averaged["weight"], expected)


def test_a_constant_stays():
    averaged = {"weight": torch.ones(2)}
    for step in range(10):
        update_ema(averaged, {"weight": torch.ones(2)}, 0.99, step)
    assert averaged["weight"].tolist() == pytest.approx([1, 1])
