"""Attention of a transformer, layer by layer, and its product."""

import torch
from torch import nn

from clearsight import models
from clearsight.classifier.ensemble import Ensemble, Member
from clearsight.look.capture import captured
from clearsight.look.why.rollout import attentions, rollout
from tests.look.why.small import FIRST


def test_attention_is_that_of_the_network():
    model = models.build("vit_b_16", 3, channels=3, height=32, width=32, seed=0).eval()
    x = torch.randn(2, 3, 32, 32)
    found = attentions(model, x)
    assert len(found) == 12 and all(a.shape == (2, 65, 65) for a in found)
    torch.testing.assert_close(torch.stack(found).sum(-1), torch.ones(12, 2, 65))
    layer = model.encoder.layers[0]
    q, k, _ = (
        (
            layer.self_attention.in_proj_weight @ layer.ln_1(captured(model, x, ["encoder.dropout"])["encoder.dropout"]).mT
            + layer.self_attention.in_proj_bias[:, None]
        )
        .unflatten(1, (3, 12, -1))
        .unbind(1)
    )
    torch.testing.assert_close(found[0], torch.softmax(q.mT @ k / q.shape[2] ** 0.5, -1).mean(1), rtol=1e-4, atol=1e-5)
    heat = rollout(model, x, torch.tensor([0, 1]))
    assert heat.shape == (2, 32, 32) and float(heat.min()) >= 0
    flow = torch.eye(65)
    for attention in found:
        flow = (attention[1] + torch.eye(65)) / 2 @ flow
    grid = flow[0, 1:].view(1, 1, 8, 8)
    torch.testing.assert_close(heat[1], nn.functional.interpolate(grid, (32, 32), mode="bilinear")[0, 0])


def test_attention_of_an_ensemble_is_the_mean_over_its_members():
    nets = [models.build("vit_s_16", 3, channels=3, height=8, width=8, seed=seed).eval() for seed in (0, 1)]
    x = torch.randn(1, 3, 8, 8)
    expected = torch.stack([rollout(net, x, FIRST) for net in nets]).mean(0)
    torch.testing.assert_close(rollout(Ensemble([Member(net, 3, 3) for net in nets]), x, FIRST), expected)
