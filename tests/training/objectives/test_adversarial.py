"""Adversarial training: words, what each method computes, the probe, the stop at collapse, bit-exact resume."""

import copy
import dataclasses
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from clearsight.attacks.gradient_ascent import NORMS, per_picture, random_start
from clearsight.base.errors import UsageError
from clearsight.images.preprocess import Preprocessing
from clearsight.recipes.methods import METHODS
from clearsight.recipes.methods import parse_perturbation as parse
from clearsight.training import loop
from clearsight.training.api import resume, train
from clearsight.training.compute.training_model import Speed, TrainingModel
from clearsight.training.interrupt import Interrupted
from clearsight.training.objectives import adversarial
from clearsight.training.objectives.adversarial import Adversarial, Adversary, collapsed, probe
from tests.pictures import digit_arrays

DATA = digit_arrays(per_class=24)
SETTINGS = {"model": "lenet5", "size": 28, "epochs": 2, "batch": 64, "speed": "plain", "quiet": True, "lr": 1e-3}
GREY = Preprocessing(1, 8, 8, mean=(0.3,), std=(0.2,))


def network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.5), nn.Linear(144, 3))


def adversary(name: str, net: nn.Module) -> tuple[Adversary, torch.Tensor, torch.Tensor]:
    working = TrainingModel(net, Speed(), torch.device("cpu"))
    working.begin()
    pictures = torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    return Adversary(parse(f"{name}:0.1"), working, GREY, 0, 0), GREY.normalise(pictures), torch.tensor([0, 1, 2, 0, 1, 2])


def test_words():
    assert parse("") is None
    assert parse("pgd:8/255").epsilon == pytest.approx(8 / 255) and parse("trades").name == "trades"
    assert parse("fgsm:0.1").cost == 2 and parse("pgd").cost == 8 and parse("free").cost == 4
    for words in ("pdg:0.1", "pgd:8", "pgd:0", "pgd:x"):
        with pytest.raises(UsageError):
            parse(words)


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if not method.noise])
def test_pictures_are_changed_by_no_more_than_epsilon_and_the_network_is_left_alone(name, monkeypatch):
    net, seen = network(), []
    made, inputs, labels = adversary(name, net)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    real = made.net.outputs

    def outputs(x):
        seen.append(x.detach().clone())
        return real(x)

    monkeypatch.setattr(made.net, "outputs", outputs)
    _, losses = made.losses(0, torch.arange(6), inputs, labels, 0.0)
    assert net.training and all(module.training for module in net.modules()) and all(p.requires_grad for p in net.parameters())
    assert all(p.grad is None for p in net.parameters())
    after = net.state_dict()
    assert all(torch.equal(value, after[key]) for key, value in before.items() if "running" not in key and "num_b" not in key)
    assert int(after["1.num_batches_tracked"]) == 1  # the search leaves batch norm's statistics alone
    for x in seen:
        for rows in x.split(6):
            pictures = GREY.denormalise(rows)
            assert float((pictures - GREY.denormalise(inputs)).abs().max()) <= 0.1 + 1e-5
            assert float(pictures.min()) >= -1e-5 and float(pictures.max()) <= 1 + 1e-5
    losses.sum().backward()
    assert all(p.grad is not None for p in net.parameters())


def test_noise_is_normal_and_belongs_to_the_picture(monkeypatch):
    net, seen = network(), []
    made, inputs, labels = adversary("noise", net)
    monkeypatch.setattr(made.net, "outputs", lambda x: seen.append(x.detach().clone()) or net(x))
    made.losses(0, torch.arange(6), inputs, labels, 0.0)
    made.losses(0, torch.arange(6).flip(0), inputs.flip(0), labels.flip(0), 0.0)
    assert torch.equal(seen[0], seen[1].flip(0))
    noise = (GREY.denormalise(seen[0]) - GREY.denormalise(inputs).clamp(0, 1)).flatten()
    # 384 numbers: their mean is within four standard errors of 0, their deviation within four of 0.1
    assert abs(float(noise.mean())) < 4 * 0.1 / 384**0.5 and abs(float(noise.std()) - 0.1) < 4 * 0.1 / (2 * 384) ** 0.5


