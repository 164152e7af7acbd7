"""One number of a network in a browser: its terms, patches and kernels are the computation's."""

import pytest
import torch
from matplotlib.figure import Figure

from clearsight.look.unit import recompute_unit, strongest
from clearsight.reports.live.page import page
from clearsight.reports.live.unit import live_unit
from tests.reports.live.examples import UNIT, example, numbers, texts, typed


def values(window, selector: str) -> list[float]:
    return [float(text) for text in window.locator(selector).evaluate_all("nodes => nodes.map(node => node.dataset.value)")]


def test_an_edited_pixel_and_an_edited_weight_change_the_sum_as_torch_computes_it(show):
    torch.manual_seed(0)
    convolution, norm = torch.nn.Conv2d(2, 3, 3).double(), torch.nn.BatchNorm2d(3).double().eval()
    norm.running_mean.normal_()
    norm.running_var.uniform_(0.5, 2)
    torch.nn.init.normal_(norm.weight)
    model, x = torch.nn.Sequential(convolution, norm, torch.nn.ReLU()).eval(), torch.rand(1, 2, 5, 5).double()
    with show(page(live_unit(recompute_unit(model, x, "0", 1, (1, 2)), "unit"), Figure())) as window, torch.no_grad():
        before = values(window, ".path b")
        window.get_by_role("button", name="input channel 1", exact=True).click()
        typed(window, "patch", 2, 0, "1.5")
        typed(window, "kernel", 0, 1, "-0.75")
        assert texts(window, "kernel")[0][1] == "−0.75"
        x[0, 1, 3, 2], convolution.weight[1, 1, 0, 1] = 1.5, -0.75
        wanted = [float(layer[0, 1, 1, 2]) for layer in (convolution(x), model[:2](x), model(x))]
        assert values(window, ".path b") == pytest.approx(wanted, abs=1e-9)
        assert sum(values(window, ".terms td[data-value]")) == pytest.approx(wanted[0])
        assert "edited: the sum is" in window.locator(".verdict").inner_text()
        window.get_by_role("button", name="Reset").click()
        assert values(window, ".path b") == before and "equal to the network" in window.locator(".verdict").inner_text()


def test_the_terms_add_up_and_show_what_they_are_made_of(show):
    with show(example("unit")) as window:
        order = strongest(UNIT)
        told = [
            float(text) for text in window.locator(".terms td[data-value]").evaluate_all("nodes => nodes.map(node => node.dataset.value)")
        ]
        assert told == [*(UNIT.contributions[k] for k in order), UNIT.bias] and sum(told) == pytest.approx(UNIT.recomputed)
        assert "equal to the network" in window.locator(".verdict").inner_text()
        window.get_by_role("button", name=f"input channel {order[2]}", exact=True).click()
        for label, every in (("patch", UNIT.patch), ("kernel", UNIT.kernel), ("products", UNIT.patch * UNIT.kernel)):
            wanted = [[pytest.approx(one, rel=1e-12, abs=1e-12) for one in row] for row in every[order[2]].tolist()]
            assert numbers(window, label) == wanted
        window.get_by_label("terms", exact=True).fill("2")
        rest = sum(UNIT.contributions[k] for k in order[2:])
        row = window.locator(".terms tr").nth(2)
        assert row.locator("th").inner_text() == f"{len(order) - 2} more"
        assert float(row.locator("td").first.get_attribute("data-value")) == pytest.approx(rest)
