"""The optimizers: torch's own where they agree, Muon by its definition, and state that goes on bit for bit."""

import copy
from functools import partial

import pytest
import torch
from torch import nn

from clearsight import models
from clearsight.base.errors import UsageError
from clearsight.training.optim.optimizer import SGD, Optimizer, make_optimizer, orthogonal

SETTINGS = {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.01}


def network(convolution: bool = True) -> nn.Module:
    torch.manual_seed(3)
    if not convolution:
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 5))
    return nn.Sequential(nn.Conv2d(1, 6, 3, bias=False), nn.BatchNorm2d(6), nn.ReLU(), nn.Flatten(), nn.Linear(216, 5))


def steps(model: nn.Module, optimizer: Optimizer | torch.optim.Optimizer, first: int, last: int) -> None:
    for step in range(first, last):
        generator = torch.Generator().manual_seed(step)
        x, y = torch.randn(8, 1, 8, 8, generator=generator), torch.randint(5, (8,), generator=generator)
        model.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()


def same(a: nn.Module, b: nn.Module) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.parameters(), b.parameters(), strict=True))


PEERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "adam": lambda p: torch.optim.Adam(p, lr=0.05, fused=True),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.05, weight_decay=0.0, fused=True),
}


@pytest.mark.parametrize("name", PEERS)
def test_without_decay_it_is_torchs(name):
    ours, theirs = network(), network()
    steps(ours, make_optimizer(ours, name=name, lr=0.05, momentum=0.9, weight_decay=0.0), 0, 4)
    steps(theirs, PEERS[name](theirs.parameters()), 0, 4)
    assert same(ours, theirs)


