"""The training context: batches, labels, and augmentation that belongs to the picture."""

import pytest
import torch

from clearsight.base.compute.distributed import ProcessGroup
from clearsight.training import context as module
from clearsight.training.context import TrainingContext
from tests.training.objectives.made import made_of


def test_steps_leave_no_process_with_a_single_picture():
    context: TrainingContext = made_of()[0]
    n = len(context.train)
    assert context.steps == -(-n // 64)
    context.group = ProcessGroup(0, n // 2 + 1)
    assert context.steps == 1
    for batch in (2, 3, 7):
        small = made_of(batch=batch)[0]
        assert min(len(part) for part in torch.arange(n).tensor_split(small.steps)) >= 2


def test_parts_of_a_batch_are_the_recipes_or_more():
    context, _ = made_of(accumulate=2)
    assert context.micro_batches == 2
    context.state.counters.accumulate = 8
    assert context.micro_batches == 8


def test_a_picture_is_augmented_the_same_in_any_batch_and_otherwise_in_another_epoch():
    context, _ = made_of()
    index = torch.arange(6)
    whole, labels = context.prepared(index, context.train.batch(index))
    part, _ = context.prepared(index[2:4], context.train.batch(index[2:4]))
    assert torch.equal(whole[2:4], part) and torch.equal(labels, context.train.labels[:6])
    context.state.counters.epoch = 1
    assert not torch.equal(context.prepared(index, context.train.batch(index))[0], whole)


def test_who_decides():
    context, _ = made_of()
    assert context.perturbation is None and context.deciding == len(context.val)
    context, _ = made_of(perturb="pgd")
    assert context.perturbation.name == "pgd" and context.deciding == min(512, len(context.val))


@pytest.mark.parametrize(("perturb", "deciding"), [("", 30), ("pgd", 20), ("noise:0.1", 30)])
def test_only_attacked_pictures_decide_where_there_is_an_attack(monkeypatch, perturb, deciding):
    monkeypatch.setattr(module, "ATTACKED", 20)
    context, _ = made_of(perturb=perturb)
    context.val.labels = context.val.labels.repeat(30)[:30]
    assert context.deciding == deciding