def test_fgsm_is_the_loop_of_wong():
    net = network()
    net[4].p = 0.0
    made, inputs, labels = adversary("fgsm", copy.deepcopy(net))
    x = GREY.denormalise(inputs)
    start = random_start(x, per_picture(0.1, x), NORMS["linf"], torch.arange(6), 0, 0).requires_grad_()
    net.eval()
    (g,) = torch.autograd.grad(F.cross_entropy(net(GREY.normalise(start)), labels), start)
    net.train()
    moved = (x + (start.detach() + 0.125 * g.sign() - x).clamp(-0.1, 0.1)).clamp(0, 1)
    expected = F.cross_entropy(net(GREY.normalise(moved)), labels, reduction="none")
    _, losses = made.losses(0, torch.arange(6), inputs, labels, 0.0)
    assert torch.allclose(losses, expected, atol=1e-5)


def test_trades_is_cross_entropy_and_six_divergences():
    net = network().eval()
    made, inputs, labels = adversary("trades", net)
    net.eval()
    made.net.net.eval()
    torch.manual_seed(0)
    found = {}
    real = made._searched
    made._searched = lambda *given: found.setdefault("moved", real(*given))
    logits, losses = made.losses(0, torch.arange(6), inputs, labels, 0.0)
    other = net(GREY.normalise(found["moved"]))
    calm = F.softmax(net(inputs), 1)
    far = (calm * (calm.log() - F.log_softmax(other, 1))).sum(1)
    assert torch.allclose(losses, F.cross_entropy(net(inputs), labels, reduction="none") + 6 * far, atol=1e-4)
    near = GREY.denormalise(inputs) + 0.001 * torch.randn_like(inputs)
    started = (calm * (calm.log() - F.log_softmax(net(GREY.normalise(near)), 1))).sum(1)
    assert bool((far > started).all()) and logits.shape == (6, 3)


def test_free_moves_the_pictures_by_the_gradient_that_came_with_the_weights():
    net = network()
    net[4].p = 0.0
    made, inputs, labels = adversary("free", net)
    x = GREY.denormalise(inputs)
    made.losses(0, torch.arange(6), inputs, labels, 0.0)[1].sum().backward()
    first = made.moved[0]
    expected = (x + (first.detach() + 0.1 * first.grad.sign() - x).clamp(-0.1, 0.1)).clamp(0, 1)
    made.learnt(0)
    assert torch.allclose(made.moved[0], expected, atol=1e-6)
    before = made.moved[0].clone()
    made.losses(0, torch.arange(6), inputs, labels, 0.0)
    assert torch.equal(made.moved[0], before)  # the next turn begins where this one ended


def test_probe_is_accuracy_after_pgd():
    net = network().eval()
    pictures = torch.rand(30, 1, 8, 8)
    labels = net(GREY.normalise(pictures)).argmax(1)

    def scores(x):
        return net(GREY.normalise(x))

    values = [probe(dataclasses.replace(parse("pgd:0.1"), epsilon=e), scores, pictures, labels, 0) for e in (1e-6, 0.02, 0.5)]
    assert values[0] == 1 and values[0] >= values[1] >= values[2] and values[2] < 0.2


def test_collapse():
    assert not collapsed([], 512) and not collapsed([0.1], 512) and not collapsed([0.3, 0.2, 0.4, 0.21], 512)
    assert collapsed([0.3, 0.4, 0.19], 512)
    assert not collapsed([0.2, 0.0], 5)  # one picture
    assert not collapsed([0.4, 0.2], 10**6) and collapsed([0.4, 0.199], 10**6)  # half is not below half


def test_the_probe_takes_ten_steps_of_a_quarter_of_the_radius(monkeypatch):
    asked = {}
    monkeypatch.setattr(adversarial, "ascend", lambda scores, pictures, labels, epsilon, **given: asked.update(given) or pictures)
    pictures = torch.full((4, 1, 2, 2), 0.5)
    logits = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    assert probe(parse("pgd:0.1"), lambda x: logits, pictures, torch.tensor([0, 1, 1, 1]), 0) == 0.75
    assert (asked["steps"], asked["step"]) == (10, 0.25)


@pytest.mark.parametrize("name", ["pgd", "trades", "free"])
def test_training_resumes_bit_for_bit(name, tmp_path, monkeypatch):
    settings = {**SETTINGS, "perturb": f"{name}:0.1"}
    whole = train(DATA, out=str(tmp_path / "whole"), **settings)
    rows = (whole.run / "results.csv").read_text().splitlines()
    assert "robust_accuracy" in rows[0]
    real, steps = loop._step, []

    def stopping(*given):
        steps.append(1)
        if len(steps) == 4:  # in the second epoch
            given[-1].asked = 2
        return real(*given)

    monkeypatch.setattr(loop, "_step", stopping)
    with pytest.raises(Interrupted):
        train(DATA, out=str(tmp_path / "cut"), **settings)
    monkeypatch.setattr(loop, "_step", real)
    resume(tmp_path / "cut", data=DATA, quiet=True)
    assert (tmp_path / "cut" / "model.safetensors").read_bytes() == (whole.run / "model.safetensors").read_bytes()


