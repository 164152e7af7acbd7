"""Histograms of oriented gradients against scikit-image and the paper's trilinear interpolation."""

import numpy as np
import pytest
import torch
from skimage import feature

from clearsight import models
from clearsight.models.handmade import hog
from tests.models.expected import check, rows
from tests.models.handmade.photographs import photographs


@rows("hog")
def test_parameters_and_stages(row, expected):
    check(row, expected)


def built(family, name: str, channels: int, height: int, width: int, **row):
    """A model of `family` whose row has other settings."""
    changed = family.TABLE[name].__class__(**row) if row else family.TABLE[name]
    kept, family.TABLE[name] = family.TABLE[name], changed
    try:
        return models.build(name, 10, channels=channels, height=height, width=width).eval()
    finally:
        family.TABLE[name] = kept


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("directions", "cell", "block"), [(9, 8, 3), (9, 4, 2), (8, 6, 1), (4, 5, 2), (12, 7, 2)])
def test_hog_is_scikit_images(channels, directions, cell, block):
    for size in ((28, 28), (61, 40)):
        pictures = photographs(*size, channels)
        model = built(hog, "hog-hard", channels, *size, directions=directions, cell=cell, block=block)
        words = {"orientations": directions, "pixels_per_cell": (cell, cell), "cells_per_block": (block, block), "block_norm": "L2-Hys"}
        theirs = np.stack([feature.hog(p.transpose(1, 2, 0), **words, channel_axis=2) for p in pictures])
        found = model.features(torch.from_numpy(pictures).float())
        np.testing.assert_allclose(found, theirs, atol=1e-5)  # float32 against float64


@pytest.mark.parametrize("soft", [False, True])
def test_hog_of_whole_turns_tells_black_on_white_from_white_on_black(soft):
    picture = torch.rand(1, 1, 16, 16)
    rows = ({"directions": 9, "soft": soft}, {"directions": 18, "signed": True, "soft": soft})
    unsigned, signed = (built(hog, "hog", 1, 16, 16, **row) for row in rows)
    torch.testing.assert_close(unsigned.features(picture), unsigned.features(-picture))
    assert not torch.allclose(signed.features(picture), signed.features(-picture))
    halves = signed.cells(picture).unflatten(3, (2, 9)).sum(3)
    torch.testing.assert_close(halves, unsigned.cells(picture))


@pytest.mark.parametrize(("directions", "signed", "cell"), [(9, False, 4), (18, True, 4), (8, True, 5)])
def test_soft_bins_are_the_papers_trilinear_interpolation(directions, signed, cell):
    picture = photographs(20, 24)[0, 0]
    found = built(hog, "hog", 1, 20, 24, directions=directions, signed=signed, soft=True, cell=cell).cells(
        torch.from_numpy(picture)[None, None]
    )
    rows, columns = 20 // cell, 24 // cell
    slow, turn = np.zeros((rows, columns, directions)), 2 * np.pi if signed else np.pi
    for y in range(rows * cell):
        for x in range(columns * cell):
            down = picture[y + 1, x] - picture[y - 1, x] if 0 < y < 19 else 0
            across = picture[y, x + 1] - picture[y, x - 1] if 0 < x < 23 else 0
            where = ((y + 0.5) / cell - 0.5, (x + 0.5) / cell - 0.5, np.arctan2(down, across) / turn * directions - 0.5)
            for corner in np.ndindex(2, 2, 2):
                row, column, direction = (int(np.floor(place)) + step for place, step in zip(where, corner, strict=True))
                share = np.prod([1 - abs(place - at) for place, at in zip(where, (row, column, direction), strict=True)])
                if 0 <= row < rows and 0 <= column < columns:
                    slow[row, column, direction % directions] += share * np.hypot(down, across) / cell**2
    np.testing.assert_allclose(found[0], slow, atol=1e-9)


def test_cells_around_the_picture_are_those_of_one_on_black():
    picture = torch.from_numpy(photographs(20, 24))
    within, around = built(hog, "hog", 1, 28, 32, soft=True, cell=4), built(hog, "hog", 1, 20, 24, soft=True, cell=4, around=1)
    torch.testing.assert_close(around.features(picture), within.features(torch.nn.functional.pad(picture, [4] * 4)))


def test_soft_bins_are_differentiated_exactly():
    model = models.build("hog", 2, channels=1, height=8, width=8)  # with cells around it 3 × 3 blocks
    torch.autograd.gradcheck(model.features, torch.rand(1, 1, 8, 8, dtype=torch.float64, requires_grad=True), eps=1e-7, atol=1e-4)
