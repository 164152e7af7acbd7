"""Hand-designed features in a browser: the distances under light and moves are those that were computed."""

import pytest

from tests.reports.live.examples import NUDGED, example

READ = "nodes => nodes.map(node => Number(node.dataset.value))"


def test_the_sliders_show_the_distances(show):
    with show(example("nudged")) as window:
        values = window.locator("tbody td[data-value]")
        assert values.evaluate_all(READ) == [0, 0, 0]
        window.get_by_label("light").press("End")
        assert values.evaluate_all(READ) == pytest.approx([one[-1, 0] for one in NUDGED.distances.values()])
        window.get_by_label("move").press("End")
        assert values.evaluate_all(READ) == pytest.approx([one[-1, -1] for one in NUDGED.distances.values()])
        assert "light +60, moved by 8 px" in window.locator(".sum").inner_text()
