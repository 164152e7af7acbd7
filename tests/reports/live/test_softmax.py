"""Softmax in a browser: the classifier's probabilities first, then those of edited logits, as torch computes them."""

import pytest
import torch
from matplotlib.figure import Figure

from clearsight.reports.live.page import page
from clearsight.reports.live.softmax import live_softmax


def shares(window) -> list[float]:
    return [float(one) for one in window.locator(".share").evaluate_all("nodes => nodes.map(node => node.dataset.value)")]


@pytest.mark.parametrize(("extra", "temperature", "more"), [(0, 1.0, 0), (20, 1.7, 0), (20, 1.0, 900)])
def test_edited_logits_have_the_probabilities_of_torch(show, extra, temperature, more):
    z = more + torch.tensor([3.2, 5.1, -1.7, 0.3, *(-2.0 - 0.01 * k for k in range(extra))], dtype=torch.float64)
    live = live_softmax(z, [f"class {k}" for k in range(len(z))], "Softmax", temperature)
    order = z.argsort(descending=True)[:10]
    with show(page(live, Figure())) as window:
        first = shares(window)
        wanted = (z / temperature).softmax(0)
        assert first[: len(order)] == wanted[order].tolist() and sum(first) == pytest.approx(1)
        assert len(first) == len(order) + (len(z) > 10)
        window.get_by_label("add to all logits").fill("-4.5")
        assert shares(window) == pytest.approx(first, abs=1e-12) and window.locator("tfoot .bar").inner_text() == "100.0 %"
        window.get_by_label("add to all logits").fill("0")
        window.get_by_label("logit of class 0", exact=True).fill(str(more + 6))
        z[0] = more + 6
        assert shares(window)[: len(order)] == pytest.approx((z / temperature).softmax(0)[order].tolist(), abs=1e-12)
        assert window.locator("tr.best th").inner_text() == "class 0" and window.locator(".sum").inner_text().startswith("class 0: ")
        window.get_by_role("button", name="Reset").click()
        assert shares(window) == first


def test_other_classes_are_told_together():
    found = live_softmax(torch.arange(1000.0), [str(k) for k in range(1000)], "", 100.0).data
    assert [row["label"] for row in found["rows"][:2]] == ["999", "998"] and len(found["rows"]) == 10 and found["others"]["count"] == 990
    assert sum(row["probability"] for row in found["rows"]) + found["others"]["probability"] == pytest.approx(1)
