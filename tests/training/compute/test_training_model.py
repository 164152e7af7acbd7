"""Steps in bfloat16 with float32 weights, and steps that do not fit into memory."""

import copy

import pytest
import torch
import torch.nn.functional as F

from clearsight import models
from clearsight.base.compute.precision import halved
from clearsight.base.errors import ClearsightError
from clearsight.training import loop
from clearsight.training.api import resume, train
from clearsight.training.compute import training_model
from clearsight.training.compute.training_model import Speed, TrainingModel
from tests.pictures import digit_arrays

CPU = torch.device("cpu")


def gradients(model, speed, inputs, labels):
    net = TrainingModel(model, speed, CPU)
    net.begin()
    F.cross_entropy(net.outputs(inputs), labels).backward()
    net.end()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.requires_grad}


@pytest.mark.parametrize("name", ["lenet5", "convnet", "swift"])
def test_gradients_in_bfloat16_point_where_those_in_float32_do(name):
    torch.manual_seed(0)
    model = models.build(name, 10, channels=1, height=28, width=28, dropout=0.0, seed=0)
    inputs, labels = torch.randn(16, 1, 28, 28), torch.arange(16) % 10
    model.initialise(inputs)
    exact = gradients(copy.deepcopy(model), Speed(), inputs, labels)
    rough = gradients(model, Speed(bf16=True), inputs, labels)
    assert all(value.dtype == torch.float32 for value in rough.values())
    a, b = (torch.cat([g.flatten() for g in grads.values()]) for grads in (exact, rough))
    # 8 bits of mantissa, and a max or a ReLU that falls to the other side here and there
    assert F.cosine_similarity(a, b, dim=0) > 0.98
    assert 0.9 < a.norm() / b.norm() < 1.1


def test_the_copy_shares_norms_and_follows_the_weights():
    model = models.build("swift", 10, channels=1, height=28, width=28, seed=0)
    twin = halved(model)
    assert twin.group1.bn1.bias is model.group1.bn1.bias
    assert twin.group1.bn1.running_mean is model.group1.bn1.running_mean
    assert twin.group1.conv1.weight.dtype == torch.bfloat16
    assert twin.fc.weight is model.fc.weight  # scores are float32's
    assert not twin.whiten.weight.requires_grad
    net = TrainingModel(model, Speed(bf16=True), CPU)
    with torch.no_grad():
        model.group1.conv1.weight.add_(1)
    net.begin()
    assert torch.equal(net.net.group1.conv1.weight, model.group1.conv1.weight.bfloat16())
    net.outputs(torch.randn(4, 1, 28, 28))
    assert model.group1.bn1.running_mean.abs().sum() > 0


def test_a_step_begins_in_training_mode_but_for_layers_at_rest():
    model = models.build("lenet5", 10, channels=1, height=28, width=28, seed=0)
    net = TrainingModel(model, Speed(), CPU)
    model.eval()
    net.begin()
    assert all(module.training for module in net.net.modules())


@pytest.mark.parametrize(("speed", "layout"), [(Speed(), torch.contiguous_format), (Speed(channels_last=True), torch.channels_last)])
def test_the_layout_is_that_of_the_speed(speed, layout):
    assert speed.memory_format == layout


def trained(folder, **settings):
    settings = {"model": "lenet5", "epochs": 2, "batch": 32, "speed": "bf16", "augment": "", "quiet": True} | settings
    return train(digit_arrays(96), out=str(folder), **settings)


def test_a_run_in_bfloat16_learns_and_resumes_bit_for_bit(tmp_path, monkeypatch):
    whole = trained(tmp_path / "whole", checkpoint_minutes=0)
    once, steps = loop._step, iter(range(100))

    def interrupted(*given):
        loss, correct, asked = once(*given)
        return loss, correct, asked or next(steps) == 3

    monkeypatch.setattr(loop, "_step", interrupted)
    with pytest.raises(ClearsightError, match="stopped"):
        trained(tmp_path / "cut", checkpoint_minutes=0)
    monkeypatch.setattr(loop, "_step", once)
    again = resume(tmp_path / "cut", data=digit_arrays(96), quiet=True)
    a, b = whole.classifier.model.state_dict(), again.classifier.model.state_dict()
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert all(value.dtype == torch.float32 for value in b.values())


def hungry(monkeypatch, fits: int) -> None:
    """Make every product of more than `fits` pictures run out of memory."""
    outputs = TrainingModel.outputs

    def limited(self, inputs):
        if len(inputs) > fits:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp:119] DefaultCPUAllocator: can't allocate memory: you tried to allocate …")
        return outputs(self, inputs)

    monkeypatch.setattr(TrainingModel, "outputs", limited)


