"""Geometry against Pillow, colours by hand, settings that cannot be meant refused."""

import dataclasses
from contextlib import nullcontext
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data as photographs

from clearsight.base.errors import ClearsightError, UnreadableImage, UsageError
from clearsight.images.preprocess import IMAGENET, KERAS_CAFFE, KERAS_TF, KERAS_TORCH, KERAS_UNIT, Preprocessing

PHOTO = photographs.chelsea()  # 300×451


def to(height, width, fit="stretch", **others):
    return Preprocessing(channels=3, height=height, width=width, fit=fit, **others)


@pytest.mark.parametrize("size", [(64, 64), (100, 37), (299, 450), (450, 500)])
@pytest.mark.parametrize(("ours", "pillows"), [("bilinear", Image.Resampling.BILINEAR), ("bicubic", Image.Resampling.BICUBIC)])
def test_the_resize_is_pillows(size, ours, pillows):
    resized = to(*size, interpolation=ours).fit_picture(PHOTO).permute(1, 2, 0).numpy().astype(int)
    reference = np.asarray(Image.fromarray(PHOTO).resize(size[::-1], pillows)).astype(int)
    # Pillow rounds its weights to 22 bits and the result once per axis: one grey level, two where bicubic overshoots
    assert np.abs(resized - reference).max() <= (1 if ours == "bilinear" else 2)


def test_crop_cuts_the_middle_and_pad_shows_all():
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 200
    assert (to(10, 10, "crop").fit_picture(wide) == 200).all()
    padded = to(30, 30, "pad", mean=(0.2, 0.2, 0.2), std=(1.0, 1.0, 1.0)).fit_picture(wide)
    assert (padded[:, :10] == 51).all()
    assert (padded[:, 20:] == 51).all()
    assert (padded[:, 10:20, 10:20] == 200).all()


@pytest.mark.parametrize("order", ["rgb", "bgr"])
@pytest.mark.parametrize("mean", [(0.1, 0.4, 0.8), KERAS_CAFFE.mean])
def test_a_border_of_the_mean_is_nothing_after_normalising(order, mean):
    wide = to(12, 12, "pad", order=order, mean=mean, std=(1.0, 1.0, 1.0))
    seen = wide.normalise(wide.fit_picture(np.full((4, 12, 3), 255, np.uint8))[None])
    assert seen[:, :, [0, -1]].abs().max() <= 0.5 / 255  # a border of whole levels
    assert wide.border == tuple(round(255 * value) for value in (mean if order == "rgb" else mean[::-1]))
    assert to(12, 12, "pad", mean=(-3.0, 0.5, 7.0)).border == (0, 128, 255)


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (7, 13), (33, 32), (500, 499)])
def test_every_shape_comes_out_at_size(fit, shape):
    picture = np.full((*shape, 3), 99, np.uint8)
    fitted = to(32, 20, fit).fit_picture(picture)
    assert fitted.shape == (3, 32, 20)
    assert fitted.dtype == torch.uint8
    if fit != "pad":
        assert (fitted == 99).all()


def test_load_is_decode_and_fit_and_turns_channels():
    stream = BytesIO()
    Image.fromarray(PHOTO).save(stream, format="PNG")
    assert torch.equal(to(40, 40).load(stream.getvalue()), to(40, 40).fit_picture(PHOTO))
    grey = Preprocessing(channels=1, height=40, width=40, mean=(0.5,), std=(0.5,))
    assert grey.load(PHOTO).shape == (1, 40, 40)
    assert to(8, 8).load(np.full((8, 8), 5, np.uint8)).tolist() == torch.full((3, 8, 8), 5).tolist()


