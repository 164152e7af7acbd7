"""GoogLeNet: a module is its four branches, and the auxiliary heads exist in training."""

import torch
import torch.nn.functional as F

from clearsight import models
from clearsight.models.convnets.googlenet import inception
from tests.models.expected import check, filled, rows, waves


@rows("googlenet")
def test_parameters_and_stages(row, expected):
    check(row, expected)


def plain(w: dict[str, torch.Tensor], name: str, x: torch.Tensor) -> torch.Tensor:
    """Convolution, batch norm in evaluation, ReLU."""
    kernel = w[f"{name}.conv.weight"]
    y = F.conv2d(x, kernel, padding=kernel.shape[-1] // 2)
    names = ("running_mean", "running_var", "weight", "bias")
    return torch.relu(F.batch_norm(y, *(w[f"{name}.bn.{part}"] for part in names), eps=1e-3))


def test_an_inception_module_is_four_branches():
    module = filled(inception(12, 4, 5, 6, 3, 7, 2))
    w, x = module.state_dict(), waves(2, 12, 9, 8)
    expected = torch.cat(
        [
            plain(w, "branch1", x),
            plain(w, "branch2.1", plain(w, "branch2.0", x)),
            plain(w, "branch3.1", plain(w, "branch3.0", x)),
            plain(w, "branch4.1", F.max_pool2d(x, 3, 1, 1)),
        ],
        1,
    )
    assert module.outputs == 4 + 6 + 7 + 2
    with torch.no_grad():
        torch.testing.assert_close(module(x), expected)


def test_the_auxiliary_heads_are_there_in_training_only():
    model = models.build("googlenet", 4, channels=1, height=28, width=28, dropout=0.0, seed=0)
    x = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    middle = []
    model.inception4a.register_forward_hook(lambda _, __, y: middle.append(y))
    logits = model.train()(x)
    assert logits.shape == (3, 6, 4)
    torch.testing.assert_close(logits[1], model.aux1(middle[0]))
    assert model.eval()(x).shape == (6, 4)


def test_dropout_replaces_both():
    rates = [m.p for m in models.build("googlenet", 4, height=28, width=28).modules() if isinstance(m, torch.nn.Dropout)]
    assert sorted(rates) == [0.2, 0.7, 0.7]
