"""The gradient by depth in a browser: the values at the place that is chosen."""

import pytest

from clearsight.look.depth import gradient_by_depth
from tests.reports.live.examples import example

READ = "nodes => nodes.map(node => node.dataset.value && Number(node.dataset.value))"


def test_gradients_are_the_computations(show):
    with show(example("curves")) as window:
        shown = window.locator(".measured td[data-value]")
        for key, layer in (("Home", 0), ("ArrowRight", 1)):
            window.get_by_role("slider").press(key)
            wanted = [gradient_by_depth(depth, shortcuts)[layer] for depth in (19, 55) for shortcuts in (True, False)]
            assert shown.evaluate_all(READ) == pytest.approx(wanted)
        window.get_by_role("slider").press("End")
        assert shown.all_inner_texts()[:2] == ["–", "–"]  # 20 layers end before
        assert window.locator(".graph path").count() == 4