def test_a_batch_is_its_pictures_one_by_one():
    batch = torch.randint(0, 256, (5, 3, 20, 31), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    for fit in ("crop", "pad", "stretch"):
        one_by_one = [to(12, 12, fit).fit_picture(picture.permute(1, 2, 0).numpy()) for picture in batch]
        assert torch.equal(to(12, 12, fit).fit_batch(batch), torch.stack(one_by_one))


def test_normalise_by_hand_and_differentiable():
    preprocessing = to(1, 1, mean=(0.0, 0.5, 1.0), std=(1.0, 0.5, 0.25))
    levels = torch.tensor([255, 255, 0], dtype=torch.uint8).view(1, 3, 1, 1)
    assert preprocessing.normalise(levels).flatten().tolist() == [1.0, 1.0, -4.0]
    floats = (levels.float() / 255).requires_grad_()
    out = preprocessing.normalise(floats)
    assert torch.equal(out.detach(), preprocessing.normalise(levels))
    out.sum().backward()
    assert floats.grad.flatten().tolist() == [1.0, 2.0, 4.0]


@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_normalise_is_the_same_in_every_memory_format_and_into_a_place(order):
    preprocessing = to(5, 7, order=order, mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6))
    batch = torch.randint(0, 256, (4, 3, 7, 5), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    wanted = preprocessing.normalise(batch)
    last = batch.contiguous(memory_format=torch.channels_last)
    for given in (last, last[:, :, ::1], batch.mT.contiguous().mT, batch.flip(3).flip(3), batch.float() / 255):
        assert torch.equal(preprocessing.normalise(given), wanted)
        for layout in (torch.contiguous_format, torch.channels_last):
            place = torch.empty(4, 3, 7, 5).contiguous(memory_format=layout)
            assert preprocessing.normalise(given, place) is place
            assert torch.equal(place, wanted)
    assert torch.equal(preprocessing.normalise(batch[:, :1].expand(-1, 3, -1, -1)), preprocessing.normalise(batch[:, [0, 0, 0]]))
    assert preprocessing.normalise(batch.double() / 255).dtype == torch.float64


def test_settings_survive_json_and_bad_ones_are_refused():
    preprocessing = to(28, 32, "pad", interpolation="bicubic", antialias=False, mean=(0.1, 0.2, 0.3), std=(1.0, 2.0, 3.0))
    assert Preprocessing.from_dict(preprocessing.to_dict()) == preprocessing
    for change in ({"fit": "corp"}, {"channels": 2}, {"height": 0}, {"height": 1.5}, {"std": [0, 1, 1]}, {"mean": [1]}, {"size": 3}):
        with pytest.raises(UsageError):
            Preprocessing.from_dict({**preprocessing.to_dict(), **change})
    for rubbish in ([], {"mean": 3}, {"mean": ["x", "y", "z"]}):
        with pytest.raises(ClearsightError):
            Preprocessing.from_dict(rubbish)
    assert (preprocessing.enlarged(1.5).height, preprocessing.enlarged(1.5).width) == (42, 48)


def test_every_channel_has_a_half_unless_said_and_bad_values_are_refused():
    grey = Preprocessing(channels=1, height=4, width=4)
    assert (grey.mean, grey.std) == ((0.5,), (0.5,))
    assert Preprocessing(mean=[0.1, 0.2, 0.3]) == Preprocessing(mean=(0.1, 0.2, 0.3))
    for bad in (
        {"mean": (float("nan"), 0, 0)},
        {"std": (float("inf"), 1, 1)},
        {"height": True},
        {"antialias": "yes"},
        {"interpolation": "cubic"},
        {"levels": (5, 5)},
        {"levels": (0, 1, 2)},
        {"levels": (0, float("inf"))},
        {"bands": (1, 2)},
        {"bands": (0, 1, 2)},
        {"bands": (1, 2, 1.0)},
        {"decoding": 3},
        {"decoding": True},
    ):
        with pytest.raises(UsageError, match=next(iter(bad))):
            Preprocessing(**bad)


def test_only_uint8_pictures_and_any_view_of_them():
    preprocessing = to(40, 60)
    with pytest.raises(UnreadableImage, match="must be uint8"):
        preprocessing.fit_picture(PHOTO / np.float32(255))
    mirrored = PHOTO[:, ::-1]
    assert torch.equal(preprocessing.fit_picture(mirrored), preprocessing.fit_picture(mirrored.copy()))
    kept = PHOTO.copy()
    kept.flags.writeable = False
    same = to(*PHOTO.shape[:2]).fit_picture(kept)
    assert torch.equal(same, torch.from_numpy(PHOTO).permute(2, 0, 1))


@pytest.mark.parametrize("shape", [(1, 20_000), (20_000, 1), (3, 60_000)])
def test_a_strip_is_cut_before_it_is_enlarged(shape):
    strip = np.zeros((*shape, 1), np.uint8)
    strip[tuple(slice(n // 2 - min(n // 2, 20), n // 2 + 20) for n in shape)] = 150
    fitted = Preprocessing(channels=1, height=200, width=200).fit_picture(strip)
    assert (fitted == 150).all()
    for fit in ("pad", "stretch"):
        assert Preprocessing(channels=1, height=200, width=200, fit=fit).fit_picture(strip).shape == (1, 200, 200)


def test_cutting_a_strip_first_moves_nothing():
    ramp = np.broadcast_to(np.abs(np.arange(900) - 449.5).clip(0, 255).astype(np.uint8)[None, :, None], (40, 900, 1))
    fitted = Preprocessing(channels=1, height=20, width=20).fit_picture(ramp)
    whole = np.asarray(Image.fromarray(ramp[:, :, 0]).resize((450, 20), Image.Resampling.BILINEAR))[:, 215:235]
    assert np.abs(fitted[0].numpy().astype(int) - whole).max() <= 1
    assert torch.equal(fitted, fitted.flip(2))


def test_noise_is_resized_within_a_grey_level_of_exact():
    noise = np.random.default_rng(0).integers(0, 256, (333, 517, 3), dtype=np.uint8)
    exact = torch.from_numpy(noise).permute(2, 0, 1)[None].double()
    for size in ((224, 224), (10, 500), (600, 7)):
        wanted = torch.nn.functional.interpolate(exact, size, mode="bilinear", antialias=True)[0]
        assert (to(*size).fit_picture(noise) - wanted).abs().max() <= 1  # half a level for each of two roundings


def test_a_part_of_what_was_filled_is_cut_out_as_torchvision_does():
    photo = torch.from_numpy(PHOTO).permute(2, 0, 1)[None]  # 300×451
    resized = torch.nn.functional.interpolate(photo, (256, 384), mode="bilinear", antialias=True)  # 451 · 256 / 300 = 384.9
    fitted = dataclasses.replace(IMAGENET, height=224, width=224).fit_picture(PHOTO)
    assert torch.equal(fitted, resized[0, :, 16:240, 80:304])
    square = np.zeros((256, 256, 3), np.uint8)
    square[16:240, 16:240] = 7
    assert (IMAGENET.fit_picture(square) == 7).all()
    assert Preprocessing.from_dict(IMAGENET.to_dict()) == IMAGENET
    old = {key: value for key, value in to(8, 8).to_dict().items() if key not in ("crop_fraction", "order")}
    assert Preprocessing.from_dict(old) == to(8, 8)  # artefacts from before they were there


def test_keras_modes_by_hand():
    x = torch.tensor([0.0, 0.5, 1.0]).view(1, 3, 1, 1)
    for settings, expected in (
        (KERAS_TF, (-1.0, 0.0, 1.0)),
        (KERAS_CAFFE, (255 - 103.939, 127.5 - 116.779, -123.68)),
        (KERAS_UNIT, (0.0, 0.5, 1.0)),
        (KERAS_TORCH, (-0.485 / 0.229, 0.044 / 0.224, 0.594 / 0.225)),
    ):
        assert settings.normalise(x).flatten().tolist() == pytest.approx(expected, abs=1e-4)
        assert (settings.fit, settings.interpolation, settings.antialias) == ("stretch", "nearest", False)


def test_every_limit_is_allowed_and_what_is_beyond_refused():
    for name, allowed, refused in (
        ("channels", (1, 2, 3, 12, 256), (0, 257)),
        ("height", (1, 8192), (0, 8193)),
        ("width", (1, 8192), (0, 8193)),
        ("crop_fraction", (0.1, 1), (0.0999, 1.001)),
        ("mean", ((-1000,) * 3, (1000,) * 3), ((-1000.1, 0, 0), (0, 0, 1000.1))),
        ("std", ((1e-6,) * 3, (1000,) * 3), ((9e-7, 1, 1), (0, 0, 1000.1))),
    ):
        for value in allowed:
            made = Preprocessing(**{name: value})
            assert getattr(made, name) == value and Preprocessing.from_dict(made.to_dict()) == made
        for value in refused:
            with pytest.raises(UsageError, match=name):
                Preprocessing(**{name: value})


def test_orders_and_fractions_that_cannot_be():
    for bad in ({"order": "gbr"}, {"order": "bgr", "channels": 1}):
        with pytest.raises(UsageError, match="order must be rgb, or bgr for 3 channels"):
            Preprocessing(**bad)
    for bad in ({"crop_fraction": 0}, {"crop_fraction": 1.5}, {"crop_fraction": 0.5, "fit": "pad"}):
        with pytest.raises(UsageError, match=r"crop_fraction must be from 0.1 to 1"):
            Preprocessing(**bad)


def blotches(side):
    """Coloured blotches of several sizes, as no row of pixels and no eighth of one is like the next."""
    draw = np.random.default_rng(side)
    layers = [Image.fromarray(draw.integers(0, 256, (n, n, 3), dtype=np.uint8)).resize((side, side), Image.BICUBIC) for n in (4, 16, 64)]
    return np.mean([np.asarray(layer, float) for layer in layers], 0).astype(np.uint8)


@pytest.mark.parametrize("side", [4000, 511, 383, 200, 150, 100, 70, 33])
@pytest.mark.parametrize(
    "settings", [Preprocessing(3, 32, 32), Preprocessing(3, 32, 32, crop_fraction=0.5), Preprocessing(3, 20, 32, fit="stretch")]
)
def test_a_jpeg_decoded_smaller_is_the_one_decoded_whole(side, settings):
    """Against Pillow's whole picture, from sides that halve to just what is needed, or to less."""
    stream = BytesIO()
    Image.fromarray(blotches(side)).save(stream, "JPEG", quality=95)
    whole = settings.fit_picture(np.array(Image.open(BytesIO(stream.getvalue())))).int()
    away = (settings.load(stream.getvalue()).int() - whole).abs()
    assert away.max() <= 12 and away.float().mean() < 2  # decoded to half of what is needed: 18 and more, 3.7 and more


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ({"levels": (0, 255)}, True),
        ({"levels": (5, 5)}, False),
        ({"levels": (6, 5)}, False),
        ({"levels": (0,)}, False),
        ({"levels": (0, 1, 2)}, False),
        ({"levels": (-float("inf"), 5)}, False),
        ({"levels": (0, float("inf"))}, False),
        ({"bands": (1, 2, 256)}, True),
        ({"bands": (0, 1, 2)}, False),
        ({"bands": (1, 2, 257)}, False),
        ({"bands": (1, 2, True)}, False),
        ({"bands": (1, 2)}, False),
        ({"decoding": 1}, True),
        ({"decoding": 2}, True),
        ({"decoding": 0}, False),
        ({"decoding": 3}, False),
        ({"decoding": True}, False),
    ],
)
def test_ways_of_reading_that_cannot_be_are_refused(change, allowed):
    (name,) = change
    with nullcontext() if allowed else pytest.raises(UsageError, match=name):
        assert getattr(Preprocessing(**change), name) == change[name]


@pytest.mark.parametrize(("height", "width"), [(11, 30), (30, 11), (12, 30), (30, 12), (1, 30), (30, 30), (22, 60), (60, 22)])
def test_what_is_padded_lies_in_the_middle_and_one_pixel_more_is_after_it(height, width):
    made = to(30, 30, "pad", mean=(0.0,) * 3, std=(1.0,) * 3).fit_batch(torch.full((1, 3, height, width), 200, dtype=torch.uint8))
    shown = (made[0, 0] == 200).nonzero()
    scale = max(height, width) // 30
    for place, side in enumerate((height // scale, width // scale)):
        assert shown[:, place].unique().tolist() == list(range((30 - side) // 2, (30 - side) // 2 + side))
