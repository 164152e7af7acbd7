"""Snow, frost, fog and spatter against their definitions and OpenCV."""

from itertools import pairwise

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data, filters

from clearsight.corruptions import corrupted, weather
from clearsight.corruptions.blurs import moved, zoomed
from clearsight.corruptions.rng import Draws
from clearsight.corruptions.weather import GREY, _drops, _edges, _needles, _panes, _plasma, fog, snow, spatter
from clearsight.images.blur import blurred


def astronaut(side: int, channels: int = 3) -> torch.Tensor:
    """A photograph as uint8 `(C, side, side)`."""
    image = Image.fromarray(data.astronaut()).resize((side, side), Image.Resampling.LANCZOS)
    levels = np.asarray(image.convert("L") if channels == 1 else image)
    return torch.from_numpy(levels.copy()).reshape(side, side, channels).permute(2, 0, 1).contiguous()


def _array(picture: torch.Tensor) -> np.ndarray:
    return picture.permute(1, 2, 0).numpy()


def test_fog_is_a_fractal_between_0_and_1_and_keeps_the_brightest():
    clouds = _plasma(Draws(torch.arange(2), "fog", 1), 28, 3.0)
    assert clouds.shape == (2, 32, 32)
    assert clouds.amin((1, 2)).tolist() == [0, 0] and clouds.amax((1, 2)).tolist() == [1, 1]
    rough = [(_plasma(Draws(torch.arange(8), "fog", 1), 64, decay).diff(dim=2).abs().mean()) for decay in (3.0, 1.4)]
    assert rough[0] < rough[1]
    white = torch.full((1, 1, 32, 32), 255, dtype=torch.uint8)
    foggy = corrupted(white, torch.tensor([0]), "fog", 5)
    assert int(foggy.max()) == 255 and int(foggy.min()) == int(255 * 1 / 2.5)  # 1 + 1.5 · 0, by 1 + 1.5


def test_frost_is_a_piece_of_a_pane():
    panes = _panes(32)
    assert panes.shape == (5, 3, 64, 64) and 0 <= float(panes.min()) < 0.6 < 0.65 < float(panes.mean()) < 0.75 and float(panes.max()) <= 1
    quarters = (panes > 0.9).any(1).unfold(1, 32, 32).unfold(2, 32, 32).flatten(1, 2).sum((2, 3))
    assert (quarters > 5).all()  # crystals grow everywhere, not from a corner
    black = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    ice = corrupted(black, torch.tensor([4]), "frost", 1)[0].float() / 255 / 0.2
    pieces = panes.unfold(2, 32, 1).unfold(3, 32, 1)
    away = [(pieces[:, :, y, x] - way).abs().mean((1, 2, 3)).min() for y in range(33) for x in range(33) for way in (ice, ice.flip(2))]
    assert min(away) < 0.02  # levels by 0.2


def test_edges_are_opencvs():
    levels = np.uint8(filters.gaussian(astronaut(64, 1)[0].numpy() / 255, 1) * 255)
    ours, theirs = _edges(levels.astype(float)), cv2.Canny(levels, 50, 150) > 0
    assert (ours != theirs).mean() < 0.01 and theirs.mean() > 0.05


def test_drops_light_up_as_published():
    """OpenCV's program on the same liquid; its distances are those of a 5 × 5 mask, and edges may differ by a pixel."""
    rng = np.random.default_rng(0)
    liquid = filters.gaussian(rng.normal(0.65, 0.3, (96, 96)), 3)
    liquid = np.uint8(np.where(liquid < 0.68, 0, liquid) * 255)
    away = cv2.distanceTransform(255 - cv2.Canny(liquid, 50, 150), cv2.DIST_L2, 5)
    away = cv2.equalizeHist(cv2.blur(np.minimum(away, 20), (3, 3)).astype(np.uint8))
    lit = cv2.filter2D(away, cv2.CV_8U, np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]))
    expected = liquid * cv2.blur(lit, (3, 3)).astype(np.float32)
    ours = _drops(liquid.astype(float)).numpy()
    assert np.corrcoef(ours.ravel(), expected.ravel())[0, 1] > 0.98
    assert ours.mean() == pytest.approx(expected.mean(), rel=0.05)
    assert float(_drops(np.zeros((20, 20))).abs().max()) == 0


