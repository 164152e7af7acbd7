"""Square: stripes and squares of ±ε, kept where the margin grows."""

import dataclasses

import pytest
import torch

from clearsight.attacks.methods import square as module
from clearsight.attacks.methods.square import margin, square
from tests.attacks.victims import mid_grey, task


def test_the_margin_is_the_lead_of_the_best_wrong_class():
    logits = torch.tensor([[3.0, 1.0, 2.0], [0.0, 5.0, 1.0]])
    assert margin(logits, torch.tensor([0, 0])).tolist() == [-1, 5]


def test_it_begins_with_vertical_stripes():
    given = mid_grey(0.05, 6)
    never = dataclasses.replace(given, scores=lambda x: torch.tensor([[9.0, 0.0, 0.0]]).expand(len(x), 3), labels=torch.zeros(6).long())
    change = square(never, queries=1) - given.pictures
    torch.testing.assert_close(change.abs(), torch.full_like(change, 0.05))
    torch.testing.assert_close(change, change[:, :, :1].expand_as(change))
    assert len({tuple(row.sign().flatten().tolist()) for row in change[:, 0, 0]}) > 1  # other ones for each picture


def test_a_square_has_its_side_and_lies_within():
    draws = torch.rand(50, 3, generator=torch.Generator().manual_seed(0))
    draws[0, :2], draws[1, :2] = 0.0, 0.999999
    masks = module._square(draws, 3, 7, 9)
    assert masks.shape == (50, 1, 7, 9) and masks.flatten(1).sum(1).eq(9).all()
    assert masks[0, 0, :3, :3].all() and masks[1, 0, -3:, -3:].all()


def test_squares_become_smaller():
    shares = [module._share(query, 10_000) for query in (1, 11, 51, 201, 9_999)]
    assert shares == [0.8, 0.4, 0.2, 0.1, 0.8 / 2**9]


@pytest.mark.parametrize("queries", [1, 30, 150])
def test_the_margin_never_falls(queries):
    given = task(0.03, 12)
    first, found = square(given, queries=1), square(given, queries=queries)
    with torch.no_grad():
        rise = margin(given.scores(found), given.labels) - margin(given.scores(first), given.labels)
    assert float(rise.min()) > -1e-5
    assert float((found - given.pictures).abs().max()) <= 0.03 + 1e-6
