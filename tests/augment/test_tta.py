"""Views of a picture: each counted by hand, all differentiable, the words multiplied."""

import numpy as np
import pytest
import torch

from clearsight.augment.tta import mean, parse
from clearsight.base.errors import UsageError

COUNT = torch.arange(2 * 6 * 5, dtype=torch.float32).reshape(1, 2, 6, 5)


def views(words: str, x: torch.Tensor = COUNT) -> list[torch.Tensor]:
    return [view(x) for view in parse(words)]


def test_no_words_are_the_picture():
    (only,) = views("")
    assert only is COUNT


def test_the_mirror():
    one, other = views("mirror")
    assert torch.equal(one, COUNT) and torch.equal(other, torch.from_numpy(COUNT.numpy()[..., ::-1].copy()))


def test_shifts_move_by_so_many_pixels_with_a_mirrored_border():
    same, *moved = views("shift:2")
    wide = np.pad(COUNT.numpy(), ((0, 0), (0, 0), (2, 2), (2, 2)), mode="reflect")
    assert torch.equal(same, COUNT)
    expected = [wide[..., 2 + y : 8 + y, 2 + x : 7 + x] for y, x in ((2, 0), (-2, 0), (0, 2), (0, -2))]
    assert [one.tolist() for one in moved] == [one.tolist() for one in expected]


def test_ten_crops_are_the_corners_the_middle_and_their_mirror_images():
    x = torch.rand(1, 1, 256, 256)
    found = views("ten-crop", x)
    assert len(found) == 10
    for i, (top, left) in enumerate(((0, 0), (0, 32), (32, 0), (32, 32), (16, 16))):
        expected = torch.nn.functional.interpolate(x[..., top : top + 224, left : left + 224], (256, 256), mode="bilinear")
        assert torch.equal(found[2 * i], expected) and torch.equal(found[2 * i + 1], expected.flip(3))


def test_words_multiply():
    assert [len(parse(words)) for words in ("mirror", "shift:1", "mirror shift:1", "ten-crop")] == [2, 5, 10, 10]
    both, shifts = views("mirror shift:1"), views("shift:1")
    expected = [*shifts, *views("shift:1", COUNT.flip(3))]
    assert all(torch.equal(a, b) for a, b in zip(both, expected, strict=True))


@pytest.mark.parametrize("words", ["", "mirror", "mirror shift:3", "ten-crop"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("side", [1, 2, 8])
def test_size_and_gradient_are_kept(words, dtype, side):
    x = torch.rand(2, 3, side, side).to(dtype).requires_grad_()
    found = mean(parse(words), x, lambda view: view.flatten(1))
    assert found.shape == (2, 3 * side * side) and found.dtype == torch.float32
    found.sum().backward()
    assert bool((x.grad != 0).any()) and bool(x.grad.isfinite().all())


@pytest.mark.parametrize(
    "words", ["mirrors", "shift", "shift:0", "shift:x", "shift:99", "mirror mirror", "shift:1 shift:2", "mirror ten-crop"]
)
def test_other_words_are_refused(words):
    with pytest.raises(UsageError, match=r"mirror|shift"):
        parse(words)
