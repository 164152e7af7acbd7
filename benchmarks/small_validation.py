"""What choosing an epoch, stopping early and fitting a temperature are worth with few validation pictures, beside the last epoch.

    python benchmarks/small_validation.py [--sets 600]

Each set is drawn anew from scikit-learn's digits: 20 to 400 training pictures of 3 to 10 classes, 3 to 400 for validation, up to 700 fresh
ones that tell the truth; some with noisy pictures or labels. Softmax regression, a hidden layer, or two convolutions with batch norm learn
for 30 epochs, with a constant or a one-cycle rate. Then every rule chooses by the same curves. Prints the points of fresh accuracy above
the last epoch's, and the nats of fresh log loss above temperature 1, by the number of validation pictures.
"""

import argparse
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import Tensor, nn

from clearsight.metrics import calibration
from clearsight.training.validation import selection
from clearsight.training.validation.selection import Point

EPOCHS, BATCH = 30, 16
SIZES = ((1, 8), (8, 30), (30, 60), (60, 401))
NETS: tuple[Callable[[int], nn.Module], ...] = (
    lambda k: nn.Sequential(nn.Flatten(), nn.Linear(64, k)),
    lambda k: nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, k)),
    lambda k: nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.Flatten(), nn.Linear(512, k),
    ),
)  # fmt: skip


class Curve(NamedTuple):
    """One training: its epochs on validation, the accuracy on fresh pictures after each, and the last epoch's logits and labels."""

    n: int
    points: list[Point]
    fresh: list[float]
    asked: tuple[Tensor, Tensor]
    truth: tuple[Tensor, Tensor]


def rate(onecycle: bool, progress: float) -> float:
    if not onecycle:
        return 1.0
    if progress < 0.2:
        return 1 / 25 + 24 / 25 * (1 - math.cos(math.pi * progress / 0.2)) / 2
    return max(1e-3, (1 + math.cos(math.pi * (progress - 0.2) / 0.8)) / 2)


