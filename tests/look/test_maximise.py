"""A picture made for a channel excites it more than what it began with, and the network is as before."""

import copy

import pytest
import torch

from clearsight.base.errors import UsageError
from clearsight.look.maximise import maximised
from clearsight.look.target import subject


@pytest.mark.parametrize(("layer", "channel"), [("conv1", 3), ("fc3", 1)])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_value_grows(layer, channel, channels):
    seen = subject("lenet5", (channels, 28, 28), 4)
    before, rng = copy.deepcopy(seen.model.state_dict()), torch.get_rng_state()
    found = maximised(seen, layer, channel, steps=30)
    assert found.after > found.before + 0.1 * abs(found.before)
    assert found.pixels.shape == (channels, 28, 28) and 0 <= float(found.pixels.min()) <= float(found.pixels.max()) <= 1
    assert torch.equal(found.pixels, maximised(seen, layer, channel, steps=30).pixels)
    assert all(torch.equal(before[k], v) for k, v in seen.model.state_dict().items())
    assert torch.equal(rng, torch.get_rng_state()) and all(p.requires_grad for p in seen.model.parameters())


def test_mistakes():
    seen = subject("lenet5", (1, 28, 28), 4)
    with pytest.raises(UsageError, match="from 0 to 5"):
        maximised(seen, "conv1", 6)
    with pytest.raises(UsageError, match="conv1"):
        maximised(seen, "conv9", 0)
