"""Stages with their parameters, and what each way of fine-tuning trains: LeNet-5 by hand, others as the training has it."""

import pytest
from torch import nn

from clearsight import models
from clearsight.base.errors import ClearsightError, UsageError
from clearsight.look.tuning import Phase, phases, stages_of
from clearsight.training.transfer.freezing import depths


def test_lenet_by_hand():
    """156 + 2,416 + 48,120 + 10,164 + 850 parameters, the last of them the head's."""
    stages = stages_of(models.build("lenet5", 10, channels=1, height=32, width=32))
    assert [stage.parameters for stage in stages] == [156, 2416, 48120, 10164, 850]
    assert phases(stages, "head") == [Phase("training", (stages[-1].name,), 850)]
    assert [phase.parameters for phase in phases(stages, "gradual")] == [850, 11014, 59134, 61550, 61706]
    assert [phase.parameters for phase in phases(stages, "head-then-all")] == [850, 61706]
    assert phases(stages, "all")[0].parameters == 61706


@pytest.mark.parametrize("name", ["swift", "resnet18"])
def test_stages_are_those_that_training_unfreezes(name):
    model = models.build(name, 10, channels=3, height=64, width=64)
    depth, stages = depths(model), stages_of(model)
    turns = phases(stages, "gradual")
    for line, phase in enumerate(turns):
        assert phase.parameters == sum(weights.numel() for key, weights in model.named_parameters() if depth[key] <= line)


def test_mistakes():
    with pytest.raises(UsageError, match="gradual"):
        phases([], "gradualy")
    with pytest.raises(ClearsightError, match="no stages"):
        stages_of(nn.Linear(2, 2))
