"""The words of the registry."""

import pytest
import torch

from clearsight.augment.op import Op
from clearsight.augment.registry import ALIASES, AUGMENTATIONS, ROWS, margin, parse
from clearsight.base.errors import UsageError

# default strengths, lowest and highest: recipes of runs name them, so that a change would make other pictures of an old recipe
LIMITS = {
    "flip": ((0.5,), 0.0, 1.0), "crop": ((1,), 0, 64), "rrc": ((0.35,), 0.01, 1.0), "jitter": ((0.4, 0.4, 0.4, 0.1), 0.0, 1.0),
    "brightness": ((0.4,), 0.0, 1.0), "contrast": ((0.4,), 0.0, 1.0), "saturation": ((0.4,), 0.0, 1.0), "hue": ((0.1,), 0.0, 0.5),
    "rotate": ((15.0,), 0.0, 180.0), "shear": ((0.2,), 0.0, 1.0), "translate": ((0.1,), 0.0, 0.5), "zoom": ((0.2,), 0.0, 3.0),
    "perspective": ((0.3,), 0.0, 0.9), "elastic": ((0.06,), 0.0, 0.3), "gamma": ((0.5,), 0.0, 4.0), "exposure": ((1.0,), 0.0, 4.0),
    "solarise": ((0.2,), 0.0, 1.0), "posterise": ((4,), 1, 8), "equalise": ((0.2,), 0.0, 1.0), "autocontrast": ((0.2,), 0.0, 1.0),
    "invert": ((0.2,), 0.0, 1.0), "sharpen": ((0.9,), 0.0, 3.0), "noise": ((0.05,), 0.0, 1.0), "jpeg": ((30,), 1, 95),
    "erase": ((0.25,), 0.0, 1.0), "grey": ((0.2,), 0.0, 1.0), "blur": ((2.0,), 0.1, 16.0), "trivial": ((1.0,), 0.0, 1.0),
    "rand": ((5.0,), 0.0, 10.0), "augmix": ((1.0,), 0.0, 1.0), "auto-imagenet": ((1.0,), 0.0, 1.0), "auto-cifar10": ((1.0,), 0.0, 1.0),
    "auto-svhn": ((1.0,), 0.0, 1.0),
}  # fmt: skip


def test_every_strength_is_allowed_up_to_its_limits_and_refused_beyond():
    assert set(LIMITS) == set(AUGMENTATIONS)
    for name, (default, low, high) in LIMITS.items():
        assert parse(name) == (Op(name, default),)
        step = 1 if isinstance(default[0], int) else 0.001
        for value in (low, high):
            given = parse(":".join([name, *[str(value)] * len(default)]))
            assert given == (Op(name, (value,) * len(default)),), name
        for value in (low - step, high + step):
            with pytest.raises(UsageError, match=f"augmentation {name} takes"):
                parse(f"{name}:{value}")


def test_every_row_reads_all_of_its_draws_and_no_more():
    """The last one matters for the plan, and a plan does without others."""
    first = torch.rand(64, 60, generator=torch.Generator().manual_seed(0))
    for name, row in ROWS.items():
        second = first.clone()
        second[:, row.draws - 1] = (first[:, row.draws - 1] + 0.5) % 1
        plans = [row.plan(draws[:, : row.draws], row.default, (3, 20, 30)) for draws in (first, second)]
        assert not torch.equal(*plans), name


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


@pytest.mark.parametrize("name", ["brightness", "contrast", "saturation", "hue", "jitter"])
def test_changes_of_colour_give_floats_and_take_one_draw_for_each_colour(name):
    row = ROWS[name]
    assert row.floats and row.draws == (4 if name == "jitter" else 1)
