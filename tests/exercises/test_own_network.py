"""Exercises on a network of one's own: the answers are those of the network."""

import pytest
import torch

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.exercises.grading import grade_part
from clearsight.exercises.own_network import OWN, Network, generate, windows
from clearsight.look.target import subject
from clearsight.look.unit import recompute_unit
from clearsight.models.summary import summarise


def network(name, size=(1, 28, 28)):
    found = subject(name, size, 10)
    x = torch.rand(1, *size, generator=torch.Generator().manual_seed(0)) - 0.3
    return Network(name, summarise(found.model, size), lambda layer, channel, at: recompute_unit(found.model, x, layer, channel, at))


@pytest.fixture(scope="module")
def lenet():
    return network("lenet5")


@pytest.mark.parametrize("kind", OWN)
def test_right_answers_are_accepted_and_slips_named(kind, lenet):
    for seed in range(4):
        made = generate(kind, seed, lenet)
        (part,) = made.parts
        assert grade_part(part, part.answer).right and made.seed == seed
        assert part.slips and all(grade_part(part, slip.answer).slip for slip in part.slips)


def test_the_answers_are_the_networks(lenet):
    layers = {one.name: one for one in lenet.summary.rows}
    for seed in range(6):
        asked = generate("own-parameters", seed, lenet)
        name = asked.question[0].split()[2]
        assert int(asked.parts[0].answer) == layers[name].parameters
        told = generate("own-field", seed, lenet)
        last = told.grids[0].rows[-1][0]
        assert int(told.parts[0].answer) == layers[last].receptive_field()["size"][0]
        unit = generate("own-unit", seed, lenet)
        words = unit.question[0].replace(",", "").split()
        channel, row, column = (int(words[words.index(one) + 1]) for one in ("channel", "row", "column"))
        assert float(unit.parts[0].answer) == pytest.approx(
            lenet.unit("conv1", channel, (row, column)).value, abs=0.1
        )  # of rounded numbers


def test_a_chain_ends_at_the_first_branch():
    assert [(one.size, one.stride) for one in windows(network("alexnet-lecture", (3, 227, 227)).summary.rows)][:2] == [(11, 4), (3, 2)]
    assert [one.sees for one in windows(network("conv3x3 conv3x3 conv3x3", (3, 12, 12)).summary.rows)] == [3, 5, 7]


def test_a_network_without_such_a_layer_says_so():
    with pytest.raises(ClearsightError, match="has no layer for this exercise"):
        generate("own-unit", 0, network("pixels"))
    with pytest.raises(UsageError, match="exercise on your network"):
        generate("cell", 0, network("pixels"))
