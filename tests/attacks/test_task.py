"""The input of an attack: rows, verdicts, and labels that are known."""

import pytest
import torch

from clearsight.attacks.task import require_known
from clearsight.base.errors import UsageError
from tests.attacks.victims import task


@pytest.mark.parametrize("rows", [torch.tensor([4, 1]), torch.arange(24) % 3 == 0], ids=["indices", "mask"])
def test_some_rows_are_those_rows_of_everything(rows):
    given = task(0.1, steps=5, targets=torch.arange(24) % 3, first=(torch.rand(24, 1, 8, 8), torch.rand(24, 3)))
    some = given.only(rows)
    for name in ("pictures", "labels", "indices", "targets"):
        assert torch.equal(getattr(some, name), getattr(given, name)[rows])
    assert all(torch.equal(a, b[rows]) for a, b in zip(some.first, given.first, strict=True))
    assert (some.epsilon, some.steps, some.seed) == (0.1, 5, 0)
    assert task(0.1).only(rows).targets is None


def test_verdicts_do_not_depend_on_the_batch_and_have_no_gradient():
    whole, parts = task(0.1), task(0.1, batch=5)
    x = whole.pictures.clone().requires_grad_()
    assert torch.equal(whole.fooled(x), parts.fooled(x)) and not whole.fooled(x).any()
    assert not parts.logits(x).requires_grad
    torch.testing.assert_close(parts.logits(x), whole.scores(whole.pictures).detach(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("labels", "known"), [([0, 2], True), ([3], False), ([-1, 0], False), ([], True)])
def test_labels_of_the_classifiers_own_table(labels, known):
    if known:
        require_known(torch.tensor(labels), 3)
    else:
        with pytest.raises(UsageError, match="0 to 2"):
            require_known(torch.tensor(labels), 3)
