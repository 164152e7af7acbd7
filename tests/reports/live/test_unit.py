"""One number of a network in a browser: its terms, patches and kernels are the computation's."""

import pytest

from clearsight.look.unit import strongest
from tests.reports.live.examples import UNIT, example, numbers


def test_the_terms_add_up_and_show_what_they_are_made_of(show):
    with show(example("unit")) as window:
        order = strongest(UNIT)
        told = [
            float(text) for text in window.locator(".terms td[data-value]").evaluate_all("nodes => nodes.map(node => node.dataset.value)")
        ]
        assert told == [*(UNIT.contributions[k] for k in order), UNIT.bias] and sum(told) == pytest.approx(UNIT.recomputed)
        assert "equal to the network" in window.locator(".verdict").inner_text()
        window.get_by_role("button", name=f"input channel {order[2]}", exact=True).click()
        for label, values in (("patch", UNIT.patch), ("kernel", UNIT.kernel), ("products", UNIT.patch * UNIT.kernel)):
            wanted = [[pytest.approx(one, rel=5e-3, abs=1e-12) for one in row] for row in values[order[2]].tolist()]
            assert numbers(window, label) == wanted
        window.get_by_label("terms", exact=True).fill("2")
        rest = sum(UNIT.contributions[k] for k in order[2:])
        row = window.locator(".terms tr").nth(2)
        assert row.locator("th").inner_text() == f"{len(order) - 2} more"
        assert float(row.locator("td").first.get_attribute("data-value")) == pytest.approx(rest)
