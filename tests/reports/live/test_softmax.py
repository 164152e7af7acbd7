"""Softmax in a browser: the classifier's probabilities first, then those of edited logits, as torch computes them."""

import pytest
import torch
from matplotlib.figure import Figure

from clearsight.reports.live.page import Live, page


def data(logits: list[float], shown: int, temperature: float) -> dict:
    z = torch.tensor(logits, dtype=torch.float64)
    exp, p = (z / temperature).exp().tolist(), (z / temperature).softmax(0).tolist()
    order = sorted(range(len(logits)), key=lambda k: -logits[k])
    rows = [{"label": f"class {k}", "logit": logits[k], "exp": exp[k], "probability": p[k]} for k in order]
    rest = rows[shown:]
    others = {"count": len(rest), "exp": sum(one["exp"] for one in rest), "probability": sum(one["probability"] for one in rest)}
    return {"rows": rows[:shown], "others": others, "temperature": temperature}


def shares(window) -> list[float]:
    return [float(one) for one in window.locator(".share").evaluate_all("nodes => nodes.map(node => node.dataset.value)")]


@pytest.mark.parametrize(("shown", "temperature"), [(4, 1.0), (2, 1.7)])
def test_edited_logits_have_the_probabilities_of_torch(show, shown, temperature):
    logits = [3.2, 5.1, -1.7, 0.3]
    given = data(logits, shown, temperature)
    with show(page(Live("softmax", "Softmax", "", given), Figure())) as window:
        count = shown + (shown < 4)
        assert shares(window) == [one["probability"] for one in [*given["rows"], given["others"]][:count]]
        window.get_by_label("add to all logits").fill("-4.5")
        assert shares(window) == pytest.approx([one["probability"] for one in [*given["rows"], given["others"]][:count]], abs=1e-12)
        window.get_by_label("add to all logits").fill("0")
        window.get_by_label("logit of class 0").fill("6")
        wanted = (torch.tensor([6, 5.1, -1.7, 0.3], dtype=torch.float64) / temperature).softmax(0)
        order = [1, 0, 3, 2][:shown]
        assert shares(window)[:shown] == pytest.approx([float(wanted[k]) for k in order], abs=1e-12)
        assert sum(shares(window)) == pytest.approx(1)
        assert "class 0" in window.locator("tr.best").inner_text() and window.locator(".sum").inner_text().startswith("class 0: ")
        window.get_by_role("button", name="Reset").click()
        assert shares(window) == [one["probability"] for one in [*given["rows"], given["others"]][:count]]
