"""Wherever pictures live, they are the same pictures; what cannot be read is named, never replaced."""

import errno
import os
import time

import numpy as np
import pytest
import torch
from PIL import Image

from clearsight.base.errors import ClearsightError, UnreadableImage, UsageError
from clearsight.base.files import cache_folder
from clearsight.datasets import loader
from clearsight.datasets.loader import Checked, Held, Streamed, load
from clearsight.datasets.open import open_dataset
from clearsight.images.preprocess import Preprocessing
from tests.pictures import digit_folder

TO = Preprocessing(channels=1, height=12, width=10, mean=(0.5,), std=(0.5,))


@pytest.fixture
def data(tmp_path):
    return open_dataset(digit_folder(tmp_path / "scans", per_class=20, classes=3)).parts["all"]


def one_by_one(data, preprocessing=TO):
    return torch.stack([preprocessing.load(data.source(i)) for i in range(len(data))])


@pytest.mark.parametrize(("cache", "kind"), [("auto", Checked), ("disk", Checked), ("memory", Held), ("off", Streamed)])
def test_every_place_holds_the_same_pictures(data, cache, kind):
    pictures = load(data, TO, cache=cache, workers=3, quiet=True)
    assert isinstance(pictures, kind)
    assert len(pictures) == 60
    assert torch.equal(pictures.batch(torch.arange(60)), one_by_one(data))
    wanted = torch.randperm(60).split(7)
    for indices, batch in zip(wanted, pictures.batches(wanted), strict=True):
        assert torch.equal(batch, one_by_one(data)[indices])
    assert torch.equal(pictures.labels, torch.from_numpy(data.labels))
    assert "60 pictures" in pictures.note


@pytest.mark.parametrize("cache", ["disk", "memory"])
def test_every_unreadable_file_is_named(data, cache):
    for i in (31, 4):
        data.source(i).write_bytes(b"rubbish")
    with pytest.raises(UnreadableImage, match=rf"one/0024\.png.*1 more; `clearsight check` has their reasons: {data.names[31]}\)"):
        load(data, TO, cache=cache, quiet=True)
    assert not list((cache_folder() / "pictures").glob("*")) if cache == "disk" else True


def test_an_unreadable_file_in_a_stream_stops_it(data):
    data.source(4).write_bytes(b"rubbish")
    with pytest.raises(UnreadableImage, match=r"0024\.png"):
        list(load(data, TO, cache="off", quiet=True).batches(torch.arange(60).split(10)))


def test_without_a_place_for_the_cache_it_goes_on_and_says_so(data, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "file" / "below"))
    assert torch.equal(load(data, TO, quiet=True).batch(torch.arange(60)), one_by_one(data))
    with pytest.raises(ClearsightError, match="cannot keep decoded pictures"):
        load(data, TO, cache="disk", quiet=True)
    monkeypatch.setattr(loader, "IN_MEMORY", 0)
    assert isinstance(load(data, TO, quiet=True), Streamed)


def test_arrays_are_fitted_in_batches_as_one_by_one():
    pictures = np.random.default_rng(0).integers(0, 256, (9, 20, 24, 3), dtype=np.uint8)
    data = open_dataset((pictures, np.arange(9) % 3)).parts["all"]
    colour = Preprocessing(channels=3, height=8, width=8)
    assert torch.equal(load(data, colour).batch(torch.arange(9)), one_by_one(data, colour))
    assert torch.equal(load(data, TO).batch(torch.arange(9)), one_by_one(data))


@pytest.mark.parametrize(("stored", "channels"), [(3, 1), (1, 3), (3, 3), (1, 1)])
def test_arrays_change_channels_as_pictures_do(stored, channels):
    pictures = np.random.default_rng(0).integers(0, 256, (50, 12, 10, stored), dtype=np.uint8)
    data = open_dataset((pictures, np.arange(50) % 2)).parts["all"]
    kept = Preprocessing(channels=channels, height=12, width=10, mean=(0.5,) * channels, std=(0.5,) * channels)
    assert torch.equal(load(data, kept).batch(torch.arange(50)), one_by_one(data, kept))
    assert len(load(data.subset([]), kept)) == 0


def test_every_colour_has_pillows_grey():
    levels = np.r_[0:256:5, 254, 255].astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(1, len(levels), -1, 3)
    assert np.array_equal(loader.as_batch(colours, 1)[0, 0].numpy(), np.asarray(Image.fromarray(colours[0]).convert("L")))


