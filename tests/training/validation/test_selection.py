"""Which epoch is the better one: ties, few pictures, when to stop and when to learn more slowly, all by hand."""

import math

import pytest

from clearsight.training.validation.selection import FEW, Point, drops, kept, point, points, replaces, stale, tied

MANY = 1000


def chosen(history: list[Point], n: int) -> int:
    """The epoch, from 1, that is kept of a whole history."""
    best, now = -1.0, 0
    for epoch, one in enumerate(history, 1):
        if replaces(one, history[now - 1] if now else Point(best, math.inf), best, n):
            now = epoch
        best = max(best, one.accuracy)
    return now


def test_equal_accuracies_are_told_apart_by_their_loss():
    history = [Point(0.8, 0.5), Point(0.9, 0.4), Point(0.9, 0.2), Point(0.9, 0.3), Point(0.85, 0.1)]
    assert chosen(history, MANY) == 3
    assert chosen(history[:2], MANY) == 2
    assert chosen([Point(0.9, 0.2), Point(0.9, 0.2)], MANY) == 1


def test_few_pictures_keep_the_last_that_they_cannot_tell_from_the_best():
    lucky = [Point(share, 1.0) for share in (0.8, 1.0, 0.8, 0.8, 0.6, 0.4)]
    assert chosen(lucky[:1], 5) == 1 and chosen(lucky, 5) == 4  # 4 of 5 is one picture less than 5 of 5, 3 of 5 are two
    assert chosen(lucky, MANY) == 2
    assert chosen([Point(0.9, 1), Point(0.8, 1), Point(0.7, 1)], 20) == 1  # standard error of 18 of 20: 1.5 pictures
    assert chosen([Point(0.9, 1), Point(0.85, 1), Point(0.7, 1)], 20) == 2


@pytest.mark.parametrize("n", [1, 2, 5, FEW - 1])
def test_what_few_pictures_cannot_tell(n):
    for right in range(n + 1):
        assert tied(right / n, right / n, n) and (not right or tied((right - 1) / n, right / n, n))
        assert n < 9 or right < n // 2 or not tied((right - n // 2) / n, right / n, n)
    assert not tied(0.5, 0.5, FEW)


def test_robust_accuracy_alone_counts_where_it_is_measured():
    rows = [
        {"epoch": 1, "val_accuracy": 0.9, "val_loss": 0.1},
        {"epoch": 2, "val_accuracy": 0.9, "val_loss": 0.1, "robust_accuracy": 0.4},
    ]
    assert points(rows) == [Point(0.9, 0.1), Point(0.4, -0.4)] and point(rows[1]) == kept(rows, 2, 0.4)
    assert kept(rows, 0, 0.7) == Point(0.7, math.inf)  # a solved head, which an epoch as good replaces
    assert replaces(Point(0.7, 2.0), kept(rows, 0, 0.7), 0.7, MANY)


def test_strengths_are_compared_by_loss_however_many_are_right():
    strong = {"epoch": 1, "l2": 1e-3, "val_accuracy": 1.0, "val_loss": 0.14}
    weak = {"epoch": 2, "l2": 1e-6, "val_accuracy": 0.99, "val_loss": 0.02}
    assert replaces(point(weak), point(strong), point(strong).accuracy, 100)
    assert not replaces(point(strong), point(weak), point(weak).accuracy, 100)
    assert 0 < point({**strong, "val_loss": 9.0}).accuracy < 1  # above the -1 of a run without rows


def test_stale_counts_epochs_since_accuracy_or_loss_was_better():
    def counts(*history):
        return [stale([Point(*one) for one in history[:k]], MANY) for k in range(len(history) + 1)]

    assert counts((0.1, 1), (0.2, 1), (0.2, 1), (0.1, 1)) == [0, 0, 0, 1, 2]
    assert counts((0.1, 1), (0.1, 0.9), (0.1, 0.8), (0.1, 0.8)) == [0, 0, 0, 0, 1]


def test_few_pictures_stop_nothing_by_chance():
    lucky = [Point(1.0, 0.1), *[Point(0.8, 0.5)] * 9]
    assert stale(lucky, 5) == 0 and stale(lucky, MANY) == 9
    assert stale([Point(1.0, 0.1), *[Point(0.4, 0.5)] * 9], 5) == 9  # that is no chance


def test_plateau_divides_by_ten_once_per_patience():
    history = [Point(share, 1.0) for share in (0.5, 0.6, 0.6, 0.59, 0.58, 0.7, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6)]
    assert [drops(history[:n], MANY, 3) for n in range(len(history) + 1)] == [0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3]
    assert drops(history, 5, 3) == 0
