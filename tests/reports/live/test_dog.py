"""A difference of Gaussians in a browser: the numbers are those of clearsight.images.blur."""

import pytest
import torch

from clearsight.images.blur import blurred
from tests.reports.live.examples import LIVE, example


def test_the_difference_is_pythons_at_any_two_widths(show):
    data = LIVE["dog"]().data
    pixels = torch.from_numpy(data["pixels"])[None, None]
    with show(example("dog")) as window:
        window.get_by_label("difference: ").press("ArrowUp")
        y, x = pixels.shape[2] // 2 - 1, pixels.shape[3] // 2
        for centre, surround in ((data["centre"], data["surround"]), (0.5, 3.0)):
            window.get_by_label("σ of the centre").fill(str(centre))
            window.get_by_label("σ of the surround").fill(str(surround))
            wanted = (blurred(pixels.clone(), round(centre, 1)) - blurred(pixels.clone(), round(surround, 1)))[0, 0, y, x]
            shown = window.locator("[data-value]:has(> .sum)").get_attribute("data-value")
            assert float(shown) == pytest.approx(float(wanted), abs=1e-9)
            assert window.locator(".sum").inner_text().startswith(f"row {y}, column {x}: ")
