"""Gaussian blur against SciPy."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from clearsight.images.blur import blurred, gaussian


@pytest.mark.parametrize("sigma", [0.5, 1.0, 3.3])
def test_blur_is_scipys_and_the_same_in_any_batch(sigma):
    pictures = torch.rand(3, 2, 17, 23, generator=torch.Generator().manual_seed(0))
    made = blurred(pictures, sigma)
    expected = gaussian_filter(pictures.double().numpy(), (0, 0, sigma, sigma), mode="nearest")
    assert np.abs(made.numpy() - expected).max() < 1e-5
    assert torch.equal(blurred(pictures[1:2], sigma), made[1:2])


def test_the_kernel_has_sum_one_and_is_symmetric():
    kernel = gaussian(1.5)
    assert len(kernel) == 13 and kernel.sum().item() == pytest.approx(1) and torch.equal(kernel, kernel.flip(0))
