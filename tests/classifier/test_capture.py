"""The inputs of a layer, of this thread only, and nothing left on the network afterwards."""

import threading

import torch
from torch import nn

from clearsight.classifier.capture import inputs_of


def test_every_call_is_kept_and_the_hook_goes():
    net = nn.Sequential(nn.ReLU(), nn.Linear(2, 1))
    with inputs_of(net[1]) as seen:
        net(torch.tensor([[-1.0, 2.0]]))
        net(torch.ones(3, 2))
    net(torch.ones(4, 2))
    assert [tuple(one.shape) for one in seen] == [(1, 2), (3, 2)] and seen[0].tolist() == [[0.0, 2.0]]
    assert not any(one.requires_grad for one in seen)


def test_another_threads_calls_are_not_kept():
    layer = nn.Linear(2, 1)
    with inputs_of(layer) as seen:
        other = threading.Thread(target=layer, args=(torch.zeros(7, 2),))
        other.start()
        other.join()
        layer(torch.ones(1, 2))
    assert [len(one) for one in seen] == [1]
