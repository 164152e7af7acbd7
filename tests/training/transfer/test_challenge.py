"""Tuning challenges the solved head: kept only where held-out log loss is lower by more than a standard error."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from clearsight.base.errors import UsageError
from clearsight.classifier import load
from clearsight.classifier.artefact import verify
from clearsight.recipes.compose import compose
from clearsight.runs.held_out import read
from clearsight.training.api import resume, train
from clearsight.training.interrupt import Interrupted
from clearsight.training.transfer import challenge as module
from clearsight.training.transfer.challenge import gains

HEAD = {"tune": "head", "readout": "plain", "keep": "last", "val": 0.0, "quiet": True, "speed": "plain"}
WAY = {**HEAD, "challenge": "upper", "minutes": 60.0}


@pytest.fixture(scope="module")
def data():
    pictures, labels = load_digits(return_X_y=True)
    return np.round(pictures.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8).repeat(4, 1).repeat(4, 2)[:120], labels[:120] % 3


@pytest.fixture(scope="module")
def start(data, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("start") / "run")
    train(data, out=folder, model="squeezenet1_1", epochs=1, batch=32, speed="plain", quiet=True)
    return folder


@pytest.fixture(scope="module")
def head(data, start, tmp_path_factory):
    return train(data, out=str(tmp_path_factory.mktemp("head") / "run"), from_=start, **HEAD)


def weights(folder):
    return (folder / "model.safetensors").read_bytes()


def tensors(folder):
    return load(folder).model.state_dict()


def simulated(monkeypatch, change):
    """Tuning that does to the solved upper stages what `change` does, at once."""

    def tuned(job, known, epochs, progress):
        net = module._begun(job, known)
        with torch.no_grad():
            change(job, net)
        return net

    monkeypatch.setattr(module, "_tuned", tuned)


def surer(job, net):
    """A challenger that reads the labels: it is better on pictures held out, which no honest one can be sure of."""
    answers = {maps.sum().item(): label for maps, label in zip(job.maps[0], job.labels.tolist(), strict=True)}
    logits = net.logits
    net.logits = lambda maps: logits(maps) + torch.stack([5.0 * torch.eye(3)[answers[one.sum().item()]] for one in maps])


def worse(job, net):
    net.network.head.weight.neg_()


def test_a_worse_challenger_leaves_the_head_bit_for_bit(data, start, head, tmp_path, monkeypatch):
    simulated(monkeypatch, worse)
    run = train(data, out=str(tmp_path / "run"), from_=start, **WAY)
    before, after = tensors(head.run), tensors(run.run)
    assert all(torch.equal(before[name], after[name]) for name in before)
    found = run.classifier.facts["tuning"]
    assert found["tried"] and found["kept"] == "head" and found["gain"] < 0 < found["standard_error"]
    assert torch.equal(read(run.run).logits, read(head.run).logits) and run.validation == head.validation
    assert json.loads((run.run / "run.json").read_text())["tuning"] == found


def test_a_better_challenger_is_kept_with_its_own_answers(data, start, head, tmp_path, monkeypatch):
    simulated(monkeypatch, surer)
    run = train(data, out=str(tmp_path / "run"), from_=start, **WAY)
    found = run.classifier.facts["tuning"]
    assert found["kept"] == "tuned" and found["gain"] > found["standard_error"] > 0
    assert found["tuned_nll"] < found["head_nll"] and found["n"] == len(read(run.run).labels)
    loss = float(torch.nn.functional.cross_entropy(read(run.run).logits, read(run.run).labels))
    assert loss == pytest.approx(found["tuned_nll"], rel=1e-4)
    assert run.validation["top1"]["value"] == pytest.approx(found["tuned_accuracy"]) and verify(run.run).ok


def test_real_tuning_moves_the_upper_stages_only(data, start, head, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "gains", lambda head, tuned: (1.0, 0.1))
    run = train(data, out=str(tmp_path / "run"), from_=start, **WAY)
    before, after = tensors(head.run), tensors(run.run)
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved and all(name.startswith(("fc", "net.trunk.10", "net.trunk.11", "net.trunk.12")) for name in moved)
    assert verify(run.run).ok and "tuned weights are kept" in run.classifier.facts["tuning"]["says"]


def test_interrupted_it_ends_with_the_head_or_the_same(data, start, tmp_path, monkeypatch):
    straight = train(data, out=str(tmp_path / "straight"), from_=start, **WAY)
    with monkeypatch.context() as patch:
        patch.setattr(module, "_compared", lambda *_: (_ for _ in ()).throw(Interrupted(2, "")))
        with pytest.raises(Interrupted, match="--resume"):
            train(data, out=str(tmp_path / "run"), from_=start, **WAY)
    assert not (tmp_path / "run" / "model.safetensors").exists()
    resume(tmp_path / "run", data=data, quiet=True)
    assert weights(tmp_path / "run") == weights(straight.run)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"minutes": 0.0}, "with fewer than 1,000 pictures (here"),
        ({"minutes": 0.0001}, "min in all, and 0 s are left: --minutes"),
        ({"views": "mirror"}, "few labels of each class"),
    ],
)
def test_what_is_not_tried_is_said(given, says, data, start, tmp_path):
    run = train(data, out=str(tmp_path / "run"), from_=start, **WAY | given)
    found = run.classifier.facts["tuning"]
    assert not found["tried"] and found["kept"] == "head" and says in found["says"]


def test_gains_are_paired():
    gain, error = gains(torch.tensor([1.0, 2.0, 3.0, 4.0]), torch.tensor([0.5, 1.0, 3.5, 3.0]))
    assert gain == pytest.approx(0.5) and error == pytest.approx(np.std([0.5, 1, -0.5, 1], ddof=1) / 2)


@pytest.mark.parametrize(
    ("gain", "error", "why"),
    [(0.02, 0.01, ""), (0.01, 0.02, "one standard error"), (0.0004, 0.0003, "not lower by 5 %"), (float("nan"), 0.1, "one standard error")],
)
def test_a_gain_has_to_be_sure_and_worth_it(gain, error, why):
    found = module._too_little(gain, error, 0.06)
    assert why in found and bool(found) == bool(why)


def test_without_a_cross_validated_head_there_is_nothing_to_challenge():
    with pytest.raises(UsageError, match="leave out --challenge 'upper'"):
        compose({"from_": "x", "tune": "all", "challenge": "upper"})


@pytest.mark.parametrize(
    ("recipe", "labelled", "tried"),
    [
        ({}, 1000, True),
        ({}, 999, False),
        ({"minutes": 1.0}, 10, True),
        ({"views": "mirror"}, 5000, False),
        ({"unlabelled": "more"}, 5000, False),
    ],
)
def test_a_thousand_labelled_pictures_are_enough(recipe, labelled, tried):
    labels = torch.cat([torch.zeros(labelled), -torch.ones(7)]).long()
    plain = {"unlabelled": "", "views": "", "minutes": 0.0, **recipe}
    context = SimpleNamespace(recipe=SimpleNamespace(**plain), train=SimpleNamespace(labels=labels))
    assert (module._not_tried(context) == "") is tried


@pytest.mark.parametrize(("challenged", "held_out"), [("", object()), ("upper", None)])
def test_nothing_is_tried_unasked_or_without_answers_held_out(challenged, held_out):
    assert module.challenge(SimpleNamespace(recipe=SimpleNamespace(challenge=challenged), held_out=held_out), 0.0, None) is None


@pytest.mark.parametrize(
    ("minutes", "since", "second", "epochs"),
    [
        (0.0, 91.0, 0.01, 2),  # 89 s are left, of which 90 % are planned with: 80
        (0.0, 92.0, 0.01, "it takes about 4 min in all, and 88 s are left: --minutes 4 tries it"),
        (0.0, 46.0, 0.01, 3),
        (10.0, 0.0, 0.01, 6),  # no more
        (1.0, 70.0, 0.01, "it takes about 3 min in all, and 0 s are left: --minutes 3 tries it"),
    ],
)
def test_how_many_epochs_the_time_allows(monkeypatch, minutes, since, second, epochs):
    """An epoch of 1000 pictures in 4 folds takes 40 s, and two are the least; 3 min unless asked otherwise."""
    job = SimpleNamespace(folds=4, labels=range(1000))
    asked = []
    monkeypatch.setattr(module, "_not_tried", lambda context: "")
    monkeypatch.setattr(module, "_prepared", lambda *_: job)
    monkeypatch.setattr(module, "_seconds", lambda job: second)
    monkeypatch.setattr(module, "_compared", lambda job, epochs, second: asked.append(epochs) or {"kept": "head"})
    monkeypatch.setattr(module.time, "monotonic", lambda: 5000.0)
    context = SimpleNamespace(recipe=SimpleNamespace(challenge="upper", minutes=minutes), held_out=object())
    found = module.challenge(context, 5000.0 - since, None)
    assert asked == ([epochs] if isinstance(epochs, int) else [])
    assert isinstance(epochs, int) or epochs in found["says"]


def test_the_rate_falls_by_a_cosine_over_batches_of_32(monkeypatch):
    rates, sizes = [], []
    net = torch.nn.Linear(2, 2)
    net.network = SimpleNamespace(head=torch.nn.Linear(2, 2))
    monkeypatch.setattr(module, "_begun", lambda job, known: net)

    def step(net, optimizer, maps, labels, weights):
        rates.append(optimizer.param_groups[0]["lr"])
        sizes.append(len(labels))

    monkeypatch.setattr(module, "_step", step)
    recipe, counters = SimpleNamespace(seed=0), SimpleNamespace(rows=[{"l2": 0.1}])
    state = SimpleNamespace(counters=counters)
    context = SimpleNamespace(recipe=recipe, state=state, device=torch.device("cpu"), class_weights=None)
    stop = SimpleNamespace(check=lambda: None)
    job = SimpleNamespace(context=context, maps=torch.zeros(2, 80, 1), labels=torch.zeros(80).long(), stop=stop)
    module._tuned(job, torch.arange(70), 2, None)
    assert sizes == [32, 32, 6] * 2
    assert rates == pytest.approx([0.005 * (1 + np.cos(np.pi * k / 6)) for k in range(6)])


def test_only_the_head_is_drawn_to_zero():
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 2))
    net.network = SimpleNamespace(head=net[1])
    others, head = module._optimizer(net, 0.25).param_groups
    assert [[tuple(p.shape) for p in group["params"]] for group in (others, head)] == [[(3, 2), (3,)], [(2, 3), (2,)]]
    assert (others["weight_decay"], head["weight_decay"]) == (0, 0.25)
    assert {(group["lr"], group["momentum"], group["nesterov"]) for group in (others, head)} == {(0.01, 0.9, True)}


def test_a_step_is_by_its_own_gradient_of_at_most_one():
    net = torch.nn.Linear(2, 3)
    net.logits = net.forward
    maps, labels = 50 * torch.randn(6, 2, generator=torch.Generator().manual_seed(0)), torch.arange(6) % 3
    weights = torch.tensor([1.0, 2.0, 3.0])
    wanted = torch.autograd.grad(torch.nn.functional.cross_entropy(net(maps), labels, weight=weights), list(net.parameters()))
    length = torch.cat([one.flatten() for one in wanted]).norm()
    before = [p.detach().clone() for p in net.parameters()]
    for p in net.parameters():
        p.grad = torch.full_like(p, 1e3)  # of the step before
    module._step(net, torch.optim.SGD(net.parameters(), lr=0.5), maps, labels, weights)
    assert length > 1
    for p, old, gradient in zip(net.parameters(), before, wanted, strict=True):
        torch.testing.assert_close(p.detach(), old - 0.5 * gradient / length, rtol=1e-4, atol=1e-6)


def test_the_time_of_a_step_is_that_of_the_second_for_each_picture(monkeypatch):
    ticks = iter([0.0, 9.0, 10.0, 12.0])
    monkeypatch.setattr(module, "_optimizer", lambda net, l2: None)
    monkeypatch.setattr(module, "_step", lambda net, optimizer, maps, labels, weights: None)
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(ticks))
    context = SimpleNamespace(device=torch.device("cpu"), class_weights=None)
    job = SimpleNamespace(upper=None, context=context, maps=torch.zeros(1, 8, 1), labels=torch.zeros(8))
    assert module._seconds(job) == 2 / 8


def test_folds_are_counted_without_the_pictures_that_all_train_on():
    job = module._Job(None, torch.empty(0), torch.zeros(5), torch.tensor([0, 2, -1, 1, 2]), None, None)
    assert job.folds == 3


def test_the_seconds_are_those_since_it_began(monkeypatch):
    clock = iter([1000.0, 1002.0, 1007.46])
    monkeypatch.setattr(module, "_not_tried", lambda context: "")
    monkeypatch.setattr(module, "_prepared", lambda *_: SimpleNamespace(folds=4, labels=range(1000)))
    monkeypatch.setattr(module, "_seconds", lambda job: 1e-3)
    monkeypatch.setattr(module, "_compared", lambda *_: {"kept": "head"})
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    context = SimpleNamespace(recipe=SimpleNamespace(challenge="upper", minutes=0.0), held_out=object())
    assert module.challenge(context, 1000.0, None) == {"kept": "head", "seconds": 7.5}


@pytest.mark.parametrize(
    ("classes", "numbers", "fits"),
    [
        (("cat", "dog"), 2**26, True),  # four pictures, both sides, float32: 2 GiB
        (("cat", "dog"), 2**26 + 1, False),
        (("a", "b"), 2**27, True),  # letters are not mirrored
        (("a", "b"), 2**27 + 1, False),
    ],
)
def test_stored_maps_take_two_gigabytes_at_most(classes, numbers, fits, monkeypatch):
    """None are computed here, so the memory is asked for and never touched."""
    monkeypatch.setattr(module, "upper", lambda network, inputs: SimpleNamespace(stage="x"))
    monkeypatch.setattr(module, "maps_at", lambda network, stage: lambda inputs: torch.zeros(1, 1).expand(len(inputs), numbers))
    labels = torch.tensor([0, 1, 0, -1, 1])
    context = SimpleNamespace(
        state=SimpleNamespace(model=torch.nn.Identity()),
        held_out=SimpleNamespace(places=torch.tensor([0, 1, 2, 4]), labels=torch.tensor([0, 1, 0, 1]), groups=torch.arange(4)),
        train=SimpleNamespace(labels=labels, batch=lambda index: index, batches=lambda wanted: []),
        splits=SimpleNamespace(classes=classes),
        inputs=lambda pictures: pictures,
        recipe=SimpleNamespace(seed=0),
        quiet=True,
    )
    job = module._prepared(context, SimpleNamespace(check=lambda: None))
    assert (job is not None) is fits
    if job is not None:
        assert job.maps.shape == (2 if len(classes[0]) > 1 else 1, 4, numbers) and job.labels.tolist() == [0, 1, 0, 1]
        assert sorted(job.fold.tolist()) == [0, 0, 1, 1] and job.folds == 2
