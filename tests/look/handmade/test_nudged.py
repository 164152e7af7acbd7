"""How far feature vectors move: nothing moves the picture as it is, light moves pixels more than HOG, a move leaves a histogram alone."""

import numpy as np

from clearsight.look.handmade.nudged import changed, nudged


def test_distances_are_those_of_the_vectors():
    picture = np.random.default_rng(0).integers(60, 180, (96, 96, 3), np.uint8)
    found = nudged(picture)
    still = found.lights.index(0)
    assert found.pictures.shape == (7, 5, 96, 96, 3) and np.array_equal(found.pictures[still, 0], picture)
    assert all(values[still, 0] == 0 and values.shape == (7, 5) for values in found.distances.values())
    expected = np.linalg.norm(found.pictures[-1, 0].astype(float) - picture) / np.linalg.norm(picture.astype(float))
    assert abs(found.distances["pixels"][-1, 0] - expected) < 1e-5 and found.sizes["pixels"] == picture.size
    assert found.distances["hog"][-1, 0] < found.distances["pixels"][-1, 0]
    assert found.distances["histogram"][still, 1] < found.distances["pixels"][still, 1]


def test_a_change_ends_at_the_levels_and_repeats_the_border():
    picture = np.array([[[10, 20, 250], [40, 50, 60]]], np.uint8)
    assert changed(picture, 30, 1).tolist() == [[[40, 50, 255], [40, 50, 255]]]
    assert changed(picture, -30, 0).tolist() == [[[0, 0, 220], [10, 20, 30]]]
