"""Filters in a browser: each with its wave, in the order that is chosen; their pixels are the weights."""

from clearsight.look.filters import described, kernels
from clearsight.look.target import subject
from tests.reports.live.examples import example


def test_filters_are_sorted_and_drawn(show):
    _, weights = kernels(subject("gabor").model)
    rows = described(weights)
    with show(example("filters")) as window:
        shown = window.locator(".wall figcaption")
        assert shown.count() == len(rows) and f"{len(rows)} filters of" in window.locator("#live > p").first.inner_text()
        window.get_by_role("button", name="by orientation").click()
        order = [int(text.split(":")[0]) for text in shown.all_inner_texts()]
        angles = [rows[k].orientation for k in order]
        assert angles == sorted(angles) and sorted(order) == list(range(len(rows)))
        window.locator(".wall figure").first.hover()
        assert window.locator(".sum").inner_text().startswith(f"filter {order[0]}: likes stripes at")
