"""Grey levels of uint8 and of floats in [0, 1]."""

import torch

from clearsight.augment.levels import as_levels, quantised, to_uint8, truncated_like

EVERY = torch.arange(256, dtype=torch.uint8)


def test_levels_survive_floats_and_back():
    assert quantised(EVERY) is EVERY
    assert torch.equal(quantised(EVERY / 255), EVERY)
    assert torch.equal(as_levels(EVERY / 255), EVERY.float()) and as_levels(EVERY) is EVERY
    assert torch.equal(truncated_like(EVERY.float() + 0.9, EVERY), EVERY)
    assert torch.allclose(truncated_like(EVERY.float() + 0.9, EVERY / 255), EVERY / 255)


def test_values_outside_are_clamped_and_halves_rounded_up():
    assert to_uint8(torch.tensor([-3.0, 0.4, 0.5, 254.5, 255.4, 300.0])).tolist() == [0, 0, 1, 255, 255, 255]
