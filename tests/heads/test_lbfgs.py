"""The head, solved: scikit-learn's optimum, for the same objective."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from clearsight.heads import lbfgs
from clearsight.heads.lbfgs import Problem, Solution, solve
from clearsight.training.interrupt import Interrupted, Stop


def digits(n: int = 500) -> tuple[np.ndarray, np.ndarray]:
    pictures, labels = load_digits(return_X_y=True)
    return (pictures[:n] / 16).astype(np.float32), labels[:n]


def problem(pictures, labels, **more) -> Problem:
    return Problem(torch.from_numpy(pictures.copy()), torch.from_numpy(labels), 10, **more)


def objective(weight: np.ndarray, bias: np.ndarray, pictures, labels, l2: float, counts=1.0) -> float:
    logits = pictures.astype(np.float64) @ weight.T + bias
    logits -= logits.max(1, keepdims=True)
    logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    return float((-counts * logs[np.arange(len(labels)), labels]).mean() + l2 / 2 * (weight**2).sum())


@pytest.mark.parametrize("l2", [1e-1, 1e-3, 1e-5])
def test_softmax_regression_is_scikit_learns(l2):
    pictures, labels = digits()
    found = solve(problem(pictures, labels), l2)
    theirs = LogisticRegression(C=1 / (l2 * len(labels)), tol=1e-9, max_iter=5_000).fit(pictures.astype(np.float64), labels)
    best = objective(theirs.coef_, theirs.intercept_ - theirs.intercept_.mean(), pictures, labels, l2)
    ours = objective(found.weight.numpy(), found.bias.numpy(), pictures, labels, l2)
    assert ours <= best * (1 + 1e-6)
    assert found.value == pytest.approx(ours, rel=1e-6)  # what it says is what it is
    np.testing.assert_array_equal(
        (pictures @ found.weight.numpy().T + found.bias.numpy()).argmax(1), theirs.predict(pictures.astype(np.float64))
    )


def test_what_a_picture_counts_is_scikit_learns_sample_weight():
    pictures, labels = digits(400)
    counts = np.where(labels < 3, 3.0, 0.5)
    counts /= counts.mean()
    l2 = 1e-3
    found = solve(problem(pictures, labels, counts=torch.from_numpy(counts).float()), l2)
    theirs = LogisticRegression(C=1 / (l2 * len(labels)), tol=1e-9, max_iter=5_000).fit(
        pictures.astype(np.float64), labels, sample_weight=counts
    )
    best = objective(theirs.coef_, theirs.intercept_, pictures, labels, l2, counts)
    assert objective(found.weight.numpy(), found.bias.numpy(), pictures, labels, l2, counts) <= best * (1 + 1e-6)
    loss, right = problem(pictures, labels, counts=torch.from_numpy(counts).float()).judged(found)
    assert loss == pytest.approx(objective(found.weight.numpy(), found.bias.numpy(), pictures, labels, 0.0, counts), rel=1e-5)
    assert 0.9 * len(labels) < right <= len(labels)


def test_the_svm_is_scikit_learns():
    pictures, labels = digits()
    l2 = 1e-2
    found = solve(problem(pictures, labels, loss="svm"), l2)
    # scikit-learn's sums and ours means; its bias is penalised, so little that it does not show
    theirs = LinearSVC(C=1 / (l2 * len(labels)), intercept_scaling=1e3, tol=1e-8, max_iter=200_000, dual=False).fit(pictures, labels)

    def hinge(weight, bias):
        signs = np.where(np.arange(10) == labels[:, None], 1, -1)
        missing = np.maximum(0, 1 - signs * (pictures.astype(np.float64) @ weight.T + bias))
        return (missing**2).sum(1).mean() + l2 / 2 * (weight**2).sum()

    assert hinge(found.weight.numpy(), found.bias.numpy()) <= hinge(theirs.coef_, theirs.intercept_) * (1 + 1e-6)


def test_it_ends_in_the_same_place_from_anywhere():
    pictures, labels = digits()
    first = solve(problem(pictures, labels), 1e-3)
    far = Solution(torch.randn(10, 64, dtype=torch.float64), torch.randn(10, dtype=torch.float64))
    again, other = solve(problem(pictures, labels), 1e-3), solve(problem(pictures, labels), 1e-3, far)
    assert torch.equal(first.weight, again.weight) and torch.equal(first.bias, again.bias)
    torch.testing.assert_close(other.weight, first.weight, atol=1e-3, rtol=0)
    assert solve(problem(pictures, labels), 1e-3, first).evaluations < first.evaluations / 3


def test_a_signal_is_heard_in_the_middle():
    pictures, labels = digits()
    stop, calls = Stop(), []

    def check() -> None:
        calls.append(1)
        if len(calls) == 5:
            stop.asked = 15
        stop.check()

    with pytest.raises(Interrupted):
        solve(problem(pictures, labels), 1e-5, check=check)
    assert len(calls) == 5


@pytest.mark.parametrize("rows", [300, 3000])
@pytest.mark.parametrize("loss", ["softmax", "svm"])
def test_features_that_depend_on_one_another_are_solved_with_hardly_a_penalty(rows, loss, monkeypatch):
    monkeypatch.setattr("clearsight.heads.lbfgs.EXACT", 0)
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(rows, 20, generator=generator) @ torch.randn(20, 1500, generator=generator)  # rounded, in float32
    labels = (features[:, 0] > 0).long()  # one plane parts them: J's least is nearly 0
    problem = Problem(features, labels, 2, None, loss)
    nothing = torch.zeros(2, 1500, dtype=torch.float64)
    found = solve(problem, 1e-13 * problem.spread, None, True)
    assert 0 <= found.value < 0.05 * problem.at(nothing, nothing[:, 0])[0]


@pytest.mark.parametrize("rough", [False, True])
def test_evaluations_are_counted(rough):
    """J at every step, the gradient at W = 0, and where there is a first rough solution all of that too."""
    pictures, labels = digits(200)
    called: list[None] = []
    found = solve(problem(pictures, labels), 1e-2, rough=rough, check=lambda: called.append(None))
    assert found.evaluations == len(called) + (1 if rough else 2)


@pytest.mark.parametrize("loss", ["softmax", "svm"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("exact", [2**22, 0])
def test_fewer_pictures_than_features_have_the_optimum_of_all_coordinates(loss, bias, exact, monkeypatch):
    """With a weight for each picture, from the solution of another strength."""
    monkeypatch.setattr("clearsight.heads.lbfgs.EXACT", exact)
    generator = torch.Generator().manual_seed(0)
    features, labels = torch.randn(60, 300, generator=generator) + 0.3, torch.arange(60) % 4
    counts = torch.rand(60, generator=generator) + 0.5
    counts /= counts.mean()

    def found() -> tuple[Solution, Problem]:
        problem = Problem(features.clone(), labels, 4, counts, loss, bias)
        return solve(problem, 1e-2, solve(problem, 1e-1, None, True)), problem

    short, problem = found()
    monkeypatch.setattr("clearsight.heads.lbfgs.MAX_BASIS", -1)
    long, plain = found()
    assert problem.basis is not None and problem.basis.shape == (300, 60) and plain.basis is None
    assert short.weight.shape == (4, 300) and short.value == pytest.approx(long.value, rel=1e-6 if exact else 1e-5)  # float32's
    torch.testing.assert_close(short.weight, long.weight, atol=2e-4, rtol=0)
    torch.testing.assert_close(short.bias, long.bias, atol=2e-4, rtol=0)
    assert bias or not short.bias.any()
    assert problem.judged(short)[1] == plain.judged(long)[1]


def test_pictures_with_the_same_features_are_not_told_apart():
    same = problem(np.ones((4, 3), np.float32), np.array([0, 0, 1, 1]))
    found = solve(same, 1e-8 * same.spread)
    assert (found.weight == 0).all() and found.value == pytest.approx(np.log(2), abs=1e-4)


@pytest.mark.parametrize(("shape", "most", "kept"), [((4, 8), 32, True), ((4, 8), 31, False), ((5, 9), 1000, False), ((4, 9), 1000, True)])
def test_a_basis_is_taken_of_half_as_many_pictures_as_features(monkeypatch, shape, most, kept):
    monkeypatch.setattr(lbfgs, "MAX_BASIS", most)
    found = Problem(torch.randn(shape, generator=torch.Generator().manual_seed(0)), torch.zeros(shape[0]).long(), 2)
    assert (found.basis is not None) is kept and (found.reduced is found) is not kept


@pytest.mark.parametrize(("loss", "bent"), [("softmax", (1 - 1 / 4) / 4), ("svm", 2.0)])
def test_the_curvature_at_even_answers_is_that_of_the_features(monkeypatch, loss, bent):
    """Of every second of 12 pictures where 6 are to be looked at; weighted as they count."""
    features = torch.randn(12, 3, generator=torch.Generator().manual_seed(0))
    counts = torch.tensor([0.5, 2.0] * 6)
    made = Problem(features.clone(), torch.arange(12) % 4, 4, counts, loss)
    zero = torch.zeros(4, 3, dtype=torch.float64)
    for size, every in ((4096, 1), (6, 2)):
        monkeypatch.setattr(lbfgs, "SAMPLE_SIZE", size)
        table, by_bias = made.curvature(zero, zero[:, 0])
        some, weights = made.features[::every], counts[::every].double() * bent
        torch.testing.assert_close(table, some.T @ (some * weights[:, None]) / len(some))
        assert by_bias == pytest.approx(float(weights.mean()))


@pytest.mark.parametrize("features", [8192, 0])
@pytest.mark.parametrize(("exact", "least"), [(2**22, 1e-6), (0, 3e-5)])
def test_the_gradient_at_the_end_is_small_beside_that_of_no_weights(monkeypatch, features, exact, least):
    """With a preconditioner and without."""
    monkeypatch.setattr(lbfgs, "EXACT", exact)
    monkeypatch.setattr(lbfgs, "MAX_FEATURES", features)
    made = problem(*digits(200))
    found = solve(made, 1e-3)
    zero = torch.zeros(10, 64, dtype=torch.float64)
    _, by_weight, by_bias = made.at(found.weight, found.bias + found.weight @ made.mean)
    end = max(float((by_weight + 1e-3 * found.weight).abs().max()), float(by_bias.abs().max()))
    assert end <= 1.01 * least * max(float(part.abs().max()) for part in made.at(zero, zero[:, 0])[1:])
    assert features == 0 or found.above <= 1e-8 * found.value


@pytest.mark.parametrize("few", [True, False])
def test_a_small_problem_is_solved_with_one_thread(few, monkeypatch):
    pictures, labels = digits(200)
    monkeypatch.setattr(lbfgs, "FEW", pictures.size if few else pictures.size - 1)  # 200 pictures of 64 features
    own, found = torch.get_num_threads(), []
    torch.set_num_threads(2)
    try:
        solve(problem(pictures, labels), 1e-2, check=lambda: found.append(torch.get_num_threads()))
        assert set(found) == {1 if few else 2} and torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(own)
