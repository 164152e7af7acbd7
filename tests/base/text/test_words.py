"""`name:number` words."""

import math

import pytest

from clearsight.base.errors import UsageError
from clearsight.base.text.words import Word, parse

KNOWN = ("crop", "flip", "jitter")


def test_words_are_names_and_their_numbers():
    crop, flip = parse("  crop:2:x\tflip ", "augmentation", KNOWN)
    assert crop == Word("crop:2:x", "crop", ("2", "x")) and crop.argument == "2:x"
    assert flip == Word("flip", "flip", ()) and flip.argument == ""
    assert parse("", "augmentation", KNOWN) == []


@pytest.mark.parametrize(("text", "expected"), [("a", 0.5), ("a:", 0.5), ("a:2", 2.0), ("a:-1e3", -1000.0)])
def test_one_number_or_the_default(text, expected):
    assert Word.of(text).number(0.5) == expected


@pytest.mark.parametrize("text", ["a:x", "a:1:2", "a:nan", "a:1 2", "a:8/255"])
def test_what_cannot_be_read_is_a_nan(text):
    assert math.isnan(Word.of(text).number(0.5))


def test_several_numbers_of_a_kind():
    assert Word.of("a").values() == ()
    assert Word.of("a:1:2.5").values() == (1.0, 2.5)
    assert Word.of("a:1:2").values(int) == (1, 2)
    for text, kind in (("a:1:x", float), ("a:2.5", int), ("a:", float)):
        assert all(math.isnan(value) for value in Word.of(text).values(kind))


def test_an_unknown_name_is_refused_with_near_ones():
    with pytest.raises(UsageError, match=r"no augmentation is called 'filp'\. Did you mean flip\?"):
        parse("crop filp:1", "augmentation", KNOWN)
