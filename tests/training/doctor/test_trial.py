"""A trial moves its own weights and nothing of the run."""

import torch

from clearsight.training.doctor.trial import Relabelled, Trial, batch_of


def snapshot(context):
    values = {name: value.clone() for name, value in context.state.model.state_dict().items()}
    return values, [p.requires_grad for p in context.state.model.parameters()], torch.get_rng_state()


def test_a_step_moves_a_copy(put_together):
    context, objective, _ = put_together(model="resnet18", size=16)
    values, wanted, _ = snapshot(context)
    trial = Trial(context, objective)
    loss, right = trial.step(batch_of(context, 8), 0.1)
    assert loss > 0 and 0 <= right <= 1
    moved = trial.model.state_dict()
    assert not all(torch.equal(moved[name], value) for name, value in values.items())
    assert all(torch.equal(context.state.model.state_dict()[name], value) for name, value in values.items())
    assert [p.requires_grad for p in context.state.model.parameters()] == wanted
    assert context.state.optimizer.state == {} and context.state.counters.step == 0
    assert all(p.grad is None for p in context.state.model.parameters())


def test_plain_is_without_augmentation_smoothing_mixing_and_dropout(put_together):
    context, objective, _ = put_together(augment="crop:2", mix="mixup:1", label_smoothing=0.2, dropout=0.5, model="convnet", ema=0.9)
    trial = Trial(context, objective, plain=True)
    assert trial.context.ops == () and trial.context.recipe.label_smoothing == 0 and type(trial.objective).__name__ == "Supervised"
    assert (trial.context.recipe.ema, trial.context.recipe.accumulate) == (0, 1)  # the weights that are stepped are those that are tried
    assert not [module.p for module in trial.model.modules() if isinstance(module, torch.nn.Dropout) and module.p]
    assert type(Trial(context, objective).objective).__name__ == "Mixing" and context.ops


def test_batches_are_different_pictures_until_all_were_drawn(put_together):
    context, _, _ = put_together()
    drawn = [batch_of(context, 20, number) for number in range(len(context.train) // 20)]
    assert len(set(torch.cat(drawn).tolist())) == 20 * len(drawn)
    context.train.labels[:50] = -1
    assert batch_of(context, 20, labelled=True).min() >= 50


def test_other_labels_with_the_same_pictures(put_together):
    context, _, _ = put_together()
    labels = context.train.labels.flip(0)
    other = Relabelled(context.train, labels)
    index = torch.tensor([3, 1])
    assert torch.equal(other.batch(index), context.train.batch(index)) and len(other) == len(context.train)
    assert torch.equal(next(other.batches([index])), context.train.batch(index))


def test_a_batch_is_the_first_unless_another_is_asked_for(put_together):
    context, _, _ = put_together()
    n = len(context.train)
    assert torch.equal(batch_of(context, 20), batch_of(context, 20, 0)) and not torch.equal(batch_of(context, 20), batch_of(context, 20, 1))
    assert [len(batch_of(context, size)) for size in (1, 2, n - 1, n, n + 1)] == [2, 2, n - 1, n, n]
    again = n // 20  # all were drawn: another order
    assert not torch.equal(batch_of(context, 20, again), batch_of(context, 20, 0))
