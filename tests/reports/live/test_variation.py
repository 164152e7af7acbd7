"""Variation inside of a class in a browser: order and distances are those of the vectors."""

import pytest
from torch.nn.functional import normalize

from clearsight.look.challenges import variation
from tests.reports.live.examples import UNLIKE, VARIED, example


def test_a_click_orders_the_others_by_their_distance(show):
    found = variation(UNLIKE, VARIED.labels.tolist(), VARIED.classes)
    unit = normalize(UNLIKE.double()[list(found.members)])
    with show(example("variation")) as window:
        assert window.get_by_label("class", exact=True).get_attribute("aria-valuetext") == found.label
        members = window.locator(".unlike button")
        far = members.evaluate_all("nodes => nodes.map(node => Number(node.dataset.value))")
        assert far == pytest.approx(sorted((1 - unit @ unit[0]).clamp_min(0).tolist()), abs=1e-9)
        last = members.last.locator("canvas").get_attribute("aria-label")
        members.last.press("Enter")
        assert members.first.get_attribute("aria-pressed") == "true" and members.first.evaluate("node => node === document.activeElement")
        k = int(last.split()[1]) - 1
        assert float(members.last.get_attribute("data-value")) == pytest.approx(float((1 - unit @ unit[k]).max()), abs=1e-9)
        window.get_by_label("class", exact=True).press("End")
        least = min(found.spreads, key=found.spreads.get)
        assert window.locator("tr.best th").inner_text() == least
        spread = window.locator("tr.best td").first.get_attribute("data-value")
        assert float(spread) == pytest.approx(found.spreads[least], abs=1e-9)
