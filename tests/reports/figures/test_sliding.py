"""A filter on a photograph: the map so far, the products of each channel."""

import numpy as np
import pytest
import torch

from clearsight.look.convolution import calculate
from clearsight.reports.figures.sliding import pixels_of, sliding_figure, so_far
from clearsight.reports.style import PRINT, Style
from tests.reports.figures.drawn import cut_off, overlapping, words

RAMP = torch.arange(3 * 20 * 30).reshape(3, 20, 30) % 256


def test_a_map_has_no_colour_where_it_is_not_computed():
    part, scale = so_far(torch.tensor([[1.0, -4.0], [2.0, 3.0]]), 3)
    assert part[0].tolist() == [1, -4] and part[1, 0] == 2 and np.isnan(part[1, 1])
    assert (scale.norm.vmin, scale.norm.vmax) == (-4, 4)
    assert pixels_of(torch.full((1, 2, 3), 300.0)).tolist() == [[[255] * 3] * 3] * 2


@pytest.mark.parametrize("style", [PRINT, Style("slide", "dark")], ids=["print", "slide"])
@pytest.mark.parametrize(
    "own", [{"picture": RAMP, "through": "relu,maxpool"}, {"picture": RAMP[0]}, {"picture": RAMP, "filters": ["box:5"]}]
)
def test_nothing_is_cut_or_covered(own, style):
    found = calculate(**own)
    figure = sliding_figure(found, None, "a filter on cat.jpg", (3, 4), style=style)
    written = words(figure)
    assert cut_off(figure, written) == [] and overlapping(written) == []
    assert not style.slide or min(one.size for one in written) >= 24
    texts = [one.text for one in written]
    step = found.convolution.step(0, 3, 4)
    assert f"row 3, column 4:  {step.products.numel()} products, sum {step.sum:.6g}".replace("-", "−") in texts
    assert len(step.patch) == 1 or f"red: sum {float(step.products[0].sum()):.5g}".replace("-", "−") in texts
