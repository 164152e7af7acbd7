"""A Gabor function is found again where it was drawn; what is none has a low R²."""

import numpy as np
import pytest

from clearsight.look.simple_cells.gabor_fit import GaborFit, drawn_gabor, fit_gabor

MADE = GaborFit(1.0, 30.0, 0.2, 0.0, 0.5, -1.0, 2.5, 1.5)


@pytest.mark.parametrize("phase", [0.0, 45.0, 90.0])
def test_a_drawn_gabor_is_found_with_its_numbers(phase):
    even, odd = drawn_gabor(MADE, (12, 12))
    kernel = 3 * (np.cos(np.radians(phase)) * even + np.sin(np.radians(phase)) * odd)
    found = fit_gabor(kernel)
    assert found.r2 > 0.9999
    assert (found.angle, found.frequency, found.phase) == pytest.approx((30, 0.2, phase), abs=0.05)
    assert (found.y, found.x, found.along, found.across) == pytest.approx((0.5, -1.0, 2.5, 1.5), abs=0.02)
    assert fit_gabor(-kernel).phase == pytest.approx(phase, abs=0.05), "its negative is the same cell"


def test_a_gabor_by_hand():
    """Vertical stripes of period 4 px under a round Gaussian of σ = 2 px: the column 2 px beside the centre is −e^(−1/2) of it."""
    even, odd = drawn_gabor(GaborFit(1.0, 0.0, 0.25, 0.0, 0.0, 0.0, 2.0, 2.0), (5, 5))
    assert even[2].tolist() == pytest.approx([-np.exp(-0.5), 0, 1, 0, -np.exp(-0.5)])
    assert odd[2].tolist() == pytest.approx([0, -np.exp(-1 / 8), 0, np.exp(-1 / 8), 0], abs=1e-12)
    assert even[0].tolist() == pytest.approx((np.exp(-0.5) * even[2]).tolist())


def test_noise_is_no_gabor_and_nothing_has_no_fit():
    noise = np.random.default_rng(0).normal(size=(4, 12, 12))
    assert max(fit_gabor(kernel).r2 for kernel in noise) < 0.5
    assert fit_gabor(np.zeros((7, 7))).r2 == fit_gabor(np.ones((7, 7))).r2 == 0
