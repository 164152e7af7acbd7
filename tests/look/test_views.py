"""The views of SimCLR, their similarities, and NT-Xent worked out: by hand, and equal to the loss that `pretrain` minimises."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from clearsight.augment.registry import parse
from clearsight.base.errors import UsageError
from clearsight.look.target import subject
from clearsight.look.views import Similarities, default_views, nt_xent, of_pictures, similarities, two_views
from clearsight.training.objectives.ntxent import ntxent

# views 1a, 2a, 1b, 2b: partners are at right angles to the views of the other picture
ORTHOGONAL = np.array([[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1]], float)


def test_two_pictures_by_hand():
    """With partners of cosine 1 and others of 0, each loss is log(e² + 1 + 1) − 2 at τ = 1/2."""
    terms = nt_xent(ORTHOGONAL, 0.5)
    assert [(term.view, term.partner) for term in terms] == [(0, 2), (1, 3), (2, 0), (3, 1)]
    assert terms[0].exponentials == pytest.approx((0, 1, math.exp(2), 1)) and terms[0].total == pytest.approx(math.exp(2) + 2)
    assert [term.loss for term in terms] == pytest.approx([math.log(math.exp(2) + 2) - 2] * 4)
    for rubbish in (0, 1e-9, math.inf, math.nan):
        with pytest.raises(UsageError, match=r"from 0\.01 to 100"):
            nt_xent(ORTHOGONAL, rubbish)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 2.0])
@pytest.mark.parametrize("n", [2, 5])
def test_the_mean_is_the_loss_that_pretraining_minimises(n, temperature):
    first, second = torch.randn(2, n, 7, generator=torch.Generator().manual_seed(0))
    unit = F.normalize(torch.cat([first, second]).double(), dim=1)
    terms = nt_xent((unit @ unit.T).numpy(), temperature)
    loss, _ = ntxent(first, second, temperature)
    assert sum(term.loss for term in terms) / (2 * n) == pytest.approx(float(loss) / n, rel=1e-5)


def test_same_and_different_by_hand():
    found = Similarities("net", np.array([[1, 0.2, 0.9, 0.1], [0.2, 1, 0.3, 0.7], [0.9, 0.3, 1, 0.4], [0.1, 0.7, 0.4, 1]]))
    assert found.same == pytest.approx(0.8) and found.different == pytest.approx((0.2 + 0.1 + 0.3 + 0.4) / 4)
    assert of_pictures(np.arange(36.0).reshape(6, 6), 2).tolist() == [[0, 1, 3, 4], [6, 7, 9, 10], [18, 19, 21, 22], [24, 25, 27, 28]]


def test_views_are_drawn_twice_and_the_same_ones_are_equal():
    net = subject("lenet5")
    pictures = torch.randint(0, 256, (3, 1, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    views = two_views(parse(default_views(net)), pictures, torch.arange(3), 0)
    assert views.shape == (6, 1, 32, 32) and views.dtype == torch.uint8 and not torch.equal(views[:3], views[3:])
    assert torch.equal(views, two_views(parse(default_views(net)), pictures, torch.arange(3), 0))
    still = similarities(net, torch.cat([pictures, pictures]))
    assert still.same == pytest.approx(1) and still.different < 1 and not still.trained
