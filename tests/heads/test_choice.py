"""Cross-validation of a readout and its strength: against a plain restatement, and honest about pictures that it has not seen."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from clearsight.heads import choice
from clearsight.heads.choice import STEP, STRONGEST, Choice, choose
from clearsight.heads.cross_validation import folds
from clearsight.heads.lbfgs import Problem, solve


def digits(n: int = 200) -> tuple[torch.Tensor, torch.Tensor]:
    pictures, labels = load_digits(return_X_y=True)
    return torch.from_numpy((pictures[:n] / 16).astype(np.float32)), torch.from_numpy(labels[:n])


def noise(like: torch.Tensor) -> torch.Tensor:
    return torch.randn(like.shape, generator=torch.Generator().manual_seed(0))


def test_it_takes_the_readout_that_tells_the_classes_apart():
    pictures, labels = digits()
    found = choose({"pictures": pictures, "noise": noise(pictures)}, labels, 10)
    assert found.name == "pictures" and found.logits.shape == (200, 10) and found.logits.dtype == torch.float32


def test_the_last_is_kept_unless_another_is_surely_better():
    pictures, labels = digits()
    assert choose({"one": pictures, "other": pictures}, labels, 10).name == "other"
    assert choose({"other": pictures, "one": pictures}, labels, 10).name == "one"


def test_the_strength_is_that_of_the_least_held_out_loss():
    pictures, labels = digits()
    found, fold, spread = choose({"x": pictures}, labels, 10, seed=3), folds(labels, 3), Problem(pictures.clone(), labels, 10).spread
    losses = {}
    for k in range(13):
        l2, total = STRONGEST * spread * STEP**k, 0.0
        for out in range(5):
            kept = fold != out
            theirs = LogisticRegression(C=1 / (l2 * int(kept.sum())), max_iter=2000).fit(pictures[kept].numpy(), labels[kept].numpy())
            total += float(-theirs.predict_log_proba(pictures[~kept].numpy())[np.arange(int((~kept).sum())), labels[~kept].numpy()].sum())
        losses[l2] = total
    best = min(losses.values())
    nearest = min(losses, key=lambda l2: abs(np.log(l2 / found.l2)))
    assert abs(np.log(nearest / found.l2)) < 1e-6 and losses[nearest] <= best * 1.02  # neighbours of a flat minimum differ by less


def test_one_label_of_each_class_leaves_nothing_to_hold_out():
    pictures, labels = digits()
    first = torch.tensor([int((labels == k).nonzero()[0]) for k in range(10)])
    found = choose({"noise": noise(pictures)[first], "pictures": pictures[first]}, labels[first], 10)
    assert found.name == "pictures" and found.logits.shape == (0, 10)
    assert found.l2 == pytest.approx(1e-4 * (pictures[first] - pictures[first].mean(0)).square().sum(1).mean().item())


@pytest.mark.parametrize("seed", range(5))
def test_random_labels_are_not_flattered(seed):
    """The held-out accuracy of 60 readouts on random labels is a coin's: of their best it would be far above."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(60) % 2
    readouts = {str(i): torch.randn(60, 30, generator=generator) for i in range(20)}
    found = choose(readouts, labels, 2, seed=seed)
    right = float((found.logits.argmax(1) == labels).float().mean())
    assert abs(right - 0.5) < 0.5 * 1.96 * 2 / 60**0.5  # twice the standard error of a coin's 60 tosses, and a fold's dependence


def test_answers_held_out_tell_the_accuracy_on_new_pictures():
    pictures, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))  # its writers come one after the other
    features, truth = torch.from_numpy((pictures[order] / 16).astype(np.float32)), torch.from_numpy(labels[order])
    known, new = features[:150], features[150:]
    found: Choice = choose({"x": known}, truth[:150], 10)
    head = solve(Problem(known.clone(), truth[:150], 10), found.l2)
    test = float((F.linear(new.double(), head.weight, head.bias).argmax(1) == truth[150:]).float().mean())
    assert abs(float((found.logits.argmax(1) == truth[:150]).float().mean()) - test) < 0.06  # 2 standard errors of 150 pictures


