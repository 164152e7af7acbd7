"""Feature maps in a browser: every number is the network's."""

import pytest

from clearsight.look.features import strongest
from tests.reports.live.examples import MAPS, example


def test_the_numbers_under_the_pointer_are_the_networks(show):
    with show(example("maps")) as window:
        for place, (name, values) in enumerate(MAPS.items()):
            window.get_by_label("stage", exact=True).fill(str(place))
            middle = (values.shape[1] // 2, values.shape[2] // 2)
            window.locator(".wall canvas").nth(1).focus()
            window.keyboard.press("ArrowLeft")
            y, x = middle[0], middle[1] - 1
            chosen = strongest(values, 6)
            told = [float(text) for text in window.locator(".wall b").evaluate_all("nodes => nodes.map(node => node.dataset.value)")]
            assert told == pytest.approx([float(values[channel, y, x]) for channel in chosen], abs=0)
            assert window.locator(".sum").inner_text().startswith(f"{name}, channel {chosen[1]} at {y},{x}: ")
            size = "×".join(map(str, values.shape))
            assert window.locator("h2").inner_text().startswith(f"{name}: {size}")
