"""A map by pixels, against scikit-learn's PCA."""

import numpy as np
from sklearn.decomposition import PCA

from clearsight.studio.compute import pixel_map
from clearsight.studio.compute.pixel_map import SIDE, directions, vectors


def test_a_picture_becomes_the_means_of_its_areas():
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (3, 32, 48, 3), np.uint8)
    wanted = pictures.reshape(3, SIDE, 2, SIDE, 3, 3).mean((2, 4))
    assert np.abs(vectors(pictures).reshape(3, SIDE, SIDE, 3) - wanted).max() <= 0.501
    tiny = vectors(np.full((1, 5, 7, 1), 77, np.uint8))
    assert tiny.shape == (1, SIDE * SIDE * 3) and (tiny == 77).all()


def test_places_are_those_of_pca(monkeypatch):
    monkeypatch.setattr(pixel_map, "CHUNK", 7)
    values = np.random.default_rng(1).integers(0, 256, (40, 12), np.uint8)
    rows = np.flatnonzero(np.arange(40) % 5)
    places, share = directions(values, rows)
    fitted = PCA(2).fit(values[rows].astype(float))
    wanted = fitted.transform(values[rows].astype(float))
    assert np.allclose(np.abs(places), np.abs(wanted), atol=0.05) and abs(share - fitted.explained_variance_ratio_.sum()) < 1e-5
    assert np.array_equal(places, directions(values, rows)[0])
    for few in ([], [3]):
        places, share = directions(values, few)
        assert places.shape == (len(few), 2) and np.allclose(places, 0, atol=1e-3)
