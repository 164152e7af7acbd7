"""Features designed by hand: their numbers are scikit-image's, NumPy's, OpenCV's and scikit-learn's."""

import numpy as np
import pytest
import torch
from skimage import color, data, feature, filters, transform

from clearsight import models
from clearsight.models.handmade import dog, histogram, hog, kernel, sift

FEATURES = [name for family in models.HANDMADE for name in family.TABLE]


def photographs(height: int, width: int, channels: int = 1) -> np.ndarray:
    """Real pictures in levels 0 to 255, float64 `(n, C, H, W)`: differences of whole numbers are exact in float32, too."""
    found = [
        transform.resize(picture, (height, width, 3), anti_aliasing=True) for picture in (data.astronaut(), data.chelsea(), data.coffee())
    ]
    found = [np.round(255 * (color.rgb2gray(picture)[None] if channels == 1 else picture.transpose(2, 0, 1))) for picture in found]
    return np.stack(found)


def built(family, name: str, channels: int, height: int, width: int, **row):
    """A model of `family` whose row has other settings."""
    changed = family.TABLE[name].__class__(**row) if row else family.TABLE[name]
    kept, family.TABLE[name] = family.TABLE[name], changed
    try:
        return models.build(name, 10, channels=channels, height=height, width=width).eval()
    finally:
        family.TABLE[name] = kept


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("directions", "cell", "block"), [(9, 8, 3), (9, 4, 2), (8, 6, 1), (4, 5, 2), (12, 7, 2)])
def test_hog_is_scikit_images(channels, directions, cell, block):
    for size in ((28, 28), (61, 40)):
        pictures = photographs(*size, channels)
        model = built(hog, "hog-hard", channels, *size, directions=directions, cell=cell, block=block)
        words = {"orientations": directions, "pixels_per_cell": (cell, cell), "cells_per_block": (block, block), "block_norm": "L2-Hys"}
        theirs = np.stack([feature.hog(p.transpose(1, 2, 0), **words, channel_axis=2) for p in pictures])
        found = model.features(torch.from_numpy(pictures).float())
        np.testing.assert_allclose(found, theirs, atol=1e-5)  # float32 against float64


@pytest.mark.parametrize("soft", [False, True])
def test_hog_of_whole_turns_tells_black_on_white_from_white_on_black(soft):
    picture = torch.rand(1, 1, 16, 16)
    rows = ({"directions": 9, "soft": soft}, {"directions": 18, "signed": True, "soft": soft})
    unsigned, signed = (built(hog, "hog", 1, 16, 16, **row) for row in rows)
    torch.testing.assert_close(unsigned.features(picture), unsigned.features(-picture))
    assert not torch.allclose(signed.features(picture), signed.features(-picture))
    halves = signed.cells(picture).unflatten(3, (2, 9)).sum(3)
    torch.testing.assert_close(halves, unsigned.cells(picture))


@pytest.mark.parametrize(("directions", "signed", "cell"), [(9, False, 4), (18, True, 4), (8, True, 5)])
def test_soft_bins_are_the_papers_trilinear_interpolation(directions, signed, cell):
    picture = photographs(20, 24)[0, 0]
    found = built(hog, "hog", 1, 20, 24, directions=directions, signed=signed, soft=True, cell=cell).cells(
        torch.from_numpy(picture)[None, None]
    )
    rows, columns = 20 // cell, 24 // cell
    slow, turn = np.zeros((rows, columns, directions)), 2 * np.pi if signed else np.pi
    for y in range(rows * cell):
        for x in range(columns * cell):
            down = picture[y + 1, x] - picture[y - 1, x] if 0 < y < 19 else 0
            across = picture[y, x + 1] - picture[y, x - 1] if 0 < x < 23 else 0
            where = ((y + 0.5) / cell - 0.5, (x + 0.5) / cell - 0.5, np.arctan2(down, across) / turn * directions - 0.5)
            for corner in np.ndindex(2, 2, 2):
                row, column, direction = (int(np.floor(place)) + step for place, step in zip(where, corner, strict=True))
                share = np.prod([1 - abs(place - at) for place, at in zip(where, (row, column, direction), strict=True)])
                if 0 <= row < rows and 0 <= column < columns:
                    slow[row, column, direction % directions] += share * np.hypot(down, across) / cell**2
    np.testing.assert_allclose(found[0], slow, atol=1e-9)


def test_cells_around_the_picture_are_those_of_one_on_black():
    picture = torch.from_numpy(photographs(20, 24))
    within, around = built(hog, "hog", 1, 28, 32, soft=True, cell=4), built(hog, "hog", 1, 20, 24, soft=True, cell=4, around=1)
    torch.testing.assert_close(around.features(picture), within.features(torch.nn.functional.pad(picture, [4] * 4)))


def test_soft_bins_are_differentiated_exactly():
    model = models.build("hog", 2, channels=1, height=16, width=16)
    torch.autograd.gradcheck(model.features, torch.rand(1, 1, 16, 16, dtype=torch.float64, requires_grad=True), eps=1e-7, atol=1e-4)


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