@pytest.mark.parametrize(("name", "factor"), [("sgd", 1 - 0.05 * 0.01 * 1.9), ("adamw", 1 - 0.05 * 0.01)])
def test_decay_is_of_weights_only(name, factor):
    model = network()
    before = copy.deepcopy(model)
    for p in model.parameters():
        p.grad = torch.zeros_like(p)
    make_optimizer(model, name=name, **SETTINGS).step()
    for p, old in zip(model.parameters(), before.parameters(), strict=True):
        torch.testing.assert_close(p, old * factor if p.ndim > 1 else old)


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
def test_with_decay_it_is_torchs_over_two_groups(name):
    ours, theirs = network(), network()
    groups = [
        {"params": [p for p in theirs.parameters() if p.ndim > 1], "weight_decay": 0.01},
        {"params": [p for p in theirs.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    peers = {"sgd": partial(torch.optim.SGD, momentum=0.9, nesterov=True), "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    peer = peers[name](groups, lr=0.05)
    steps(ours, make_optimizer(ours, name=name, **SETTINGS), 0, 5)
    steps(theirs, peer, 0, 5)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(p, q)


def test_sgd_without_momentum_is_plain():
    ours, theirs = network(), network()
    steps(ours, make_optimizer(ours, name="sgd", lr=0.05, momentum=0.0, weight_decay=0.0), 0, 5)
    steps(theirs, torch.optim.SGD(theirs.parameters(), lr=0.05), 0, 5)
    assert same(ours, theirs)


def test_muon_moves_everything_but_convolutions_as_torchs_sgd():
    """The same gradients to both: torch's SGD with Nesterov on the vectors and the linear layer, biases and norms undecayed."""
    ours, theirs = network(), network()
    mine = make_optimizer(ours, name="muon", **SETTINGS)
    rest = [p for p in theirs.parameters() if p.ndim != 4]
    groups = [{"params": [p], "weight_decay": 0.01 if p.ndim > 1 else 0.0} for p in rest]
    peer = torch.optim.SGD(groups, lr=0.05, momentum=0.9, nesterov=True)
    for step in range(5):
        for i, (p, q) in enumerate(zip(ours.parameters(), theirs.parameters(), strict=True)):
            p.grad = torch.randn(p.shape, generator=torch.Generator().manual_seed(10 * step + i))
            q.grad = p.grad.clone()
        mine.step()
        peer.step()
    for p, q in zip([p for p in ours.parameters() if p.ndim != 4], rest, strict=True):
        torch.testing.assert_close(p, q)


@pytest.mark.parametrize("shape", [(16, 8, 3, 3), (64, 4, 3, 3)], ids=str)
def test_muon_keeps_the_weight_at_the_norm_of_its_update(shape):
    """√out where a kernel has at least as many values as there are kernels, else the root of its values; whatever the gradient's size."""
    layer = nn.Conv2d(shape[1], shape[0], shape[2], bias=False)
    optimizer = make_optimizer(layer, name="muon", lr=0.05, momentum=0.6, weight_decay=0.5)
    rank = min(shape[0], layer.weight[0].numel())
    for step in range(10):
        layer.weight.grad = 10.0 ** (step - 5) * torch.randn(shape, generator=torch.Generator().manual_seed(step))
        optimizer.step()
        assert layer.weight.norm().item() == pytest.approx(rank**0.5, rel=0.07)  # the last step is not yet brought back


def test_muon_leaves_alone_what_has_no_gradient():
    model = network()
    before = copy.deepcopy(model)
    optimizer = make_optimizer(model, name="muon", **SETTINGS)
    optimizer.step()
    assert same(model, before) and not optimizer.state


def test_muon_without_convolutions_is_sgd_with_nesterov():
    ours, theirs = network(convolution=False), network(convolution=False)
    steps(ours, make_optimizer(ours, name="muon", **SETTINGS), 0, 4)
    steps(theirs, make_optimizer(theirs, name="sgd", **SETTINGS), 0, 4)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(p, q)


@pytest.mark.parametrize("shape", [(32, 18, 3, 3), (64, 4, 3, 3), (16, 16, 1, 1)], ids=str)
def test_muons_update_of_a_convolution_is_semi_orthogonal(shape):
    layer = nn.Conv2d(shape[1], shape[0], shape[2], bias=False)
    gradient = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    start, layer.weight.grad = layer.weight.detach().clone(), gradient
    make_optimizer(layer, name="muon", lr=0.1, momentum=0.6, weight_decay=0.5).step()
    rank = min(shape[0], start[0].numel())
    update = ((start * rank**0.5 / start.norm() - layer.weight.detach()) / 0.1).flatten(1)  # decay plays no part
    values = torch.linalg.svdvals(update)
    assert values[: int(0.9 * rank)].min() > 0.6 and values.max() < 1.3
    assert update.norm() == pytest.approx(rank**0.5, rel=0.25)
    u, _, vh = torch.linalg.svd(gradient.flatten(1), full_matrices=False)
    turned = u.T @ update @ vh.T  # the directions of the gradient, each with nearly the same length
    torch.testing.assert_close(turned, torch.diag(turned.diagonal()), atol=1e-4, rtol=0)


def test_more_newton_schulz_steps_reach_weaker_directions_and_zero_stays_zero():
    matrix = torch.diag(torch.tensor([1.0, 0.1, 0.01, 0.001]))
    three, five = (orthogonal(matrix, steps=n).diagonal() for n in (3, 5))
    assert three[1] > 0.6 and three[3] < 0.1 and five[2] > 0.6
    assert torch.equal(orthogonal(torch.zeros(3, 4)), torch.zeros(3, 4))


@pytest.mark.parametrize(("rows", "columns"), [(8, 8), (8, 40), (40, 8), (1, 9)])
def test_a_well_conditioned_matrix_becomes_semi_orthogonal(rows, columns):
    u, _, vh = torch.linalg.svd(torch.randn(rows, columns, generator=torch.Generator().manual_seed(1)), full_matrices=False)
    values = torch.linspace(0.5, 2, len(vh)) if len(vh) > 1 else torch.ones(1)
    matrix = u * values @ vh
    made = orthogonal(matrix, steps=5)
    found = torch.linalg.svdvals(made)
    assert found.min() > 0.6 and found.max() < 1.3
    turned = u.T @ made @ vh.T  # the same directions, in the same order
    torch.testing.assert_close(turned, torch.diag(turned.diagonal()), atol=1e-5, rtol=0)
    torch.testing.assert_close(orthogonal(matrix * 1000, steps=5), made, atol=1e-5, rtol=0)  # scale plays no part
    torch.testing.assert_close(orthogonal(matrix.T, steps=5), made.T, atol=1e-5, rtol=0)


@pytest.mark.parametrize("shape", [(12, 40), (40, 12), (9, 9), (1, 5)])
def test_steps_on_gram_matrices_are_those_on_the_matrix(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    x = matrix / matrix.norm()
    for _ in range(3):
        gram = x @ x.T
        x = 3.4445 * x - 4.7750 * gram @ x + 2.0315 * gram @ gram @ x
    torch.testing.assert_close(orthogonal(matrix), x, atol=1e-12, rtol=1e-12)
    torch.testing.assert_close(orthogonal(matrix.float()), x.float(), atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw", "muon"])
def test_state_goes_on_bit_for_bit(name):
    whole, halves = network(), network()
    steps(whole, make_optimizer(whole, name=name, **SETTINGS), 0, 6)
    optimizer = make_optimizer(halves, name=name, **SETTINGS)
    steps(halves, optimizer, 0, 3)
    again = make_optimizer(halves, name=name, **SETTINGS)
    again.state = {p: {slot: value.clone() for slot, value in slots.items()} for p, slots in optimizer.state.items()}
    steps(halves, again, 3, 6)
    assert same(whole, halves)


def test_the_model_declares_learning_rates_of_its_own():
    model = models.build("swift", 10, channels=1, height=28, width=28, seed=0)
    groups = make_optimizer(model, name="muon", **SETTINGS).param_groups
    names = {id(p): name for name, p in model.named_parameters()}
    scales = {names[id(p)]: group["lr_scale"] for group in groups for p in group["params"]}
    assert scales["group1.bn1.bias"] == model.LR_SCALES["bias"]
    assert scales["fc.weight"] == model.LR_SCALES["fc.weight"] and scales["group1.conv1.weight"] == 1.0
    assert "whiten.weight" not in scales and "group1.bn1.weight" not in scales  # not trained


@pytest.mark.parametrize("name", ["pixels", "lenet5", "resnet18"])
def test_every_group_of_muon_has_a_scale_and_every_weight_a_group(name):
    model = models.build(name, 3, channels=1, height=28, width=28)
    groups = make_optimizer(model, name="muon", **SETTINGS).param_groups
    assert all(group["lr_scale"] == 1.0 for group in groups)
    assert sorted(id(p) for group in groups for p in group["params"]) == sorted(id(p) for p in model.parameters())
    assert all(group["matrix"] == all(p.ndim == 4 for p in group["params"]) for group in groups)


def test_frozen_weights_are_in_no_group():
    model = network()
    model[0].weight.requires_grad_(False)
    for name in ("sgd", "adamw", "muon"):
        groups = make_optimizer(model, name=name, **SETTINGS).param_groups
        assert not any(p is model[0].weight for group in groups for p in group["params"])


def test_unknown_name():
    with pytest.raises(UsageError, match=r"no optimizer is called 'adamax'. Did you mean adam or adamw"):
        make_optimizer(network(), name="adamax", **SETTINGS)


def test_lars_takes_steps_in_proportion_to_the_weights():
    """Two steps by the formulas of the paper: v ← m·v + lr·η·‖w‖/‖g + βw‖·(g + βw), w ← w − v; vectors as by SGD with momentum."""
    model = nn.Linear(3, 2)
    optimizer = make_optimizer(model, name="lars", lr=0.5, momentum=0.9, weight_decay=0.1)
    weight, bias = model.weight.detach().clone(), model.bias.detach().clone()
    v, u = torch.zeros_like(weight), torch.zeros_like(bias)
    for step in range(2):
        g, h = torch.full_like(weight, 1.0 + step), torch.full_like(bias, 2.0 - step)
        model.weight.grad, model.bias.grad = g.clone(), h.clone()
        optimizer.step()
        decayed = g + 0.1 * weight
        v = 0.9 * v + 0.5 * 1e-3 * weight.norm() / decayed.norm() * decayed
        u = 0.9 * u + 0.5 * h
        weight, bias = weight - v, bias - u
        torch.testing.assert_close(model.weight.detach(), weight)
        torch.testing.assert_close(model.bias.detach(), bias)


def test_lars_moves_a_matrix_of_zeros_by_its_gradient():
    model = nn.Linear(2, 2, bias=False)
    nn.init.zeros_(model.weight)
    model.weight.grad = torch.ones(2, 2)
    make_optimizer(model, name="lars", lr=0.1, momentum=0.0, weight_decay=0.0).step()
    torch.testing.assert_close(model.weight.detach(), torch.full((2, 2), -0.1))


def test_sgd_without_settings_has_nesterovs_momentum_and_no_decay():
    ours, theirs = network(), network()
    steps(ours, SGD([{"params": list(ours.parameters()), "lr": 0.05}]), 0, 3)
    steps(theirs, PEERS["sgd"](theirs.parameters()), 0, 3)
    assert same(ours, theirs)


def test_lars_adapts_to_weights_and_gradients_of_any_length():
    model = nn.Linear(2, 2, bias=False)
    weight = torch.full((2, 2), 0.1)
    model.weight.data = weight.clone()
    model.weight.grad = torch.full((2, 2), 0.01)
    make_optimizer(model, name="lars", lr=1.0, momentum=0.0, weight_decay=0.0).step()
    torch.testing.assert_close(model.weight.detach(), weight - 1e-3 * (0.2 / 0.02) * 0.01)
