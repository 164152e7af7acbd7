"""Names in one buffer behave as an array of strings where data sets use one."""

import numpy as np

from clearsight.datasets.shards.names import packed

WORDS = ["a.tar/1.jpg", "", "b.tar/é.jpg", "x" * 300]


def names():
    return packed(b"".join(word.encode() + b"\0" for word in WORDS))


def test_names_are_read_as_from_an_array():
    found = names()
    assert len(found) == 4
    assert list(found) == found.tolist() == np.asarray(found).tolist() == WORDS
    assert [found[1], found[np.int64(2)], found[-1]] == ["", "b.tar/é.jpg", WORDS[3]]
    assert np.asarray(found).dtype == object
    assert found.astype(str).dtype.kind == "U"


def test_rows_are_chosen_as_from_an_array():
    found, array = names(), np.asarray(names())
    for rows in (np.array([2, 0, 2]), np.array([True, False, False, True]), slice(1, 3), [3]):
        assert list(found[rows]) == list(array[rows])
    assert np.concatenate([found, found]).tolist() == WORDS * 2
    assert list(packed(b"")) == []


def test_bytes_that_are_no_text_are_shown():
    assert packed(b"\xff.jpg\0")[0] == "\\xff.jpg"
