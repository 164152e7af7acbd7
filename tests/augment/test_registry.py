"""The words of the registry."""

import pytest

from clearsight.augment.op import Op
from clearsight.augment.registry import ALIASES, AUGMENTATIONS, margin, parse
from clearsight.base.errors import UsageError


def test_words_are_read_and_wrong_ones_refused():
    assert parse(" flip  crop:2 ") == (Op("flip", (0.5,)), Op("crop", (2,)))
    assert parse("") == ()
    assert parse("jitter")[0].strengths == (0.4, 0.4, 0.4, 0.1)
    assert parse("jitter:0.2")[0].strengths == pytest.approx((0.2, 0.2, 0.2, 0.05))
    assert parse("jitter:0.1:0.2:0.3:0")[0].strengths == (0.1, 0.2, 0.3, 0.0)
    assert (margin(parse("flip crop")), margin(parse("flip rrc"))) == (1.0, 1.15)
    assert parse("flip @package.changes:Jigsaw.four") == (Op("flip", (0.5,)), Op("@package.changes:Jigsaw.four", ()))
    for text, says in (
        ("@package", "written @package.module:name"),
        ("@package:", "written @package.module:name"),
        ("@pack-age:name", "written @package.module:name"),
        ("@package:name:0.5", "written @package.module:name"),
        ("filp", "Did you mean flip"),
        ("crop:-1", "from 0 to 64"),
        ("crop:x", "a whole number from 0 to 64"),
        ("crop:2.5", "whole"),
        ("flip:nan", "from 0 to 1"),
        ("flip:0.1:0.2", "a number from 0 to 1"),
        ("jitter:0.1:0.2", "1 or 4 numbers from 0 to 1"),
        ("jitter:0.1:0.2:x:0", "1 or 4 numbers"),
        ("jitter:", "1 or 4 numbers"),
    ):
        with pytest.raises(UsageError, match=says):
            parse(text)


@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_draws_as_the_stored_name_does(alias):
    name = ALIASES[alias]
    assert parse(f"flip {alias} crop:2") == parse(f"flip {name} crop:2")
    assert alias not in AUGMENTATIONS and name in AUGMENTATIONS


def test_an_alias_is_named_as_it_was_written():
    with pytest.raises(UsageError, match=r"augmentation posterize takes a whole number from 1 to 8 .* Got 'posterize:9'"):
        parse("posterize:9")
