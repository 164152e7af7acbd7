"""Snow, frost, fog and spatter against their definitions and OpenCV."""

import cv2
import numpy as np
import torch
from PIL import Image
from skimage import data, filters

from clearsight.corruptions import corrupted
from clearsight.corruptions.rng import Draws
from clearsight.corruptions.weather import _drops, _edges, _panes, _plasma


def astronaut(side: int, channels: int = 3) -> torch.Tensor:
    """A photograph as uint8 `(C, side, side)`."""
    image = Image.fromarray(data.astronaut()).resize((side, side), Image.Resampling.LANCZOS)
    levels = np.asarray(image.convert("L") if channels == 1 else image)
    return torch.from_numpy(levels.copy()).reshape(side, side, channels).permute(2, 0, 1).contiguous()


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