def test_out_of_memory_halves_the_parts_and_says_so(tmp_path, monkeypatch, capsys):
    hungry(monkeypatch, 8)
    trained(tmp_path / "small", speed="plain", quiet=False)
    said = capsys.readouterr().err
    assert "in 2 parts (as --accumulate 2)" in said
    assert "in 4 parts (as --accumulate 4)" in said
    assert "8 parts" not in said
    monkeypatch.undo()
    told = trained(tmp_path / "told", speed="plain", accumulate=4)
    assert torch.equal(told.classifier.model.conv1.weight, _weight(tmp_path / "small"))


def test_what_batch_norm_saw_before_memory_ran_out_is_forgotten(tmp_path, monkeypatch):
    outputs, large = TrainingModel.outputs, []

    def limited(self, inputs):
        if len(inputs) > 8:
            large.append(len(inputs))
            if len(large) == 2:
                raise MemoryError  # in the second part: batch norm has seen the first
        return outputs(self, inputs)

    monkeypatch.setattr(TrainingModel, "outputs", limited)
    ran_out = trained(tmp_path / "out", model="swift", size=28, speed="plain", accumulate=2)
    monkeypatch.undo()
    told = trained(tmp_path / "told", model="swift", size=28, speed="plain", accumulate=4)
    assert (ran_out.run / "model.safetensors").read_bytes() == (told.run / "model.safetensors").read_bytes()


@pytest.mark.parametrize("where", ["average", "second update"])
def test_a_step_that_has_moved_the_weights_is_not_done_again(where, tmp_path, monkeypatch):
    name, at = {"average": ("update_ema", 1), "second update": ("update", 2)}[where]
    real, calls = getattr(loop, name), []

    def out_once(*given):
        calls.append(1)
        if len(calls) == at:
            raise MemoryError("out of memory")
        return real(*given)

    monkeypatch.setattr(loop, name, out_once)
    settings = {"ema": 0.9} if where == "average" else {"perturb": "free:0.1"}
    with pytest.raises(ClearsightError, match=r"out of memory with a batch of .* The last checkpoint is untouched"):
        trained(tmp_path / "run", speed="plain", **settings)


def _weight(folder):
    from clearsight import load

    return load(folder).model.conv1.weight.contiguous()


def test_out_of_memory_with_two_pictures_is_one_line(tmp_path, monkeypatch):
    hungry(monkeypatch, 1)
    with pytest.raises(ClearsightError, match=r"out of memory with a batch of .* Try --accumulate"):
        trained(tmp_path / "run", speed="plain")


def test_other_errors_are_not_taken_for_a_lack_of_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(TrainingModel, "outputs", lambda self, inputs: torch.zeros(2, 3) @ inputs)
    with pytest.raises(RuntimeError, match="size"):
        trained(tmp_path / "run", speed="plain")


@pytest.mark.parametrize(
    ("words", "speed", "half", "layout", "autocast"),
    [
        ("plain", Speed(), None, torch.contiguous_format, (False, False)),
        ("bf16", Speed(bf16=True), torch.bfloat16, torch.contiguous_format, (False, True)),
        ("fp16", Speed(fp16=True), torch.float16, torch.contiguous_format, (True, True)),
        ("channels-last", Speed(channels_last=True), None, torch.channels_last, (False, False)),
        ("bf16 channels-last compile", Speed(True, True, True), torch.bfloat16, torch.channels_last, (False, True)),
    ],
)
def test_what_the_words_of_a_speed_mean(words, speed, half, layout, autocast):
    """`autocast`: on a CPU, where bfloat16 is a copy of the network, and on a GPU."""
    assert (training_model.parse(words), speed.words) == (speed, words)
    assert (speed.half, speed.memory_format) == (half, layout)
    assert tuple(training_model.by_autocast(speed, torch.device(kind)) for kind in ("cpu", "cuda")) == autocast


def test_a_step_begins_in_training_mode_without_gradients_but_for_what_rests():
    model = torch.nn.Sequential(torch.nn.BatchNorm1d(2), torch.nn.Sequential(torch.nn.BatchNorm1d(2)))
    net = TrainingModel(model.eval(), Speed(), CPU, resting=("1",))
    model[0].weight.grad = torch.ones(2)
    net.begin()
    assert [module.training for module in model.modules()] == [True, True, False, False]
    assert model[0].weight.grad is None


def test_a_frozen_network_is_at_rest_and_goes_on_as_it_was():
    model = torch.nn.Sequential(torch.nn.BatchNorm1d(2), torch.nn.Linear(2, 2))
    model[1].bias.requires_grad_(False)
    model[0].eval()
    net = TrainingModel(model, Speed(), CPU)
    with net.frozen() as outputs:
        assert not any(module.training for module in model.modules()) and not any(p.requires_grad for p in model.parameters())
        assert outputs(torch.zeros(3, 2)).shape == (3, 2)
    assert [module.training for module in model.modules()] == [True, False, True]
    assert [p.requires_grad for p in model.parameters()] == [True, True, True, False]
