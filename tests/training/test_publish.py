"""What validation has chosen, in the words of the classifier's card."""

from types import SimpleNamespace

import pytest

from clearsight.recipes.recipe import Recipe
from clearsight.training.publish import _decided

SEVERAL = [{"epoch": 1}, {"epoch": 2}]


@pytest.mark.parametrize(
    ("settings", "rows", "val", "expected"),
    [
        ({}, SEVERAL, 50, ["epoch"]),
        ({}, SEVERAL[:1], 50, []),
        ({"keep": "last", "soup": 2, "patience": 3}, SEVERAL, 50, []),
        ({"optimizer": "lbfgs"}, SEVERAL, 50, ["l2"]),
        ({"optimizer": "lbfgs"}, SEVERAL[:1], 50, []),
        ({"tune": "head-then-all"}, SEVERAL[:1], 30, ["epoch", "l2"]),
        ({"tune": "head-then-all"}, SEVERAL[:1], 29, ["epoch"]),
        ({"tune": "head-then-all", "l2": 0.1}, SEVERAL, 50, ["epoch"]),
        ({"l2": 0.0, "tune": "all"}, SEVERAL, 50, ["epoch"]),
        ({"soup": 1, "schedule": "plateau", "patience": 2}, SEVERAL, 50, ["epoch", "soup", "learning rate", "length"]),
        ({"soup": 0, "schedule": "plateau", "patience": 2}, SEVERAL[:1], 50, []),
    ],
)
def test_what_validation_chose(settings, rows, val, expected):
    context = SimpleNamespace(
        recipe=Recipe(**settings), state=SimpleNamespace(counters=SimpleNamespace(rows=rows)), val=range(val),
        provenance={"start_chosen_by_validation_of": "ours", "teacher_chosen_by_validation_of": "another"},
        splits=SimpleNamespace(name="ours"),
    )  # fmt: skip
    assert _decided(context) == ["start", *expected]
