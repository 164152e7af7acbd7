"""The network of the MNIST examples."""

import torch

from clearsight import models
from tests.models.expected import check, rows


@rows("convnet")
def test_parameters_and_stages(row, expected):
    check(row, expected)


def test_it_pools_before_relu_without_changing_a_value():
    model = models.build("convnet", 5, channels=1, height=12, width=12, seed=0).eval()
    x = torch.randn(3, 1, 12, 12, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        y = model.pool(torch.relu(model.conv2(torch.relu(model.conv1(x)))))  # the order of the Keras example
        assert torch.equal(model.features(x), torch.relu(model.fc1(y.flatten(1))))


def test_dropout_drops_features_in_training_only():
    model = models.build("convnet", 5, channels=1, height=12, width=12, dropout=0.5, seed=0)
    x = torch.rand(64, 1, 12, 12, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    with torch.no_grad():
        kept = model.eval().features(x) > 0
        dropped = (model.train().features(x) == 0) & kept
    assert 0.4 < dropped.sum() / kept.sum() < 0.65  # also by the ReLU, after the first dropout
