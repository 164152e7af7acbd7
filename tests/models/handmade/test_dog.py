"""Differences of Gaussians and Gabor functions against scikit-image."""

import numpy as np
import pytest
import torch
from skimage import filters

from clearsight import models
from clearsight.models.handmade import dog
from tests.models.expected import check, rows
from tests.models.handmade.photographs import photographs


@rows("dog")
def test_parameters_and_stages(row, expected):
    check(row, expected)


@pytest.mark.parametrize("sigma", [0.7, 1.0, 2.3])
def test_difference_of_gaussians_is_scikit_images(sigma):
    pictures = photographs(40, 33, 1) / 255
    theirs = [filters.difference_of_gaussians(p[0], sigma, dog.SURROUND * sigma, mode="nearest") for p in pictures]
    found = dog.difference_of_gaussians(torch.from_numpy(pictures), [sigma])
    np.testing.assert_allclose(found[:, 0], theirs, atol=1e-12)


@pytest.mark.parametrize("wavelength", [3.0, 6.0, 10.0])
def test_gabors_functions_are_scikit_images_without_their_mean(wavelength):
    (kernels,) = dog.gabor_kernels([wavelength], 8)
    for k in range(8):
        theirs = filters.gabor_kernel(1 / wavelength, theta=np.pi * k / 8)
        for ours, wave in zip(kernels[2 * k : 2 * k + 2, 0], (theirs.real, theirs.imag), strict=True):
            assert abs(float(ours.sum())) < 1e-5
            cut = [(a - b) // 2 for a, b in zip(ours.shape, wave.shape, strict=True)]
            middle = ours[cut[0] : ours.shape[0] - cut[0], cut[1] : ours.shape[1] - cut[1]]
            # theirs ends at three deviations along the wave, where the Gaussian is 1 % of its height
            np.testing.assert_allclose(middle - middle.mean(), wave - wave.mean(), atol=2e-3 * np.abs(wave).max() + 1e-4)


def test_a_constant_picture_is_answered_by_no_filter():
    for name in ("dog", "gabor"):
        model = models.build(name, 10, channels=1, height=28, width=28)
        assert float(model.features(torch.full((1, 1, 28, 28), 0.7)).abs().max()) < 1e-6