def test_mud_and_water_have_their_colours():
    """Mud covers white with (63, 42, 20) where it lies thick; what water adds to black is as (175, 238, 238)."""
    white, black = (torch.full((1, 3, 224, 224), level, dtype=torch.uint8) for level in (255, 0))
    muddy = corrupted(white, torch.tensor([3]), "spatter", 5)[0].int()
    assert (muddy.flatten(1).amin(1) - torch.tensor([63, 42, 20])).abs().max() <= 2
    assert muddy.max() == 255
    red, green, blue = corrupted(black, torch.tensor([3]), "spatter", 1)[0].float().flatten(1)
    assert torch.equal(green, blue) and green.max() > 30
    bright = green > 30
    assert ((red / green)[bright] - 175 / 238).abs().max() < 0.04


def _again(name: str) -> Draws:
    return Draws(torch.tensor([3]), name, 1)


def test_snow_is_the_published_program():
    """Flakes enlarged, cut off, blurred along their way and laid on twice, the second time turned, over a paler picture."""
    x = astronaut(32)[None].float() / 255
    mean, sigma, zoom, least, radius, blur, keep = strengths = (0.3, 0.3, 1.25, 0.65, 6, 4, 0.8)
    draws = _again("snow")
    layer = zoomed(mean + sigma * draws.normal(1, 32, 32), zoom)
    layer[layer < least] = 0
    layer = torch.from_numpy(np.uint8(layer.clamp(0, 1).numpy() * 255).astype(np.float32)) / 255
    layer = np.round(moved(layer, draws.uniform(-135, -45), radius, blur).numpy()[0, 0] * 255) / 255
    picture = _array(x[0])
    grey = (picture @ np.array(GREY, np.float32))[..., None]
    expected = keep * picture + (1 - keep) * np.maximum(picture, grey * 1.5 + 0.5) + (layer + np.rot90(layer, 2))[..., None]
    np.testing.assert_allclose(_array(snow(x, _again("snow"), *strengths)[0]), expected, atol=1e-5)


def test_clouds_are_the_published_diamonds_and_squares():
    """Each middle is the mean of its four corners or neighbours, round the edge, and an offset that falls as the published one."""
    side, wibble, decay, draws = 8, 100.0, 1.7, _again("fog")
    heights, step = np.zeros((side, side)), side

    def offsets(n):
        return draws.uniform(-(wibble**2), wibble**2, n, n)[0].numpy()

    while step >= 2:
        half, places = step // 2, range(0, side, step)
        random = offsets(len(places))
        for i, y in enumerate(places):
            for j, x in enumerate(places):
                corners = [heights[(y + dy) % side, (x + dx) % side] for dy in (0, step) for dx in (0, step)]
                heights[y + half, x + half] = np.mean(corners) + random[i, j]
        for below, right in ((0, half), (half, 0)):
            random, before = offsets(len(places)), heights.copy()
            for i, y in enumerate(places):
                for j, x in enumerate(places):
                    row, column = y + below, x + right
                    around = [before[(row + dy) % side, (column + dx) % side] for dy, dx in ((half, 0), (-half, 0), (0, half), (0, -half))]
                    heights[row, column] = np.mean(around) + random[i, j]
        step, wibble = half, wibble / decay
    heights -= heights.min()
    np.testing.assert_allclose(_plasma(_again("fog"), side, decay)[0].numpy(), heights / heights.max(), atol=1e-6)
    x = astronaut(8)[None].float() / 255
    expected = (_array(x[0]) + 2.5 * heights[..., None] / heights.max()) * float(x.max()) / (float(x.max()) + 2.5)
    np.testing.assert_allclose(_array(fog(x, _again("fog"), 2.5, decay)[0]), expected, atol=1e-5)


