"""Fingerprints: near duplicates by their rule, sizes, blank pages."""

import numpy as np
import pytest
import torch
from benchmarks.planted_duplicates import KINDS, found, planted, windows
from scipy import fft
from scipy.sparse.csgraph import connected_components

from clearsight.datasets import fingerprint
from clearsight.datasets.check import check
from clearsight.datasets.open import open_dataset


@pytest.mark.parametrize("side", [96, 48, 32])
def test_copies_are_found_and_told_from_other_windows_of_the_same_photograph(side):
    originals = windows(side, 6, ("camera", "coffee", "astronaut", "chelsea", "grass"))
    kinds = KINDS if side == 32 else ("exact", "JPEG 30", "WebP 50", "× 0.5", "× 2", "mirrored", "mirrored, × 0.5, JPEG 60")
    hits, alarms = zip(*(found(check(planted(originals, KINDS[kind]), quiet=True)) for kind in kinds), strict=True)
    assert len(originals) >= 30 and hits[0] == len(originals)
    assert sum(hits) >= 0.99 * len(kinds) * len(originals)
    assert sum(alarms) == 0


def test_the_main_axis_is_that_of_all_points_however_they_are_cut(monkeypatch):
    points = torch.from_numpy(np.random.default_rng(0).normal(0.3, 1, (300, 2 * fingerprint._EVEN)).astype(np.float32))
    monkeypatch.setattr(fingerprint, "_KEPT", 64)
    assert torch.allclose(fingerprint._covariance(points), torch.cov(points[:, : fingerprint._EVEN].T), atol=1e-5)


def mirrored(points: np.ndarray) -> np.ndarray:
    return points * np.where(np.arange(points.shape[1]) < fingerprint._EVEN, 1, -1).astype(np.float32)


def by_the_rule(points: np.ndarray) -> list[list[int]]:
    """The groups by the rule at `fingerprint.NEAR`, from the table of all distances."""
    table = torch.from_numpy(points), torch.from_numpy(mirrored(points))
    distances = torch.minimum(torch.cdist(table[0], table[0]), torch.cdist(*table)).fill_diagonal_(9).numpy()
    crowd = ((distances < fingerprint.FAR) & (distances >= fingerprint.NEAR)).sum(1)
    chance = fingerprint.FAR * (fingerprint.CHANCE / np.maximum(crowd, 1e-9)) ** (1 / fingerprint.GROWTH)
    reach = np.minimum(chance, fingerprint.NEAR)
    _, label = connected_components(distances < np.minimum(reach[:, None], reach))
    groups = [np.flatnonzero(label == k).tolist() for k in range(label.max() + 1)]
    return sorted(group for group in groups if len(group) > 1)


def test_near_groups_are_those_of_all_pairs():
    draw = np.random.default_rng(0)
    f = len(fingerprint._BASIS)
    centres = draw.normal(size=(30, 1, f)) / np.sqrt(f)
    points = (centres + draw.normal(size=(30, 20, f)) * draw.uniform(0.001, 0.025, (30, 20, 1))).reshape(-1, f).astype(np.float32)
    points[::3] = mirrored(points[::3])
    expected = by_the_rule(points)
    assert len(expected) > 20 and any(len(group) > 2 for group in expected) and sum(map(len, expected)) < 500
    for rows, columns in ((512, 1024), (7, 5)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fingerprint, "_ROWS", rows)
            patch.setattr(fingerprint, "_COLUMNS", columns)
            assert sorted(fingerprint.alike(points, quiet=True)) == expected


def test_a_chain_is_one_group():
    points = np.zeros((5000, len(fingerprint._BASIS)), dtype=np.float32)
    points[:, 0] = np.random.default_rng(0).permutation(np.linspace(0, 1, 5000))
    assert [len(group) for group in fingerprint.alike(points, quiet=True)] == [5000]


def test_in_a_crowd_only_the_nearest_are_alike():
    draw = np.random.default_rng(0)
    steps = draw.normal(size=(2002, len(fingerprint._BASIS))).astype(np.float32)
    steps /= np.linalg.norm(steps, axis=1, keepdims=True)
    alone, near = np.zeros_like(steps[:1]), 0.06 * steps[:1]
    crowd = 0.15 * steps[2:]
    assert fingerprint.alike(np.concatenate([alone, near])) == [[0, 1]]
    assert [0, 1] not in fingerprint.alike(np.concatenate([alone, near, crowd]), quiet=True)
    assert [0, 1] in fingerprint.alike(np.concatenate([alone, near / 10, crowd]), quiet=True)


