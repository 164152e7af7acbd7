"""One checked line of a report."""

import dataclasses

import pytest

from clearsight.base.check import Check


def test_a_line_as_json_and_frozen():
    line = Check("pixels", False, "softmax regression on pixels reaches 80 %")
    assert line.to_json() == {"check": "pixels", "ok": False, "says": "softmax regression on pixels reaches 80 %"}
    with pytest.raises(dataclasses.FrozenInstanceError):
        line.ok = True
