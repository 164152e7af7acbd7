"""The lecture's own numbers in its figures."""

import pytest

from clearsight.reports.live.lecture import LECTURE


@pytest.mark.parametrize("name", LECTURE)
def test_each_has_a_title_and_a_sentence(name):
    made = LECTURE[name]()
    assert made.title and made.lead.endswith(".") and made.data


def test_the_formula_and_the_stack_are_the_lectures():
    assert LECTURE["formula"]().data["parameters"] == 114_090
    assert LECTURE["stack"]().data["layers"][-1]["size"] == [7, 7]
    assert LECTURE["volume"]().data["maps"].shape == (6, 28, 28)
    assert [row["logit"] for row in LECTURE["logits"]().data["rows"]] == [3, 2, 1]
