"""Whitening flattens the spectrum; sparse coding and ICA find the stripes of which patches are made."""

import numpy as np
import pytest

from clearsight.base.errors import UsageError
from clearsight.look.simple_cells.learnt import EDGE, learn, patches, whitened


def test_whitening_weighs_each_wave_by_its_frequency():
    x = np.arange(64)
    slow, fast = (np.cos(2 * np.pi * k * x / 64)[None].repeat(64, 0) for k in (2, 8))
    ours = whitened((128 + 50 * slow + 50 * fast).round().astype(np.uint8))
    power = np.abs(np.fft.fft2(ours))[0]
    drop = np.exp(-((8 / 64 / 0.4) ** 4)) / np.exp(-((2 / 64 / 0.4) ** 4))
    assert power[8] / power[2] == pytest.approx(4 * drop, rel=0.01) and ours.std() == pytest.approx(1)
    assert abs(whitened(np.full((20, 20), 7, np.uint8))).max() < 1e-12


def test_patches_have_no_mean_and_keep_off_the_edge():
    picture = np.zeros((30, 40))
    picture[:EDGE] = picture[:, :EDGE] = 99.0
    picture[EDGE:-EDGE, EDGE:-EDGE] = np.arange(22)[:, None]
    found = patches([picture, np.zeros((5, 5))], 8, 50, 0)
    assert found.shape == (50, 64) and abs(found.mean(1)).max() < 1e-12 and abs(found).max() < 10
    with pytest.raises(UsageError, match="sides above 16 px"):
        patches([np.zeros((16, 99))], 8, 10, 0)


@pytest.mark.parametrize(("method", "least"), [("sparse", 0.85), ("ica", 0.97)])
def test_the_sources_of_a_sparse_mixture_are_found(method, least):
    """Each patch is a sum of a few of four orthogonal bars, with heavy-tailed amounts."""
    bars = np.eye(4).repeat(4, 1) / 2  # 4 of 16 px each
    amounts = np.random.default_rng(0).laplace(size=(4000, 4)) * (np.random.default_rng(1).random((4000, 4)) < 0.3)
    rows = 20 * amounts @ bars
    found = learn(rows, method, 4, 0, quiet=True)
    cosines = np.abs(found @ bars.T)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(4))
    assert cosines.max(1).min() > least and sorted(cosines.argmax(1)) == [0, 1, 2, 3]


def test_mistakes_are_named():
    with pytest.raises(UsageError, match="sparse"):
        learn(np.ones((9, 4)), "sparce", 2, 0)
    with pytest.raises(UsageError, match="at most 3"):
        learn(np.ones((9, 4)), "ica", 4, 0)