def test_a_print_is_small_and_holds_no_picture():
    pictures = np.random.default_rng(0).integers(0, 256, (100, 300, 300), dtype=np.uint8)
    prints = fingerprint.prints([open_dataset((pictures, np.arange(100) % 2)).parts["all"]], quiet=True)
    arrays = [value for value in vars(prints).values() if isinstance(value, np.ndarray)]
    assert sum(value.nbytes for value in arrays) <= 300 * len(pictures)
    assert all(value.base is None for value in arrays)


@pytest.mark.parametrize("shape", [(300, 300), (300, 300, 3), (140, 2000)])
def test_a_page_with_a_thin_stroke_is_not_blank(shape):
    page = np.full(shape, 250, np.uint8)
    assert fingerprint._blank(page[None]).tolist() == [True]
    page[101, 5:] = 0  # between the rows that are looked at first
    assert fingerprint._blank(page[None]).tolist() == [False]
    rough = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    assert fingerprint._deviation(rough) == pytest.approx(rough.std(axis=(0, 1)).max(), rel=1e-9)


def test_light_does_not_change_where_a_picture_is():
    """The mean grey level is no part of a print: a picture and itself made lighter are at one place."""
    picture = np.random.default_rng(2).integers(40, 180, (1, 24, 24), dtype=np.uint8)
    parts = open_dataset((np.concatenate([picture, picture + 40]), np.array([0, 1])))
    first, second = fingerprint.prints([parts.parts["all"]], quiet=True).points
    np.testing.assert_allclose(first, second, atol=1e-4)


def test_frequencies_are_scipys_cosines_damped_by_a_gaussian():
    """Up to 8 cycles, the mean left out; first those that a mirror leaves as they are."""
    thumbnail = np.random.default_rng(0).normal(size=(16, 16))
    waves, (down, across) = fft.dctn(thumbnail, norm="ortho"), np.mgrid[:16, :16]
    square = down**2 + across**2
    damped, low = waves * np.exp(-square / 128), (square > 0) & (square <= 64)
    found = fingerprint._BASIS.double().numpy() @ thumbnail.ravel()
    expected = [damped[low & (across % 2 == odd)] for odd in (0, 1)]
    assert len(expected[0]) == fingerprint._EVEN and len(found) == low.sum()
    for ours, theirs in zip(np.split(found, [fingerprint._EVEN]), expected, strict=True):
        np.testing.assert_allclose(np.sort(ours), np.sort(theirs), atol=1e-5)


@pytest.mark.parametrize(("other", "blank"), [(100, True), (103, True), (104, False), (105, False)])
@pytest.mark.parametrize("shape", [(20, 20), (20, 20, 3), (200, 200)])
def test_blank_is_a_deviation_under_two_grey_levels(shape, other, blank):
    """In the channel with the most; stripes of 100 and 104 have one of exactly 2."""
    picture = np.full(shape, 100, np.uint8)
    picture[:, ::2] = [100, 100, other] if len(shape) == 3 else other
    assert fingerprint._blank(picture[None]).tolist() == [blank]
    assert fingerprint._deviation(picture) == pytest.approx((other - 100) / 2)


@pytest.mark.parametrize(
    ("distance", "radius", "one"),
    [
        (0.098, 9.0, True),  # alone, up to 0.1
        (0.102, 9.0, False),
        (0.022, 0.15, True),  # in a crowd of 2,000 up to 0.2 · (0.0005 / 2000)^(1/7), which is 0.0228
        (0.0236, 0.15, False),
        (0.06, 0.19, False),
        (0.06, 0.25, True),  # a crowd is no further away than 0.2
    ],
)
def test_how_near_two_pictures_are_one(distance, radius, one):
    steps = np.random.default_rng(0).normal(size=(2001, len(fingerprint._BASIS))).astype(np.float32)
    steps /= np.linalg.norm(steps, axis=1, keepdims=True)
    points = np.concatenate([np.zeros_like(steps[:1]), distance * steps[:1], radius * steps[1:]])
    assert ([0, 1] in fingerprint.alike(points, quiet=True)) is one
