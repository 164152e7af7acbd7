"""Validation: logits of every picture once, and what they decide at the end of an epoch."""

import signal
from types import SimpleNamespace

import pytest
import torch

from clearsight.recipes.recipe import Recipe
from clearsight.training.interrupt import Interrupted, Stop
from clearsight.training.validation.validate import close_epoch, is_due, out_of_patience, scores, validate
from tests.training.objectives.made import made_of


@pytest.fixture
def context():
    return made_of()[0]


def by_hand(context) -> torch.Tensor:
    inputs = context.preprocessing.normalise(context.val.batch(torch.arange(len(context.val))))
    with torch.no_grad():
        return context.state.model.eval()(inputs)


def test_logits_are_those_of_the_pictures_in_order(context):
    torch.testing.assert_close(validate(context, None), by_hand(context), rtol=1e-4, atol=1e-5)


def test_other_weights_are_judged_and_the_networks_own_stay(context):
    own = by_hand(context)
    zero = {name: torch.zeros_like(value) for name, value in context.state.model.state_dict().items()}
    assert not validate(context, zero).any()
    assert torch.equal(by_hand(context), own)


def test_views_are_averaged(context):
    x = context.preprocessing.normalise(context.val.batch(torch.arange(len(context.val))))
    with torch.no_grad():
        model = context.state.model.eval()
        expected = (model(x) + model(x.flip(3))) / 2
    torch.testing.assert_close(validate(context, None, views="mirror"), expected, rtol=1e-4, atol=1e-5)


def test_a_signal_ends_it(context):
    stop = Stop()
    stop.asked = signal.SIGTERM
    with pytest.raises(Interrupted):
        validate(context, None, stop)


def test_scores_by_hand():
    logits = torch.tensor([[2.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    found = scores(logits, torch.tensor([0, 0, 0]))
    losses = -torch.log_softmax(logits, 1)[:, 0]
    assert found == {"val_loss": pytest.approx(float(losses.mean())), "val_accuracy": pytest.approx(2 / 3)}  # of two equals the first


def test_validation_that_decides_nothing_is_not_computed_more_often_than_training():
    context, _ = made_of(keep="last", epochs=40, val=0.5)
    due = []
    while context.state.counters.epoch < 40:
        due.append(is_due(context))
        if due[-1]:
            context.state.counters.rows.append({"epoch": context.state.counters.epoch + 1})
        context.state.counters.next_epoch()
    ratio = len(context.val) / len(context.train)
    assert due[-1] and sum(due) == pytest.approx(40 / max(1, -(-ratio // 1)), abs=1)
    assert is_due(made_of()[0])  # which chooses an epoch, is computed after each


def epoch(context, accuracy: float, loss: float) -> None:
    """An epoch whose weights are all its accuracy."""
    for p in context.state.model.parameters():
        p.data.fill_(accuracy)
    context.state.counters.add(10, 5.0, 4, 0.0)
    close_epoch(context, {"val_loss": loss, "val_accuracy": accuracy})


def test_the_best_epoch_is_kept(context):
    for accuracy, loss in ((0.2, 2.0), (0.9, 1.0), (0.4, 0.9)):
        epoch(context, accuracy, loss)
    state = context.state
    assert (state.counters.best, state.counters.best_epoch, state.counters.epoch) == (0.9, 2, 3)
    assert all(value.eq(0.9).all() for value in state.kept.values())
    assert [row["epoch"] for row in state.counters.rows] == [1, 2, 3]
    assert state.counters.rows[0]["loss"] == 0.5 and state.counters.rows[0]["accuracy"] == 0.4
    assert (state.counters.step, state.counters.loss) == (0, 0.0)


def test_the_last_epoch_is_kept_where_asked():
    context, _ = made_of(keep="last")
    for accuracy in (0.9, 0.2):
        epoch(context, accuracy, 1.0)
    assert context.state.counters.best_epoch == 2 and context.state.counters.best == 0.2


def test_patience_counts_epochs_without_an_improvement():
    context, _ = made_of(patience=2)
    for accuracy, loss, out in ((0.5, 1.0, False), (0.1, 2.0, False), (0.1, 2.0, True)):
        epoch(context, accuracy, loss)
        assert out_of_patience(context) == out
    assert not out_of_patience(made_of()[0])


@pytest.mark.parametrize(
    ("keep", "epoch", "due"), [("best", 0, True), ("last", 0, False), ("last", 1, False), ("last", 2, True), ("last", 9, True)]
)
def test_what_decides_nothing_is_due_once_as_many_were_trained_on(keep, epoch, due):
    """4 pictures an epoch, 10 to validate on: 3 epochs after the last time, and at the end."""
    counters = SimpleNamespace(rows=[], epoch=epoch)
    context = SimpleNamespace(recipe=Recipe(keep=keep, epochs=10), state=SimpleNamespace(counters=counters), train=range(4), val=range(10))
    assert is_due(context) is due
    counters.rows, counters.epoch = [{"epoch": 2}], epoch + 2
    assert is_due(context) is (due or epoch + 3 == 10)
