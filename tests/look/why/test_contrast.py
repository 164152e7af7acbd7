"""The difference of two logits in place of the logits, by hand; nothing is left at the network afterwards."""

import pytest
import torch

from clearsight.base.errors import ClearsightError
from clearsight.look.why.contrast import contrasted, one_sided
from clearsight.look.why.table import METHODS
from tests.look.why.small import FIRST, PIXELS, Small


def test_the_two_share_their_probability():
    model = Small()
    model.requires_grad_(False)
    logits = model(PIXELS)[0]
    with contrasted(model, 1, 0):
        found = model(PIXELS)
        assert found.tolist() == [[float(logits[1] - logits[0]) / 2, float(logits[0] - logits[1]) / 2]]
        assert torch.allclose(found.softmax(1)[0], logits[[1, 0]].softmax(0))
    assert torch.equal(model(PIXELS)[0], logits) and not model._forward_hooks


def test_a_map_has_the_size_of_the_whole_difference_and_one_side_of_it():
    model, row = Small(), METHODS["input-x-gradient"]
    both = [row.heat(model, PIXELS, torch.tensor([k]))[0] for k in (0, 1)]
    with contrasted(model, 0, 1):
        found = one_sided(row, "a", "b").heat(model, PIXELS, FIRST)[0]
    assert torch.equal(found, (both[0] - both[1]).clamp_min(0)) and not one_sided(row, "a", "b").signed


def test_what_puts_out_no_scores_is_refused():
    with contrasted(torch.nn.Identity(), 0, 1):
        pass
    model = torch.nn.Identity()
    with pytest.raises(ClearsightError, match="puts out no scores"), contrasted(model, 0, 1):
        model(PIXELS)
