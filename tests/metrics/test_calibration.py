import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from sklearn.metrics import log_loss

from clearsight.base.errors import UsageError
from clearsight.metrics.calibration import PRIOR, ece, fit_temperature, nll, reliability

DRAW = torch.Generator().manual_seed(0)


def answers(n: int, k: int, temperature: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits whose softmax at `temperature` is the true distribution of the labels."""
    logits = 3 * torch.randn(n, k, generator=DRAW)
    labels = torch.multinomial(torch.softmax(logits / temperature, 1), 1, generator=DRAW)[:, 0]
    return logits, labels


def test_nll_is_scikit_learns():
    logits, labels = answers(200, 4, 1.0)
    probabilities = torch.softmax(logits.double(), 1)
    expected = log_loss(labels, probabilities, labels=range(4))
    assert nll(logits, labels) == pytest.approx(expected, rel=1e-6)
    assert nll(probabilities.log(), labels) == pytest.approx(expected, rel=1e-6)
    assert nll(logits * 2, labels, temperature=2.0) == pytest.approx(expected, rel=1e-6)


def test_nll_of_a_certain_mistake_is_finite():
    assert nll([[1000.0, 0.0]], [1]) == pytest.approx(1000)


def test_ece_by_hand():
    probabilities = np.array([[0.95, 0.05], [0.92, 0.08], [0.30, 0.70], [0.45, 0.55]])
    bins = reliability(probabilities, [0, 1, 1, 1], bins=5)
    assert [row.n for row in bins] == [0, 0, 1, 1, 2]
    assert (bins[4].confidence, bins[4].accuracy, bins[0].accuracy) == (pytest.approx(0.935), 0.5, None)
    assert ece(probabilities, [0, 1, 1, 1], bins=5) == pytest.approx((2 * 0.435 + 0.3 + 0.45) / 4)


def test_bins_hold_every_picture_and_an_edge_belongs_to_the_lower():
    bins = reliability([[1.0, 0.0], [0.5, 0.5], [0.75, 0.25]], [0, 0, 0], bins=4)
    assert [row.n for row in bins] == [0, 1, 1, 1]
    assert [(row.low, row.high) for row in bins] == [(0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1)]


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5, 8.0])
def test_a_known_temperature_is_found(temperature):
    logits, labels = answers(20_000, 6, temperature)
    assert fit_temperature(logits, labels) == pytest.approx(temperature, rel=0.05)


def test_the_temperature_is_the_minimum():
    logits, labels = answers(500, 3, 1.7)

    def worth(log: float) -> float:  # with T = 1 as two pictures more
        return 500 * nll(logits, labels, float(np.exp(log))) + PRIOR * (float(np.exp(-log)) + log)

    expected = minimize_scalar(worth, bounds=(-4, 4), method="bounded", options={"xatol": 1e-9})
    assert fit_temperature(logits, labels) == pytest.approx(np.exp(expected.x), rel=1e-5)
    assert fit_temperature(logits * 1000, labels) == pytest.approx(100, rel=1e-6)  # the bound


def test_temperature_where_there_is_nothing_to_fit():
    logits, _ = answers(50, 3, 1.0)
    assert fit_temperature(logits, logits.argmax(1)) == 1.0  # no mistake to learn from
    assert fit_temperature(torch.zeros(9, 3), torch.arange(9) % 3) == 1.0
    assert fit_temperature(torch.full((4, 2), torch.nan), torch.zeros(4)) == 1.0
    assert fit_temperature(torch.zeros(4, 1), torch.zeros(4)) == 1.0
    assert fit_temperature(-logits, logits.argmax(1)) > 20  # worse than blind


@pytest.mark.parametrize("n", [2, 4, 10])
def test_few_pictures_move_the_temperature_a_little(n):
    """A network that is right by little and wrong by little once: NLL alone would put T at its end."""
    logits = torch.tensor([[1.0, 0.98], *[[1.0, 0.0]] * (n - 1)])
    labels = torch.tensor([1, *[0] * (n - 1)])
    found = fit_temperature(logits, labels)
    assert 1 / (1 + n) < found < 1  # beside T = 1 with the weight of two pictures
    assert fit_temperature(logits.repeat(1000, 1), labels.repeat(1000)) < 0.45 * found


@pytest.mark.parametrize("call", [nll, ece, fit_temperature])
def test_wrong_use(call):
    with pytest.raises(UsageError, match="at least 1"):
        call(np.zeros((0, 3)), [])
    with pytest.raises(UsageError, match="shaped"):
        call(np.zeros((2, 3)), [0])
    with pytest.raises(UsageError, match="bins"):
        reliability(np.ones((1, 1)), [0], bins=0)
