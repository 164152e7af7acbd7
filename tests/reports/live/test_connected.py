"""A fully connected layer in a browser: the lecture's 6·6·256·4096, and 94 % of AlexNet's parameters."""

import pytest

from tests.reports.live.examples import example


def test_the_weights_are_counted(show):
    with show(example("connected")) as window:
        read = "nodes => nodes.map(node => Number(node.dataset.value))"
        assert window.locator(".facts b").evaluate_all(read) == [9216, 37_748_736, 37_752_832]
        assert sum(window.locator("tbody td[data-value]").evaluate_all(read)) == 62_378_344
        share = float(window.locator(".share").get_attribute("data-value"))
        assert (
            share == pytest.approx((37_752_832 + 16_781_312 + 4_097_000) / 62_378_344) and "94.0 %" in window.locator(".share").inner_text()
        )
        window.get_by_label("neurons").press("Home")
        assert window.locator(".facts b").evaluate_all(read) == [9216, 9216, 9217]
