"""Softmax regression in a browser: z and p are the sums, also of a picture that is drawn or moved."""

import numpy as np
import pytest
import torch

from clearsight.reports.live.regression import fitted
from tests.reports.live.examples import LIVE, example

READ = "nodes => nodes.map(node => Number(node.dataset.value))"


def told(window):
    cells = window.locator("table.softmax tbody tr td:nth-child(2)").evaluate_all(READ)
    return cells, window.locator(".softmax .share").evaluate_all(READ)


def agree(window, picture, data):
    z = (data["weights"] * picture).sum((1, 2)) + data["bias"]
    logits, shares = told(window)
    assert logits == pytest.approx(z.tolist(), abs=1e-6) and shares == pytest.approx(z.softmax(0).tolist(), abs=1e-6)


def test_scores_follow_the_pen_and_the_shift(show):
    data = LIVE["regression"]().data
    picture = data["pictures"][0].clone()
    assert data["parameters"] == 650
    with show(example("regression")) as window:
        agree(window, picture, data)
        canvas = window.locator("canvas").first
        canvas.press("Space")
        picture[4, 4] = 0 if picture[4, 4] == 1 else 1
        agree(window, picture, data)
        assert "1 of 64 pixels" in window.locator("#live").inner_text()
        window.get_by_role("button", name="1 px →").click()
        agree(window, torch.from_numpy(np.pad(picture.numpy(), ((0, 0), (1, 0)), mode="edge")[:, :-1]), data)
        window.get_by_role("button", name="Reset").click()
        agree(window, data["pictures"][0], data)


def test_it_is_fitted_to_the_optimum():
    x, y = torch.rand(40, 3, 3, dtype=torch.float64), torch.arange(40) % 2
    x[y == 1, 0, 0] += 1
    weight, bias = fitted(x, y, 2)
    assert ((x.flatten(1) @ weight.T + bias).argmax(1) == y).double().mean() > 0.9
