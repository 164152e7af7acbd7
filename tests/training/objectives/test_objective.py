"""The protocol of an objective: a loss is all that a new one has to bring."""

import pytest
import torch
from torch.nn import functional as F

from clearsight.training.interrupt import Stop
from clearsight.training.objectives.objective import Objective
from clearsight.training.validation.validate import validate
from tests.training.objectives.made import made_of


class Least(Objective):
    def loss(self, context, net, index, pictures):
        return net.outputs(context.prepared(index, pictures)[0]).square().sum(), 0


def test_without_a_loss_there_is_no_objective():
    with pytest.raises(TypeError, match="abstract"):
        Objective()


def test_the_defaults_are_those_of_plain_training():
    least = Least()
    assert (least.cost, least.repeats, least.provenance) == (1.0, 1, {})
    context, _ = made_of()
    assert not least.failed(context)
    assert least.before_step(context, None) is least.after_backward(torch.arange(2)) is least.after_epoch(context) is None


def test_an_epoch_is_judged_by_cross_entropy_and_accuracy_on_validation():
    context, _ = made_of()
    found = Least().judge(context, None, Stop())
    logits = validate(context, None)
    assert found["val_loss"] == pytest.approx(float(F.cross_entropy(logits, context.val.labels)))
    assert found["val_accuracy"] == pytest.approx(float((logits.argmax(1) == context.val.labels).float().mean()))