def test_a_needle_fades_and_ends_at_the_border():
    canvas = torch.zeros(3, 5)
    starts = torch.tensor([[0.0, 1.0, 2.0, 1.0], [0.0, 4.0, 0.0, 2.0]])  # down, right
    ways = torch.tensor([[0.0, 0.0, 1.0, -1.0], [1.0, 1.0, 0.0, 0.0]])
    _needles(canvas, starts, ways, torch.tensor([3.0, 3.0, 3.0, 4.0]))
    second, third = 1 - 0.7 / 3, 1 - 1.4 / 3
    expected = torch.tensor([[1, second, max(third, 1 - 0.7 / 4), 0, 0], [0, 0, 1, 0, 1], [1, 0, 0, 0, 0]])
    torch.testing.assert_close(canvas, expected)


def test_spatter_is_thresholded_noise_and_mud_covers_by_its_thickness():
    x = astronaut(32)[None].float() / 255
    mean, sigma, blur, least = 0.65, 0.3, 1.5, 0.66
    liquid = blurred(mean + sigma * _again("spatter").normal(1, 32, 32), blur)
    liquid[liquid < least] = 0
    cover = blurred((liquid > 0).float(), 0.6)
    cover[cover < 0.8] = 0
    mud = torch.tensor([63, 42, 20])[:, None, None] / 255
    torch.testing.assert_close(spatter(x, _again("spatter"), mean, sigma, blur, least, 0.6, 1), x * (1 - cover) + cover * mud)
    light = _drops((liquid[0, 0] * 255).floor().numpy())
    water = torch.tensor([175, 238, 238])[:, None, None] / 255
    torch.testing.assert_close(spatter(x, _again("spatter"), mean, sigma, blur, least, 0.5, 0), x + light / light.max() * 0.5 * water)


def test_a_pane_of_frost_is_shown_from_either_side(monkeypatch):
    pane = torch.linspace(0, 1, 8 * 8).view(1, 1, 8, 8).expand(1, 3, 8, 8)
    monkeypatch.setattr(weather, "_panes", lambda side: pane)
    found = weather.frost(torch.zeros(32, 3, 8, 8), Draws(torch.arange(32), "frost", 1), 0.0, 1.0)
    turned = [torch.equal(one, pane[0].flip(2)) for one in found]
    assert 4 < sum(turned) < 28 and all(torch.equal(one, pane[0]) for one, side in zip(found, turned, strict=True) if not side)


def test_needles_of_frost_branch_at_60_degrees_to_both_sides(monkeypatch):
    asked = []
    monkeypatch.setattr(weather, "_needles", lambda canvas, starts, ways, lengths: asked.append(ways))
    weather._ice(Draws(torch.tensor([0]), "pane", 0), 64)
    for parents, branches in pairwise(asked):
        turn = torch.atan2(*branches).view(-1, parents.shape[1]) - torch.atan2(*parents)
        degrees = torch.rad2deg(torch.atan2(turn.sin(), turn.cos())).round()
        assert set(degrees.flatten().tolist()) == {-60.0, 60.0}


def test_needles_of_frost_branch_twice_and_are_shorter_each_time(monkeypatch):
    """A branch that begins at a share of its needle has 0.6 of what is left of it."""
    drawn = []
    monkeypatch.setattr(weather, "_needles", lambda canvas, starts, ways, lengths: drawn.append((starts, lengths)))
    weather._ice(Draws(torch.tensor([0]), "pane", 0), 64)
    shares = torch.tensor(weather.BRANCHES)
    assert len(drawn) == 3
    for (_, longer), (starts, lengths) in pairwise(drawn):
        assert torch.allclose(lengths.view(len(shares), -1), 0.6 * (1 - shares[:, None]) * longer)
        assert starts.shape == (2, len(shares) * len(longer))
