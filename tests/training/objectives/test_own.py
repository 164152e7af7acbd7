"""A loss of the user's own: trains as cross-entropy does where it is cross-entropy, resumes, and is refused with a reason."""

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

import clearsight as cs
from clearsight.base import code
from clearsight.base.errors import UsageError
from clearsight.recipes.compose import compose
from clearsight.training.api import train
from clearsight.training.objectives.supervised import Supervised
from clearsight.training.optim.loss import losses_of_heads
from tests.pictures import digit_arrays
from tests.training.test_session import stop_after, weights


def same(logits, labels):
    return F.cross_entropy(logits, labels, reduction="none")


def double(logits, labels):
    return 2 * same(logits, labels)


def mean(logits, labels):
    return F.cross_entropy(logits, labels)


def without_gradient(logits, labels):
    return (logits.argmax(1) != labels).float()


class Doubled(Supervised):
    def loss(self, context, net, index, pictures):
        loss, right = super().loss(context, net, index, pictures)
        return 2 * loss, right


class Asks(Supervised):
    def __init__(self, gamma):
        self.gamma = gamma


@pytest.fixture(autouse=True)
def _nothing_is_allowed(monkeypatch):
    monkeypatch.setattr(code, "_ALLOWED", set())


def trained(tmp_path, name, **settings):
    given = {"model": "lenet5", "epochs": 2, "batch": 16, "optimizer": "sgd", "augment": "", "label_smoothing": 0.0, "quiet": True}
    return cs.train(digit_arrays(48), out=tmp_path / name, **{**given, **settings}).run


def test_cross_entropy_as_a_function_trains_the_same_weights(tmp_path):
    plain, own = trained(tmp_path, "plain"), trained(tmp_path, "own", objective=same)
    assert weights(plain) == weights(own)


@pytest.mark.parametrize("objective", [double, Doubled])
def test_twice_the_loss_is_twice_the_step(objective, tmp_path):
    """SGD without momentum, decay and schedule: a loss of twice the size moves as half the size does at twice the rate."""
    fixed = {"momentum": 0.0, "weight_decay": 0.0, "schedule": "constant", "epochs": 1}
    plain, own = trained(tmp_path, "plain", lr=0.02, **fixed), trained(tmp_path, "own", lr=0.01, objective=objective, **fixed)
    expected = load_file(plain / "model.safetensors")
    for name, value in load_file(own / "model.safetensors").items():
        torch.testing.assert_close(value, expected[name], atol=1e-6, rtol=1e-5)


def test_the_smoothing_of_a_built_in_recipe_is_left_out_and_one_that_is_asked_for_refused():
    assert compose({"recipe": "quick"}).label_smoothing == 0.05
    assert compose({"recipe": "quick", "objective": "@mine:loss"}).label_smoothing == 0
    with pytest.raises(UsageError, match="is the loss: leave out --label-smoothing"):
        compose({"objective": "@mine:loss", "label_smoothing": 0.1})


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"mix": "mixup:0.2"}, "leave out --mix"),
        ({"perturb": "pgd"}, "leave out --perturb"),
        ({"teacher": "runs/a"}, "leave out --teacher"),
        ({"unlabelled": "fixmatch"}, "leave out --unlabelled"),
        ({"optimizer": "lbfgs"}, "softmax regression or an SVM"),
        ({"objective": "mine:loss"}, "is written @package.module:name"),
    ],
)
def test_what_else_chooses_the_loss_is_refused(settings, says):
    with pytest.raises(UsageError, match=says):
        compose({"objective": "@mine:loss", **settings})


@pytest.mark.parametrize(
    ("objective", "says"),
    [
        (mean, r"must return a loss for each picture, \(\d+,\) here.*Got \(\)"),
        (without_gradient, "without a gradient"),
        (Asks, "made without arguments"),
        (lambda logits, labels: same(logits, labels), "at the top of a module"),
    ],
)
def test_what_is_no_objective_is_refused(objective, says, tmp_path):
    with pytest.raises(UsageError, match=says):
        trained(tmp_path, "own", objective=objective)


def test_a_run_resumes_bit_for_bit_where_the_code_is_allowed(tmp_path, monkeypatch):
    whole = trained(tmp_path, "whole", objective=double)
    with monkeypatch.context() as patch:
        stop_after(patch, 3)
        with pytest.raises(cs.ClearsightError):
            trained(tmp_path, "cut", objective=double)
    code._ALLOWED.clear()
    with pytest.raises(UsageError, match=r"names code to run: '?@tests"):
        cs.resume(tmp_path / "cut", data=digit_arrays(48), quiet=True)
    again = cs.resume(tmp_path / "cut", data=digit_arrays(48), quiet=True, allow_code=True)
    assert weights(again.run) == weights(whole)


def test_auxiliary_heads_weigh_as_in_cross_entropy():
    outputs, labels = torch.randn(3, 5, 4), torch.tensor([0, 1, 2, 3, 0])
    logits, losses = losses_of_heads(outputs, lambda given: same(given, labels))
    assert torch.equal(logits, outputs[0])
    torch.testing.assert_close(losses, same(outputs[0], labels) + 0.3 * (same(outputs[1], labels) + same(outputs[2], labels)))


def test_code_of_a_recipe_file_needs_leave(tmp_path):
    recipe = tmp_path / "theirs.toml"
    recipe.write_text('objective = "@tests.training.objectives.test_own:same"\n')
    with pytest.raises(UsageError, match="names code to run"):
        train(digit_arrays(24), recipe=str(recipe), model="lenet5", epochs=1, out=str(tmp_path / "a"), quiet=True)
    with pytest.raises(UsageError, match="names code to run"):
        cs.doctor(digit_arrays(24), recipe=str(recipe), model="lenet5", quiet=True)
