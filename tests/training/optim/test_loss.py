"""What a step minimises, with and without auxiliary heads."""

import torch
import torch.nn.functional as F

from clearsight.training.optim.loss import classification_losses, mixed_losses


def test_one_head_is_cross_entropy():
    logits, labels = torch.randn(4, 3), torch.tensor([0, 2, 1, 1])
    found, losses = classification_losses(logits, labels, 0.1)
    assert found is logits
    torch.testing.assert_close(losses, F.cross_entropy(logits, labels, reduction="none", label_smoothing=0.1))


def test_each_auxiliary_head_counts_three_tenths_and_does_not_vote():
    outputs = torch.tensor([[[0.0, 0.0]], [[1.0, 0.0]], [[0.0, 2.0]]])  # head, two auxiliary ones; one picture
    logits, losses = classification_losses(outputs, torch.tensor([1]))
    assert torch.equal(logits, outputs[0])
    log = [F.log_softmax(head, 1)[0, 1] for head in outputs]
    torch.testing.assert_close(losses, -(log[0] + 0.3 * log[1] + 0.3 * log[2])[None])


def test_mixed_pictures_have_both_labels_by_their_shares():
    logits, labels, others = torch.randn(3, 4), torch.tensor([0, 1, 2]), torch.tensor([3, 1, 0])
    shares = torch.tensor([0.25, 0.5, 1.0])
    _, losses = mixed_losses(logits, labels, others, shares, 0.1)
    target = F.one_hot(labels, 4) * shares[:, None] + F.one_hot(others, 4) * (1 - shares[:, None])
    # cross-entropy is linear in the target
    torch.testing.assert_close(losses, F.cross_entropy(logits, target, reduction="none", label_smoothing=0.1))
