"""HOG as strokes: along the edges, with scikit-image's directions and strengths."""

import numpy as np
import pytest
import torch
from skimage import draw, feature

from clearsight import models
from clearsight.look.handmade.gradients import gradients, strokes


def built(name: str, side: int):
    return models.build(name, 2, channels=1, height=side, width=side)


def test_strokes_are_those_of_scikit_image() -> None:
    picture = np.random.default_rng(0).random((64, 64), np.float32)
    _, drawn = feature.hog(picture, 9, (16, 16), (2, 2), visualize=True)
    model = built("hog-hard", 64)
    model.side, model.rows, model.columns = 16, 4, 4
    found = gradients(model, torch.from_numpy(picture)[None, None])
    mine, radius = np.zeros_like(drawn), 16 // 2 - 1  # scikit-image's strokes are 1 px shorter than half a cell
    for (x0, y0, x1, y1), strength in zip(strokes(found.cells, 16, radius / 16), found.cells.ravel(), strict=True):
        mine[draw.line(int(y1), int(x1), int(y0), int(x0))] += strength
    np.testing.assert_allclose(mine, drawn, atol=1e-5)


@pytest.mark.parametrize("name", ["hog", "hog-unsigned", "hog-hard"])
def test_a_vertical_edge_has_vertical_strokes_in_its_cells_only(name) -> None:
    picture = torch.zeros(1, 1, 28, 28)
    picture[..., 14:] = 1  # cells of 4 px: the edge is in the fourth column
    found = gradients(built(name, 28), picture)
    lines, strengths = (one.reshape(7, 7, 9, -1)[2:5, 1:6] for one in found.strokes())  # the border is an edge to some features
    x0, y0, x1, y1 = lines[strengths[..., 0] > 0.4].T
    assert abs(y1 - y0).min() > 3 * abs(x1 - x0).max()
    assert set(((x0 + x1) / 2).tolist()) == {14.0} and set(((y0 + y1) / 2).tolist()) == {10.0, 14.0, 18.0}


def test_an_edge_is_one_whichever_side_is_lighter() -> None:
    picture = torch.zeros(1, 1, 28, 28)
    picture[..., 14:] = 1
    light, dark = (gradients(built("hog", 28), one) for one in (picture, 1 - picture))
    assert light.turn == 360 and not np.allclose(light.cells[3, 3], dark.cells[3, 3])
    np.testing.assert_allclose(light.edges()[1:-1, 3], dark.edges()[1:-1, 3], atol=1e-6)
    assert light.edges().shape == (7, 7, 9) and light.to_json()["side"] == 4