def test_the_most_robust_epoch_is_kept_and_collapse_stops(tmp_path, monkeypatch, capsys):
    values = iter([0.2, 0.5, 0.1, 0.4])
    monkeypatch.setattr(adversarial, "probe", lambda *given: next(values))
    trained = train(DATA, out=str(tmp_path / "run"), **{**SETTINGS, "epochs": 4, "perturb": "fgsm:0.1", "quiet": False})
    assert trained.epochs == 3 and trained.classifier.facts["best_epoch"] == 2
    assert "overfitted to its own attack (robust accuracy fell by half): stopped; epoch 2 is kept" in capsys.readouterr().err


def test_collapse_stops_nothing_where_validation_decides_nothing(tmp_path, monkeypatch, capsys):
    values = iter([0.2, 0.5, 0.1, 0.1])
    monkeypatch.setattr(adversarial, "probe", lambda *given: next(values))
    settings = {**SETTINGS, "epochs": 4, "perturb": "fgsm:0.1", "keep": "last", "quiet": False}
    trained = train(DATA, out=str(tmp_path / "run"), **settings)
    assert trained.epochs == 4 and trained.classifier.facts["best_epoch"] == 4
    said = capsys.readouterr().err
    assert said.count("validation decides nothing, so it trains on") == 1 and "stopped" not in said


def test_patience_waits_for_what_is_kept(tmp_path, monkeypatch):
    values = iter([0.1, 0.9, 0.5, 0.5, 0.5, 0.5])
    monkeypatch.setattr(adversarial, "probe", lambda *given: next(values))
    settings = {**SETTINGS, "epochs": 6, "perturb": "fgsm:0.1", "patience": 2}
    assert train(DATA, out=str(tmp_path / "run"), **settings).epochs == 4  # however much the plain accuracy still rises


@pytest.mark.slow
def test_adversarial_training_makes_robust(tmp_path):
    pictures, labels = (torch.from_numpy(values) for values in DATA)
    settings, how, kept = {**SETTINGS, "model": "convnet", "size": 8, "epochs": 25, "batch": 32, "lr": 3e-3}, "pgd:0.15", {}
    for perturb in ("", how):
        trained = train(DATA, out=str(tmp_path / (perturb or "plain")), perturb=perturb, **settings)
        values = pictures.view(-1, 1, 8, 8).float() / 255
        kept[perturb] = probe(parse(how), trained.classifier.scores, values, labels.long(), 0)
    assert kept[how] > kept[""] + 0.15


def test_lbfgs_refuses(tmp_path):
    with pytest.raises(UsageError, match="leave out --perturb"):
        train(DATA, out=str(tmp_path / "run"), model="pixels", optimizer="lbfgs", perturb="pgd", quiet=True)


def test_denormalise_is_the_inverse():
    for preprocessing in (GREY, Preprocessing(3, 8, 8, mean=(0.1, 0.5, 0.9), std=(0.2, 0.3, 0.4), order="bgr")):
        x = torch.rand(2, preprocessing.channels, 8, 8)
        assert torch.allclose(preprocessing.denormalise(preprocessing.normalise(x)), x, atol=1e-6)


def test_steps_are_the_published_ones():
    """FGSM: Wong 2020. PGD: Madry 2018, seven steps. TRADES: Zhang 2019, ten steps, β = 6. Free: Shafahi 2019, m = 4."""
    assert {name: (row.steps, row.step, row.repeats, row.beta) for name, row in METHODS.items() if not row.noise} == {
        "fgsm": (1, 1.25, 1, 0.0), "pgd": (7, 0.25, 1, 0.0), "trades": (10, 0.25, 1, 6.0), "free": (0, 1.0, 4, 0.0),
    }  # fmt: skip


def test_before_a_search_all_processes_take_the_statistics_of_the_first():
    sent = []
    model = nn.BatchNorm2d(2)
    context = SimpleNamespace(
        preprocessing=Preprocessing(1, 8, 8), recipe=SimpleNamespace(seed=3),
        state=SimpleNamespace(model=model, counters=SimpleNamespace(epoch=2)),
        group=SimpleNamespace(broadcast_tensors=lambda tensors: sent.extend(tensors)),
    )  # fmt: skip
    objective = Adversarial(parse("pgd:8/255"))
    objective.before_step(context, None)
    assert [id(tensor) for tensor in sent] == [id(buffer) for buffer in model.buffers()]
    assert objective.adversary is not None