@pytest.mark.parametrize(("name", "cells"), [("histogram", 1), ("histogram-cells", 4)])
def test_histograms_are_numpys(name, cells):
    pictures = photographs(28, 36, 3) / 255
    found = models.build(name, 10, channels=3, height=28, width=36).features(torch.from_numpy(pictures).float())
    rows, columns = (np.arange(side) * cells // side for side in (28, 36))
    theirs = [
        np.histogram(channel[np.ix_(rows == r, columns == c)].astype(np.float32), 32, (0, 1))[0]
        / ((rows == r).sum() * (columns == c).sum())
        for picture in pictures
        for channel in picture
        for r in range(cells)
        for c in range(cells)
    ]
    np.testing.assert_allclose(found.flatten(), np.concatenate(theirs), atol=1e-6)


def test_hue_saturation_and_value_are_scikit_images():
    picture = np.random.default_rng(0).integers(0, 256, (50, 50, 3)) / 255.0
    picture[:10] = picture[:10, :, :1]  # greys
    picture[0, :3] = [[0, 0, 0], [1, 1, 1], [1, 0, 0]]
    found = histogram.hsv(torch.from_numpy(picture).permute(2, 0, 1)[None])[0].permute(1, 2, 0)
    np.testing.assert_allclose(found, color.rgb2hsv(picture), atol=1e-12)


@pytest.mark.parametrize(("side", "width"), [(64, 4.0), (96, 3.0), (48, 4.5)])
def test_sift_is_opencvs(side, width):
    cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed: nothing to compare with")
    pictures = photographs(side, side)
    model = built(sift, "sift", 1, side, side, bin=width, step=5, blur=(1.6**2 - 0.25) ** 0.5)
    scale = max(1, side / 64)
    at = sift.places(side, round(5 * scale), round(width * scale)).tolist()
    points = [cv2.KeyPoint(float(x), float(y), width * scale / 1.5, 0) for y in at for x in at]
    ours = model.descriptors(torch.from_numpy(pictures).float())
    for picture, found in zip(pictures, ours, strict=True):
        theirs = cv2.SIFT_create().compute(picture[0].astype(np.uint8), points)[1]
        apart = np.abs(512 * found.numpy() - theirs)
        # OpenCV rounds to bytes (0.5), cuts at 255, and its arc tangent is wrong by up to 0.3°, 1/150 of a bin
        assert np.median(apart) <= 0.5
        assert apart.max() <= 4


def test_words_are_shared_out_over_the_pyramid():
    pictures = torch.from_numpy(photographs(28, 28) / 255).float()
    model = built(sift, "sift", 1, 28, 28, words=8)
    model.initialise(pictures)
    shares = model.features(pictures).square()
    whole, quarters, parts = shares.split([8, 32, 128], 1)
    for found, weight in ((whole, 0.25), (quarters, 0.25), (parts, 0.5)):
        torch.testing.assert_close(found.sum(1), torch.full((3,), weight))
    torch.testing.assert_close(quarters.view(3, 4, 8).sum(1), whole)
    torch.testing.assert_close(parts.view(3, 16, 8).sum(1), 2 * whole)


@pytest.mark.parametrize("name", FEATURES)
def test_features_do_not_depend_on_what_else_is_in_the_batch(name):
    channels = 3 if "hsv" in name else 1
    model = models.build(name, 10, channels=channels, height=28, width=28)
    pictures = torch.rand(130, channels, 28, 28)
    model.initialise(pictures)
    together = model.features(pictures)
    assert together.shape == (130, model.head.in_features)
    torch.testing.assert_close(together[7:9], model.features(pictures[7:9]))


def test_a_kernel_machines_vectors_have_the_kernel_as_their_product():
    from sklearn.metrics.pairwise import rbf_kernel

    pictures = torch.rand(300, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    model = models.build("hog-rbf", 10, channels=1, height=16, width=16)
    model.initialise(pictures)
    vectors, features = model.features(pictures).numpy(), model.inner.features(pictures).numpy().astype(np.float64)
    theirs = rbf_kernel(features, gamma=kernel.SHARPNESS / features.var(0, ddof=1).sum())
    np.testing.assert_allclose(model.similar(pictures)[:, :300], theirs, atol=1e-5)
    np.testing.assert_allclose(vectors @ vectors.T, theirs, atol=1e-3)  # all are landmarks; JITTER is 1e-4


@pytest.mark.parametrize("name", ["pixels", "dog", "gabor", *hog.TABLE])
def test_what_can_be_attacked_has_a_gradient_that_is_a_number(name):
    pictures = torch.from_numpy(photographs(28, 28) / 255).float()
    pictures[0, :, :14] = 0.5  # nothing to see
    pictures.requires_grad_()
    models.build(name, 10, channels=1, height=28, width=28).features(pictures).square().sum().backward()
    assert torch.isfinite(pictures.grad).all() and pictures.grad.abs().sum() > 0
