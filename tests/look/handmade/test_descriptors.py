"""SIFT's grid: descriptors that belong to their places."""

import numpy as np
import torch

from clearsight import models
from clearsight.look.handmade.descriptors import descriptors


def test_a_corner_is_at_its_place_in_the_grid() -> None:
    model = models.build("sift", 2, channels=1, height=32, width=40)
    x = torch.zeros(1, 1, 32, 40)
    x[..., 10:16, 20:28] = 1
    found = descriptors(model, x)
    rows, columns = len(found.rows), len(found.columns)
    assert found.descriptors.shape == (rows, columns, 128) and found.words is None
    flat = model.descriptors(x)[0].reshape(rows, columns, 128)
    np.testing.assert_array_equal(found.descriptors, flat.numpy())
    far = np.abs(found.rows - 12.5)[:, None] > 12  # more than two bins and the patch away: no gradient
    assert not found.descriptors[np.broadcast_to(far, (rows, columns))].any()


def test_words_are_the_nearest_ones_once_there_are_some() -> None:
    model = models.build("sift", 2, channels=1, height=32, width=32)
    x = torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(1))
    model.words.data[:2] = model.descriptors(x)[0][[0, -1]]
    found = descriptors(model, x)
    assert found.words is not None and (found.words[0, 0], found.words[-1, -1]) == (0, 1)
    assert found.to_json()["drawn"]["row"] == int(found.rows[found.strongest[0]])