def test_a_full_disk_is_said_and_memory_used(data, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    pictures = load(data, TO, quiet=True)
    assert torch.equal(pictures.batch(torch.arange(60)), one_by_one(data))
    assert "decoded into memory" in pictures.note and "No space left on device" in pictures.note
    assert not list((cache_folder() / "pictures").iterdir())
    with pytest.raises(ClearsightError, match="No space left"):
        load(data, TO, cache="disk", quiet=True)


@pytest.mark.parametrize("cache", ["disk", "memory"])
def test_an_interrupt_drops_the_queue_and_leaves_no_file(data, cache, monkeypatch):
    begun, decode = [], Preprocessing.load

    def interrupted(self, source):
        begun.append(source)
        if len(begun) == 3:
            raise KeyboardInterrupt
        time.sleep(0.2)  # long enough for a busy machine to notice
        return decode(self, source)

    monkeypatch.setattr(Preprocessing, "load", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load(data, TO, cache=cache, workers=2, quiet=True)
    assert len(begun) < 30
    assert not list(cache_folder().glob("pictures/*"))


@pytest.mark.parametrize("place", ["disk", "memory", "off"])
def test_colour_batches_are_in_channels_last_memory(data, place):
    colour = Preprocessing(height=9, width=8)
    batch = load(data, colour, cache=place, quiet=True).batch(torch.arange(7))
    assert batch.is_contiguous(memory_format=torch.channels_last)


def test_a_misspelt_place_is_said(data):
    with pytest.raises(UsageError, match="Did you mean memory"):
        load(data, TO, cache="memmory")


def test_half_a_level_of_grey_is_rounded_up_as_by_pillow():
    """Colours whose weighted sum is next to n + ½ levels, in units of 2⁻¹⁶."""
    red, green = np.mgrid[:256, :256].reshape(2, -1)
    for blue in (0, 1, 100, 255):
        sums = (19595 * red + 38470 * green + 7471 * blue) % 65536
        near = np.flatnonzero(np.abs(sums - 32768) <= 8)
        assert len(near) > 8
        colours = np.stack([red[near], green[near], np.full(len(near), blue)], -1).astype(np.uint8)[None, None]
        assert np.array_equal(loader.as_batch(colours, 1)[0, 0].numpy(), np.asarray(Image.fromarray(colours[0]).convert("L")))


@pytest.mark.parametrize(
    ("shape", "channels", "bands", "read"),
    [
        ((2, 4, 4), 1, (), ...),
        ((2, 4, 4), 3, (), ...),
        ((2, 4, 4, 1), 3, (), ...),
        ((2, 4, 4, 3), 1, (), ...),
        ((2, 4, 4, 3), 3, (3, 2, 1), ...),  # of three nothing is chosen
        ((2, 4, 4, 5), 5, (), ...),
        ((2, 4, 4, 5), 3, (4, 2, 1), [3, 1, 0]),
        ((2, 4, 4, 2), 1, (2,), [1]),
        ((2, 4, 4, 5), 3, (), None),
        ((2, 4, 4, 3), 5, (), None),
        ((2, 4, 4), 2, (), None),
    ],
)
def test_the_bands_of_arrays_that_are_read(shape, channels, bands, read):
    pictures = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    preprocessing = Preprocessing(channels, 4, 4, bands=bands)
    if read is None:
        with pytest.raises(UsageError, match=rf"have {shape[3] if len(shape) == 4 else 1} bands, and {channels} are wanted"):
            loader.eight_bits(pictures, preprocessing)
    else:
        expected = pictures if read is ... else pictures[..., read]
        assert np.array_equal(loader.eight_bits(pictures, preprocessing), expected)


@pytest.mark.parametrize(("shape", "channels"), [((2, 3, 4, 2), 1), ((2, 3, 4, 4), 1), ((2, 3, 4, 1), 1), ((2, 3, 4), 1)])
def test_one_channel_of_several_bands_is_their_mean(shape, channels):
    pictures = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    expected = pictures if pictures.ndim == 3 else pictures.mean(3).round()
    assert np.array_equal(loader.as_batch(pictures, channels)[:, 0].numpy(), expected.astype(np.uint8))


@pytest.mark.parametrize(
    ("cache", "least", "kind"), [("off", 0, Streamed), ("memory", 0, Held), ("auto", 3840, Held), ("auto", 3839, Streamed)]
)
def test_files_are_kept_in_memory_up_to_a_limit(data, monkeypatch, tmp_path, cache, least, kind):
    """Sixty pictures of 64 bytes, where there is no place for a cache."""
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "file" / "below"))
    monkeypatch.setattr(loader, "IN_MEMORY", least)
    assert type(load(data, Preprocessing(1, 8, 8), cache=cache, quiet=True)) is kind


def test_pictures_of_several_files_come_in_the_order_asked():
    tensors = [torch.arange(n).view(n, 1, 1, 1).to(torch.uint8) + first for n, first in ((3, 0), (2, 100))]
    places = torch.tensor([[0, 2], [1, 1], [0, 0], [1, 0]])
    held = Held(tensors, torch.zeros(4), places=places)
    assert held.batch(torch.tensor([3, 0, 1, 2])).flatten().tolist() == [100, 2, 101, 0]
    alone = Held(tensors[:1], torch.zeros(2), places=torch.tensor([[0, 2], [0, 1]]))
    assert alone.batch(torch.tensor([1, 0])).flatten().tolist() == [1, 2]
    assert Held(tensors[:1], torch.zeros(3)).batch(torch.tensor([1])).flatten().tolist() == [1]


def test_shards_of_a_batch_are_asked_for_before_it_is_read_and_dropped_at_the_end(data, monkeypatch):
    told = []

    class Fake:
        def __init__(self, dataset, batches):
            told.append(len(batches))

        def begin(self, place):
            told.append(place)

        def close(self):
            told.append("close")

    monkeypatch.setattr(loader, "Ahead", Fake)
    found = list(load(data, TO, cache="off", quiet=True).batches(torch.arange(40).split(10)))
    assert len(found) == 4 and told == [4, 0, 0, 1, 2, 3, "close"]
