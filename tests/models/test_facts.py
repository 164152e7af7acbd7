"""The facts of all networks: the file that ships is what is counted now."""

import pytest

from clearsight import models
from clearsight.base.errors import UsageError
from clearsight.models import facts

HOW = "facts.csv is out of date: run python docs/generate.py"


def test_every_network_is_in_the_file():
    assert list(facts.written()) == models.names(), HOW


@pytest.mark.parametrize("family", models.FAMILIES, ids=lambda family: family.__name__.rsplit(".", 1)[-1])
def test_the_file_is_current_for_each_family(family):
    name = next(iter(family.TABLE))
    assert facts.written()[name] == facts.counts(facts.summary(name)), HOW


@pytest.mark.slow
def test_the_file_is_current():
    assert facts.table().splitlines()[1:] == [",".join([name, *map(str, row.values())]) for name, row in facts.written().items()], HOW


def test_the_facts_of_one(every_row):
    found = facts.facts("resnet50")
    assert (found.parameters, found.stored, found.megabytes, found.macs, found.depth) == (25_557_032, 25_610_152, 97.7, 4_089_184_256, 50)
    assert (found.year, found.family, found.input_size, found.classes, found.recipe) == (2015, "resnet", (3, 224, 224), 1000, "quick")
    assert [row.parameters for row in facts.every()] == [row.parameters for row in every_row]


def test_a_formula_is_counted_when_asked():
    found = facts.facts("conv8 relu globalpool softmax")
    assert (found.parameters, found.depth, found.macs, found.year) == (314, 2, 32 * 32 * 216 + 80, None)
    with pytest.raises(UsageError, match="Did you mean resnet18"):
        facts.facts("resnet1")