def curve(number: int, pictures: Tensor, labels: Tensor) -> Curve:
    """The training of one set, by its number."""
    torch.manual_seed(number)
    draw = np.random.default_rng(number)
    classes, n = int(draw.integers(3, 11)), int(draw.integers(60, 400) if number % 2 else draw.integers(20, 61))
    asked = max(3, round(n * draw.choice([0.1, 0.1, 0.25]))) if number % 8 else int(draw.choice([50, 100, 200, 400]))
    order = torch.from_numpy(draw.permutation(np.flatnonzero(labels.numpy() < classes)))
    asked = min(asked, len(order) - n - 100)
    x, y = pictures[order], labels[order]
    x = x + float(draw.choice([0, 0.2, 0.4])) * torch.randn(x.shape)
    learnt = torch.where(torch.rand(n) < float(draw.choice([0, 0, 0, 0.2, 0.4])), torch.randint(0, classes, (n,)), y[:n])
    val, fresh = ((x[a:b], y[a:b]) for a, b in ((n, n + asked), (n + asked, n + asked + 700)))
    return learn(NETS[number % 3](classes), number // 3 % 2 == 0, float(10 ** draw.uniform(-3.2, -1.7)), (x[:n], learnt), val, fresh)


def learn(
    net: nn.Module, onecycle: bool, lr: float, known: tuple[Tensor, Tensor], val: tuple[Tensor, Tensor], fresh: tuple[Tensor, Tensor]
) -> Curve:
    """The curve of one training on the `known` pictures (N, 1, 8, 8) and labels (N,)."""
    optimizer, steps = torch.optim.AdamW(net.parameters(), lr=lr), math.ceil(len(known[0]) / BATCH)
    points, accuracies = [], []
    for epoch in range(EPOCHS):
        net.train()
        for step, batch in enumerate(torch.randperm(len(known[0])).tensor_split(steps)):
            optimizer.param_groups[0]["lr"] = lr * rate(onecycle, (epoch + step / steps) / EPOCHS)
            optimizer.zero_grad()
            F.cross_entropy(net(known[0][batch]), known[1][batch], label_smoothing=0.05).backward()
            optimizer.step()
        net.eval()
        with torch.no_grad():
            asked, told = net(val[0]), net(fresh[0])
        points.append(Point(float((asked.argmax(1) == val[1]).float().mean()), float(F.cross_entropy(asked, val[1]))))
        accuracies.append(float((told.argmax(1) == fresh[1]).float().mean()))
    return Curve(len(val[0]), points, accuracies, (asked, val[1]), (told, fresh[1]))


def first(points: Sequence[Point], n: int) -> int:
    """The rule of before: the first of the best accuracies."""
    return max(range(len(points)), key=lambda k: (points[k].accuracy, -k))


def ties(points: Sequence[Point], n: int) -> int:
    """The best accuracy, of equal ones the lowest loss, however few the pictures."""
    return max(range(len(points)), key=lambda k: (points[k].accuracy, -points[k].loss))


def now(points: Sequence[Point], n: int) -> int:
    """The rule that trains."""
    kept, best = 0, points[0].accuracy
    for k, point in enumerate(points[1:], 1):
        if selection.replaces(point, points[kept], best, n):
            kept = k
        best = max(best, point.accuracy)
    return kept


def old_stale(points: Sequence[Point], n: int) -> int:
    """Epochs since the first of the best accuracies."""
    return len(points) - 1 - first(points, n)


def patient(patience: int, stale: Callable[[Sequence[Point], int], int], rule: Callable[[Sequence[Point], int], int]) -> Callable[..., int]:
    """A rule that chooses among the epochs until `patience` ends the training."""

    def chosen(points: Sequence[Point], n: int) -> int:
        ends = next((k for k in range(1, len(points) + 1) if stale(points[:k], n) >= patience), len(points))
        return rule(points[:ends], n)

    return chosen


RULES: dict[str, Callable[..., int]] = {
    "first of the best": first,
    "ties by loss": ties,
    "as it is": now,
    **{f"patience {p}, before": patient(p, old_stale, first) for p in (3, 5, 10)},
    **{f"patience {p}, as it is": patient(p, selection.stale, now) for p in (3, 5, 10)},
}


def warmer(one: Curve, prior: float) -> float:
    """Nats of log loss on fresh pictures that a temperature fitted with this prior adds to that of 1."""
    calibration.PRIOR = prior
    return calibration.nll(*one.truth, calibration.fit_temperature(*one.asked)) - calibration.nll(*one.truth)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=600)
    given = parser.parse_args()
    torch.set_num_threads(1)
    digits = load_digits()
    pictures, labels = torch.tensor(digits.images / 16, dtype=torch.float32)[:, None], torch.tensor(digits.target)
    curves = [curve(number, pictures, labels) for number in range(given.sets)]
    groups = [[one for one in curves if low <= one.n < high] for low, high in SIZES]
    print(
        "validation pictures".ljust(24)
        + "".join(f"{low} to {high - 1} ({len(of)})".rjust(18) for (low, high), of in zip(SIZES, groups, strict=True))
    )
    for name, rule in RULES.items():
        cells = [gains([100 * (one.fresh[rule(one.points, one.n)] - one.fresh[-1]) for one in of]) for of in groups]
        print(name.ljust(24) + "".join(cell.rjust(18) for cell in cells))
    for prior in (0.0, 2.0, 8.0):
        cells = [gains([warmer(one, prior) for one in of], 3) for of in groups]
        print(f"temperature, prior {prior:g}".ljust(24) + "".join(cell.rjust(18) for cell in cells))


def gains(values: Sequence[float], digits: int = 2) -> str:
    """Mean and half of its 95 % interval."""
    if len(values) < 2:
        return "-"
    return f"{np.mean(values):+.{digits}f} ± {1.96 * np.std(values, ddof=1) / len(values) ** 0.5:.{digits}f}"


if __name__ == "__main__":
    main()
