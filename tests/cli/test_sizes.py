"""Amounts and sizes as they are typed."""

import click
import pytest

from clearsight.cli.sizes import Amount, Size


def test_amounts_and_sizes():
    assert [Amount().convert(word, None, None) for word in ("25M", "1.5k", "7")] == [25e6, 1500, 7]
    assert Size().convert("227x227x3", None, None) == (3, 227, 227)
    assert Size().convert("8×16", None, None) == (3, 8, 16)
    for kind, word in ((Amount(), "many"), (Size(), "32")):
        with pytest.raises(click.BadParameter):
            kind.convert(word, None, None)
