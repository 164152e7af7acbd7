"""Tens of thousands of damaged pictures in every run, a million in the slow one: none crashes, hangs, floods or is misjudged."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image

from clearsight.images.decode import FORMATS

from .bad import EITHER, REFUSED
from .build import exif
from .contract import judged
from .mutants import BYTES, NAMES, SEEDS, corpus, mutants, reader
from .odd import WHOLE

BATCH = 250


def many(examples: int):
    """hypothesis draws seeds and batches; one example is a batch, as its own work per example would cost more than the pictures."""

    def decorate(test):
        rules = settings(max_examples=examples, derandomize=True, deadline=None, database=None, phases=[Phase.generate],
                         suppress_health_check=list(HealthCheck))  # fmt: skip
        return rules(given(st.sampled_from(NAMES), st.integers(0, 2**63))(test))

    return decorate


def drive(examples: int, batch_size: int):
    with reader() as child:

        @many(examples)
        def run(name, batch):
            child.read(name, batch, batch_size)

        run()
        for name in NAMES:  # each seed at least once, whatever was drawn
            child.read(name, 0, batch_size)
    tally = child.tally
    print(tally)
    assert 0.02 < tally.pictures / tally.mutants < 0.9
    assert tally.most_memory < BYTES and tally.most_address < BYTES
    return tally


def test_forty_thousand_mutants():
    assert drive(examples=125, batch_size=BATCH).mutants >= 40_000


@pytest.mark.slow
def test_a_million_mutants():
    assert drive(examples=1000, batch_size=1000).mutants >= 1_000_000


@pytest.mark.skipif("CLEARSIGHT_CORPUS" not in os.environ, reason="CLEARSIGHT_CORPUS names no folder of files to read")
def test_an_outside_corpus():
    files = len(corpus())
    with reader() as child:
        for first in range(0, files, 100):
            child.read("corpus", first, 100)
    print(child.tally)
    assert child.tally.mutants == files > 0
    assert child.tally.most_memory < BYTES and child.tally.most_address < BYTES


def test_no_known_class_crashes_hangs_or_floods(tmp_path, monkeypatch):
    files = [case.data for case in WHOLE.values()] + [data for data, _ in REFUSED.values()] + [make() for make in EITHER.values()]
    for i, data in enumerate(files):
        (tmp_path / f"{i:03d}").write_bytes(data)
    monkeypatch.setenv("CLEARSIGHT_CORPUS", str(tmp_path))
    with reader() as child:
        child.read("corpus", 0, len(files))
    print(child.tally)
    assert child.tally.mutants == len(files) > child.tally.pictures >= len(WHOLE)


@pytest.mark.slow
def test_the_largest_pictures_fit_into_memory(tmp_path, monkeypatch):
    """The modes that cost most, at the limit of 64 million pixels, turned where they can be."""
    made = {
        "rgba.png": (Image.new("RGBA", (8000, 8000)), {"exif": exif(6), "compress_level": 1}),
        "la.png": (Image.new("LA", (8000, 8000)), {"compress_level": 1}),
        "cmyk.jpg": (Image.new("CMYK", (8000, 8000)), {"exif": exif(5)}),
        "whole.tif": (Image.new("I", (8000, 8000)), {"compression": "packbits"}),
        "float.tif": (Image.new("F", (8000, 8000)), {"compression": "packbits"}),
        "rgba.webp": (Image.new("RGBA", (8000, 8000)), {"lossless": True, "method": 0, "quality": 0}),
        "rgba.avif": (Image.new("RGBA", (8000, 8000)), {"speed": 10}),
    }
    for name, (image, options) in made.items():
        if Path(name).suffix[1:].upper() not in ("WEBP", "AVIF") or Path(name).suffix[1:].upper() in FORMATS:
            image.save(tmp_path / name, **options)
    monkeypatch.setenv("CLEARSIGHT_CORPUS", str(tmp_path))
    with reader() as child:
        child.read("corpus", 0, len(made))
    print(child.tally)
    assert child.tally.pictures == child.tally.mutants == len(corpus())


def test_a_mutant_is_the_same_every_time():
    assert [*mutants("gif", 3, 20)] == [*mutants("gif", 3, 20)] != [*mutants("gif", 4, 20)]
    assert [*mutants("gif", 3, 20)][:5] == [*mutants("gif", 3, 5)]


@pytest.mark.parametrize("name", NAMES)
def test_no_cut_is_taken_for_the_picture_unless_it_is(name):
    """Every length of every seed: a file may lose what follows its pixels, never a pixel."""
    data = SEEDS[name]
    whole = judged(data)
    refused = 0
    for length in range(len(data)):
        found = judged(data[:length])
        refused += isinstance(found, str)
        assert isinstance(found, str) or np.array_equal(found, whole), length
    assert refused > len(data) // 10
