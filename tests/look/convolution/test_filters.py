"""Filters by name are those of OpenCV and SciPy; by numbers they are what is written."""

import pytest
import torch

from clearsight.base.errors import UsageError
from clearsight.look.convolution import NAMED, convolve, parsed

GREY = torch.randint(256, (12, 14), generator=torch.Generator().manual_seed(0)).double()


def mapped(text):
    return convolve(GREY, parsed(text, 1)[None]).maps[0]


def test_named_filters_are_those_of_opencv():
    cv2 = pytest.importorskip("cv2")
    pixels = GREY.numpy()
    peers = {
        "sobel-x": cv2.Sobel(pixels, cv2.CV_64F, 1, 0), "sobel-y": cv2.Sobel(pixels, cv2.CV_64F, 0, 1), "box": cv2.blur(pixels, (3, 3)),
        "laplacian": cv2.Laplacian(pixels, cv2.CV_64F, ksize=1), "gaussian": cv2.GaussianBlur(pixels, (3, 3), 0),
    }  # fmt: skip
    for name, expected in peers.items():
        assert torch.allclose(mapped(name), torch.from_numpy(expected[1:-1, 1:-1].copy()), atol=1e-8), name
    larger = cv2.Sobel(pixels, cv2.CV_64F, 1, 0, ksize=5)[2:-2, 2:-2] / 16  # OpenCV's smoothing is not divided by its sum
    assert torch.allclose(mapped("sobel-x:5"), torch.from_numpy(larger.copy()), atol=1e-8)


def test_sums_of_named_filters():
    for name, filter in NAMED.items():
        for size in (3, 5, 7) if filter.sizes else (3,):
            total = float(parsed(f"{name}:{size}", 3).sum(dim=(1, 2))[0])
            expected = 0 if name.startswith(("sobel", "laplacian")) else -0.5 if name == "blue-yellow" else 1
            assert total == pytest.approx(expected), (name, size)
    assert parsed("red-green", 3).sum() == pytest.approx(0)


def test_numbers():
    assert parsed("1 0 -1; 2 0 -2; 1 0 -1", 1).tolist() == [[[1, 0, -1], [2, 0, -2], [1, 0, -1]]]
    assert parsed("1/4, .5; 0 -1e1", 3).tolist() == [[[0.25, 0.5], [0, -10]]] * 3
    assert parsed("1 2\n3 4\n", 1).tolist() == parsed("1 2; 3 4", 1).tolist()
    assert parsed("1 | 2 | 3", 3).flatten().tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sobel", "Did you mean sobel"), ("box:4", "odd number"), ("sharpen:5", "3×3 only"), ("red-green", "3 channels"),
        ("1 2; 3", "same length"), ("1 x", "rows of numbers"), ("1 | 2", "2 slices"), ("1/0", "rows of numbers"),
        ("", "rows of numbers|same length"),
        ("1e400 1", "at most"), ("1e308 1", "at most"), ("0 1e999999999", "at most"), ("-nan", "at most"),
    ],
)  # fmt: skip
def test_what_is_no_filter_is_refused(text, says):
    with pytest.raises(UsageError, match=says):
        parsed(text, 1)
