"""Pickles of data give the values that pickle gives; those that name anything else are refused, and nothing is run."""

import os
import pickle

import numpy as np
import pytest

from clearsight.datasets.formats.pickled import NotData, load

VALUES = {
    "data": np.arange(24, dtype=np.uint8).reshape(2, 12), "labels": [3, 1, 70000, -5, 2**40],
    "floats": np.array([[1.5, -2.0]], dtype=">f4"),
    "text": "é", "raw": b"\xff\0", "none": None, "flags": [True, False], "nested": {"a": [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)]},
    "fortran": np.asfortranarray(np.arange(6, dtype=np.int64).reshape(2, 3)), 1.5: "float key",
}  # fmt: skip


@pytest.mark.parametrize("protocol", range(5))
def test_values_are_those_of_pickle(protocol):
    found = load(pickle.dumps(VALUES, protocol))
    assert list(found) == list(VALUES)
    for key, value in VALUES.items():
        if isinstance(value, np.ndarray):
            assert found[key].dtype == value.dtype and np.array_equal(found[key], value)
        else:
            assert found[key] == value


def test_text_of_python_2_is_bytes():
    assert load(b"\x80\x02}q\x00U\x04dataq\x01U\x03\xff\x00aq\x02s.") == {b"data": b"\xff\0a"}


class Evil:
    def __reduce__(self):
        return os.mkdir, ("ran",)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_nothing_is_run(tmp_path, monkeypatch, protocol):
    monkeypatch.chdir(tmp_path)
    for value in (Evil(), {"data": Evil()}, [np.float64], eval, np.array([Evil()], dtype=object)):
        with pytest.raises(NotData):
            load(pickle.dumps(value, protocol))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "content", [b"", b"\x80\x02", b"not a pickle", b"\x80\x02}q\x00U\xff", pickle.dumps(VALUES, 2)[:-40], b"(lp0\n."[1:]]
)
def test_damage_is_one_kind_of_error(content):
    with pytest.raises(NotData):
        load(content)
