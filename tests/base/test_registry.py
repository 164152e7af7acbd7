"""A table finds its rows and names the near ones."""

from types import MappingProxyType

import pytest

from clearsight.base.errors import UsageError, unknown
from clearsight.base.registry import look_up


def test_a_row_is_found_even_when_it_is_none():
    assert look_up(MappingProxyType({"a": None, "b": 2}), "a", "row") is None
    assert look_up({"a": None, "b": 2}, "b", "row") == 2


@pytest.mark.parametrize(
    ("name", "says"),
    [("swfit", "no network is called 'swfit'. Did you mean swift?"), ("Swift", "Did you mean swift?"), ("", "There is: swift, pixels.")],
)
def test_a_name_that_is_not_there(name, says):
    with pytest.raises(UsageError) as caught:
        look_up({"swift": 1, "pixels": 2}, name, "network")
    assert says in str(caught.value)
    assert caught.value.__suppress_context__  # no KeyError above the line


def test_a_near_name_is_suggested_once():
    assert str(unknown("layer", "net.conv2", ["conv2", "pool", "conv2"])).endswith("Did you mean conv2?")