def test_pictures_of_a_group_are_held_out_together():
    """Each picture is there twice: held out one by one, its copy tells the answer even where labels are random."""
    generator = torch.Generator().manual_seed(0)
    once, labels = torch.randn(60, 200, generator=generator), torch.randint(0, 2, (60,), generator=generator)
    twice, both = once.repeat(2, 1), labels.repeat(2)
    apart = choose({"x": twice}, both, 2)
    together = choose({"x": twice}, both, 2, groups=torch.arange(60).repeat(2))
    right = [float((found.logits.argmax(1) == both).float().mean()) for found in (apart, together)]
    assert right[0] > 0.85 and abs(right[1] - 0.5) < 0.2


def test_weights_of_classes_weigh_the_loss_held_out():
    """One readout tells class 0 from the others, the other one the others from each other: the weights say which of it matters."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 3
    shown = torch.where(labels == 0, torch.arange(60) % 2 + 1, labels)  # class 0 looks like one of the others
    readouts = {
        "of 0": F.one_hot((labels == 0).long(), 2) + 0.1 * torch.randn(60, 2, generator=generator),
        "of the others": F.one_hot(shown, 3) + 0.1 * torch.randn(60, 3, generator=generator),
    }
    for heavy, name in ((torch.tensor([2.8, 0.1, 0.1]), "of 0"), (torch.tensor([0.1, 1.45, 1.45]), "of the others")):
        assert choose(readouts, labels, 3, counts=heavy[labels]).name == name
        assert choose(dict(reversed(readouts.items())), labels, 3, counts=heavy[labels]).name == name
    plain, same = (choose(readouts, labels, 3, counts=counts) for counts in (None, torch.ones(60)))
    assert plain.l2 == same.l2 and torch.equal(plain.logits, same.logits)


def test_it_can_be_stopped():
    pictures, labels = digits(60)

    def check() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        choose({"x": pictures}, labels, 10, check=check)


def test_a_folds_labels_have_no_part_in_the_choice_that_answers_it(monkeypatch):
    """Each of two readouts is right on one fold alone: the answers on a fold are those of the one that is right on the other."""
    labels = torch.tensor([0, 1] * 10)
    fold = folds(labels, 0)
    right = torch.where(F.one_hot(labels, 2) == 1, 5.0, -5.0)
    rows = {name: torch.where((fold == 0)[:, None] == (name == "one"), right, -right) for name in ("one", "other")}
    monkeypatch.setattr(choice, "_path", lambda features, *_: [(0.1, rows["one" if features[0, 0] else "other"])])
    found = choice.choose({"one": torch.ones(20, 3), "other": torch.zeros(20, 3)}, labels, 2)
    assert torch.equal(found.logits[fold == 0], rows["other"][fold == 0])


@pytest.mark.parametrize(("lower", "taken"), [([0.3, 0.1, 0.2, 0.2], "a"), ([0.9, -0.3, 0.6, -0.4], "b"), ([0.0, 0.0, 0.0, 0.0], "b")])
def test_another_readout_has_to_be_lower_by_a_standard_error(lower, taken):
    """0.2 ± 0.04, 0.2 ± 0.33 and none, in four pictures."""
    losses = torch.tensor([[1.0] * 4, [2.0] * 4, [0.9] * 4, [1.5] * 4])
    losses[0] = losses[2] - torch.tensor(lower)
    assert ["a", "a", "b", "b"][choice._least(["a", "a", "b", "b"], losses)] == taken
    assert choice._least(["b", "b"], losses[2:]) == 0  # of a name the best


def test_where_nothing_is_held_out_the_strength_is_of_the_features_scale():
    features = torch.tensor([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    found = choose({"a": features}, torch.arange(4), 4)
    assert found.l2 == pytest.approx(1e-4 * 5)  # of a mean squared length of 5


def test_the_path_goes_down_from_the_strongest_in_thirteen_steps_unless_the_loss_rises(monkeypatch):
    draw = torch.Generator().manual_seed(0)
    labels = torch.arange(24) % 2
    features = torch.randn(24, 3, generator=draw) + labels[:, None]
    fold, spread = folds(labels, 0), Problem(features.clone(), labels, 2).spread

    def path():
        return [l2 / spread for l2, _ in choice._path(features, labels, fold, 2, torch.ones(24), lambda: None)]

    losses = iter([5.0, 4.0, 4.5, 4.0, 4.2, 0.0])  # the third after the first of the lowest is the last
    with monkeypatch.context() as patch:
        patch.setattr(choice, "_losses", lambda *_: torch.tensor(next(losses)))
        assert path() == pytest.approx(np.logspace(-3, -5, 5))
    monkeypatch.setattr(choice, "PATIENCE", 99)
    assert path() == pytest.approx(np.logspace(-3, -9, 13))
