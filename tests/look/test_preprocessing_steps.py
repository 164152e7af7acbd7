"""The picture on its way to the network: each stage is what the network's own preprocessing makes; mistakes are found by their answer."""

from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from clearsight.base.errors import UsageError
from clearsight.images.preprocess import IMAGENET, Preprocessing
from clearsight.look.preprocessing_steps import MISTAKES, answers, pixels_at, stages
from clearsight.look.target import Subject


def jpeg(orientation: int) -> bytes:
    pixels = np.zeros((40, 64, 3), np.uint8)
    pixels[:, 32:, 0] = 255  # red on the right
    exif = Image.Exif()
    exif[0x0112] = orientation
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", exif=exif.tobytes(), quality=95)
    return stream.getvalue()


class Reds(torch.nn.Module):
    """Class 0, 1, 2 by the mean of each channel, 3 by how much redder one half is, above or below."""

    def forward(self, x):
        reds = x[:, 0]
        above = reds[:, : reds.shape[1] // 2].mean((1, 2)) - reds[:, reds.shape[1] // 2 :].mean((1, 2))
        return torch.cat([x.mean((2, 3)), above.abs()[:, None] - 0.5], 1)


@pytest.fixture
def seen():
    return Subject("reds", Reds(), Preprocessing(3, 16, 16, fit="crop"), True, ("red", "green", "blue", "half"))


def test_stages_are_those_of_the_preprocessing(seen):
    found = {one.name: one for one in stages(seen.preprocessing, jpeg(6))}
    assert list(found) == ["file", "upright", "size", "numbers"]
    assert found["file"].pixels.shape == (40, 64, 3) and found["upright"].pixels.shape == (64, 40, 3)
    assert np.array_equal(found["size"].pixels, seen.preprocessing.load(jpeg(6)).permute(1, 2, 0).numpy())
    assert "−1.00 to 0.99" in found["numbers"].says  # the JPEG brings 254 of 255
    assert "upright" not in {one.name for one in stages(seen.preprocessing, jpeg(1))}
    grey = stages(Preprocessing(1, 16, 16), jpeg(1))
    assert [one.name for one in grey] == ["file", "channels", "size", "numbers"] and grey[-1].pixels.shape == (16, 16, 1)


@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_a_pixel_becomes_the_networks_own_numbers(order):
    steps = Preprocessing(3, 4, 5, order=order, mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6), fit="stretch")
    picture = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    found, given = pixels_at(steps, picture, 3, 1), steps.normalise(steps.load(picture)[None])[0]
    assert [one.value for one in found] == pytest.approx(given[:, 3, 1].tolist(), rel=1e-6)
    levels = dict(zip(("red", "green", "blue"), picture[3, 1].tolist(), strict=True))
    assert {one.colour: one.level for one in found} == levels and found[0].colour == ("red" if order == "rgb" else "blue")
    with pytest.raises(UsageError, match="row from 0 to 3"):
        pixels_at(steps, picture, 4, 1)


def test_mistakes_change_the_answer_as_they_must(seen):
    found = {one.mistake: one for one in answers(seen, jpeg(6))}
    assert found[""].label == "half" and not found[""].changed  # turned, the red is below
    assert found["EXIF ignored"].label != "half" and found["EXIF ignored"].changed
    assert "fit crop" not in found and "fit stretch" in found
    assert "EXIF ignored" not in {one.mistake for one in answers(seen, jpeg(1))}
    assert "channels swapped" not in {one.mistake for one in answers(seen, np.full((16, 16, 3), 9, np.uint8))}


def test_red_is_blue_with_channels_swapped(seen):
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 255
    found = {one.mistake: one for one in answers(seen, red)}
    assert found[""].label == "red" and found["channels swapped"].label == "blue" and found["channels swapped"].changed


@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_imagenets_colours_are_in_the_order_of_the_network(order):
    turned = slice(None, None, 1 if order == "rgb" else -1)
    own = Preprocessing(3, 8, 8, order=order, mean=IMAGENET.mean[turned], std=IMAGENET.std[turned])
    picture = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    assert torch.equal(MISTAKES["ImageNet's colours"][1](own, picture, own.load(picture)), own.normalise(own.load(picture)[None]))
