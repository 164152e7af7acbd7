"""Kernel machines: vectors whose products are the kernel."""

import numpy as np
import torch

from clearsight import models
from clearsight.models.handmade import kernel
from tests.models.expected import check, rows


@rows("kernel")
def test_parameters_and_stages(row, expected):
    check(row, expected)


def test_a_kernel_machines_vectors_have_the_kernel_as_their_product():
    from sklearn.metrics.pairwise import rbf_kernel

    pictures = torch.rand(300, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    model = models.build("hog-rbf", 10, channels=1, height=16, width=16)
    model.initialise(pictures)
    vectors, features = model.features(pictures).numpy(), model.inner.features(pictures).numpy().astype(np.float64)
    theirs = rbf_kernel(features, gamma=kernel.SHARPNESS / features.var(0, ddof=1).sum())
    np.testing.assert_allclose(model.similar(pictures)[:, :300], theirs, atol=1e-5)
    np.testing.assert_allclose(vectors @ vectors.T, theirs, atol=1e-3)  # all are landmarks; JITTER is 1e-4
