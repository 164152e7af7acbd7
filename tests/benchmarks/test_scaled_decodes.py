"""No JPEG, of whatever process of coding and however damaged, ends the process that decodes it smaller."""

import json
import subprocess
import sys

import numpy as np
import pytest
import scaled_decodes
from scaled_decodes import PHOTO, whole

from clearsight.base.errors import UnreadableImage
from clearsight.images import jpeg
from clearsight.images.decode import decode
from clearsight.images.preprocess import Preprocessing

FILES = whole()
SCALED = ("SOF0", "SOF0 grey", "SOF0 4:4:4", "SOF0 CMYK", "SOF0 restarts", "SOF0 turned", "SOF1", "SOF2", "SOF2 grey", "MPO",
          "lossless inside", "lossless behind", "SOF0 then SOF0")  # fmt: skip
UNKNOWN = ("SOF5", "SOF6", "SOF7", "SOF11", "SOF13", "SOF14", "SOF15")


@pytest.mark.parametrize("name", sorted(FILES.keys() - {"TIFF"}))
def test_only_baseline_extended_and_progressive_ones_are_decoded_smaller(name):
    assert jpeg.scalable(FILES[name]) == (name in SCALED)


@pytest.mark.parametrize("quick", [False, True], ids=["pillow", "simplejpeg"])
@pytest.mark.parametrize("side", [1, 5, 13, 30])
def test_the_others_come_whole_or_are_refused(side, quick, monkeypatch):
    # the decoders that die of it do so in their own process, below: here it is what is handed to them that counts
    if not quick:
        monkeypatch.setattr(jpeg, "simplejpeg", None)
    pixels = np.asarray(PHOTO)
    assert np.array_equal(decode(FILES["SOF3"], min_side=side), pixels)
    assert np.array_equal(decode(FILES["baseline behind lossless"], min_side=side), pixels)
    assert np.array_equal(decode(FILES["SOF3 grey"], min_side=side), pixels[..., :1])
    for name in ("SOF9", "SOF10"):
        assert np.array_equal(decode(FILES[name], min_side=side), decode(FILES[name]))
    assert decode(FILES["TIFF"], min_side=side).shape == pixels.shape
    for name in UNKNOWN:
        with pytest.raises(UnreadableImage):
            decode(FILES[name], min_side=side)
    assert decode(FILES["SOF0"], min_side=side).shape < pixels.shape


def test_training_and_classifying_read_a_lossless_one_as_its_pixels():
    fit = Preprocessing(height=8, width=8)
    assert (fit.load(FILES["SOF3"]).int() - fit.load(np.asarray(PHOTO)).int()).abs().max() == 0


def fuzz(*words: str) -> dict[str, dict[str, int]]:
    done = subprocess.run([sys.executable, scaled_decodes.__file__, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_damaged_ones_of_every_kind_end_no_process():
    found = fuzz("--decodes", "500", "--plain")
    assert found["pillow"]["smaller"] > 100
    assert all(row == found["pillow"] for row in found.values())  # both decoders read and refuse the same files


@pytest.mark.slow
def test_twenty_thousand_under_a_checked_allocator():
    assert all(row["decoded"] > 5_000 and row["exit"] == 0 for row in fuzz("--decodes", "20000", "--seed", "1").values())
