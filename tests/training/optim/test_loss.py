"""What a step minimises, with and without auxiliary heads."""

import math

import pytest
import torch
import torch.nn.functional as F

from clearsight.training.optim.loss import classification_losses, focal_losses, mixed_losses


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


def focal_by_hand(row, target, gamma):
    """The focal loss of one picture, class by class, in Python's numbers."""
    whole = math.fsum(math.exp(value) for value in row)
    shares = [math.exp(value) / whole for value in row]
    return math.fsum(-q * (1 - p) ** gamma * math.log(p) for q, p in zip(target, shares, strict=True))


@pytest.mark.parametrize("gamma", [0.5, 2.0, 5.0])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_focal_loss_is_the_papers(gamma, smoothing):
    logits, labels = torch.randn(6, 4, dtype=torch.float64) * 3, torch.tensor([0, 1, 2, 3, 0, 1])
    expected = []
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        target = [smoothing / 4 + (1 - smoothing) * (k == label) for k in range(4)]
        expected.append(focal_by_hand(row, target, gamma))
    torch.testing.assert_close(focal_losses(logits, labels, gamma, smoothing), torch.tensor(expected, dtype=torch.float64))
    single = classification_losses(logits.float(), labels, smoothing, gamma)[1]
    torch.testing.assert_close(single, torch.tensor(expected), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_focal_loss_without_focus_is_cross_entropy_bit_for_bit(smoothing):
    logits, labels = torch.randn(64, 10) * 4, torch.arange(64) % 10
    cross = F.cross_entropy(logits, labels, reduction="none", label_smoothing=smoothing)
    assert torch.equal(focal_losses(logits, labels, 0.0, smoothing), cross)
    assert torch.equal(classification_losses(logits, labels, smoothing, 0.0)[1], cross)


def test_focal_gradients_are_those_of_finite_differences_and_finite_where_a_class_is_certain():
    logits, labels = torch.randn(5, 3, dtype=torch.float64, requires_grad=True), torch.tensor([0, 1, 2, 0, 1])
    assert torch.autograd.gradcheck(lambda values: focal_losses(values, labels, 1.5, 0.1), logits)
    for gamma in (0.5, 1.0, 2.0):
        certain = torch.tensor([[300.0, 0.0], [-300.0, 0.0]], requires_grad=True)
        found = focal_losses(certain, torch.tensor([0, 0]), gamma)
        found.sum().backward()
        assert found.tolist() == [0.0, 300.0]
        assert certain.grad.tolist() == [[0.0, 0.0], [-1.0, 1.0]]


def test_focal_loss_of_mixed_pictures_is_linear_in_their_shares():
    logits, labels, others = torch.randn(2, 3, dtype=torch.float64), torch.tensor([0, 1]), torch.tensor([2, 0])
    _, losses = mixed_losses(logits, labels, others, torch.tensor([0.25, 1.0]), 0.0, 2.0)
    expected = [focal_by_hand(logits[0].tolist(), [0.25, 0, 0.75], 2.0), focal_by_hand(logits[1].tolist(), [0, 1, 0], 2.0)]
    torch.testing.assert_close(losses, torch.tensor(expected, dtype=torch.float64))
