"""Filters with their fits: the share that is Gabor functions, filters in colour, small ones."""

import numpy as np
import pytest
import torch

from clearsight.datasets.open import open_dataset
from clearsight.look.simple_cells.cells import Cells, layer_cells, learnt_cells, strongest_plane
from clearsight.look.simple_cells.gabor_fit import GaborFit, drawn_gabor


def fit(r2):
    return GaborFit(r2, 0.0, 0.2, 0.0, 0.0, 0.0, 1.0, 1.0)


def test_share_and_median_by_hand():
    cells = Cells("x", np.zeros((4, 7, 7)), tuple(map(fit, (0.9, 0.7, 0.6, 0.1))))
    assert (cells.share, cells.median) == (0.5, pytest.approx(0.65))
    said = cells.to_json()
    assert said["fitted"] == 0.5 and len(said["fits"]) == 4


def test_a_colour_times_a_gabor_is_fitted_by_its_plane():
    even, _ = drawn_gabor(GaborFit(1.0, 60.0, 0.2, 0.0, 0.0, 0.0, 2.0, 1.5), (11, 11))
    kernel = np.array([1.0, -1.0, 0.0])[:, None, None] * even  # red against green: its mean over channels is zero
    assert abs(np.corrcoef(strongest_plane(kernel).ravel(), even.ravel())[0, 1]) == pytest.approx(1)
    cells = layer_cells("net conv1", torch.from_numpy(kernel)[None].float(), True, quiet=True)
    assert cells.filters.shape == (1, 11, 11, 3) and cells.share == 1 and cells.fits[0].angle == pytest.approx(60, abs=0.1)


def test_filters_of_nine_values_are_not_tested():
    cells = layer_cells("net", torch.ones(2, 1, 3, 3), False, quiet=True)
    assert cells.fits == () and cells.to_json()["fitted"] is None and not cells.trained


def test_half_of_the_filters_of_photographs_are_gabor_functions():
    """Fewer patches and filters than by default, of which 91 of 100 are (13 s of one core)."""
    photos = open_dataset("set:photos").parts["all"]
    cells = learnt_cells(photos.subset(list(range(0, 107, 4))), "photos", "ica", 24, 8, 3000, quiet=True)
    assert cells.filters.shape == (24, 8, 8) and cells.share >= 0.5 and cells.cpu_seconds > 0
    assert [one.r2 for one in cells.fits] == sorted((one.r2 for one in cells.fits), reverse=True)
