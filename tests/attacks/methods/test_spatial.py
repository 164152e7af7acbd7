"""Rotation and translation of pictures."""

import torch

from clearsight.attacks.methods.spatial import rotate_and_shift


def test_rotating_is_rot90_and_shifting_is_a_shift():
    x = torch.rand(2, 1, 8, 8)
    assert torch.allclose(rotate_and_shift(x, 90, 0, 0), torch.rot90(x, -1, (2, 3)), atol=1e-5) or torch.allclose(
        rotate_and_shift(x, 90, 0, 0), torch.rot90(x, 1, (2, 3)), atol=1e-5
    )
    moved = rotate_and_shift(x, 0, 0.25, 0)
    assert torch.allclose(moved[:, :, 2:], x[:, :, :-2], atol=1e-5) and float(moved[:, :, :2].abs().max()) == 0
