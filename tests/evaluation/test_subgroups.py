"""The group of pictures that a classifier is worst on, where one was planted."""

import numpy as np

from clearsight.evaluation.subgroups import subgroups
from clearsight.metrics.intervals import wilson


def test_the_planted_group_is_found():
    rng = np.random.default_rng(0)
    centres = np.array([[5, 0, 0], [0, 5, 0], [0, 0, 5]], np.float32)
    group = np.repeat([0, 1, 2], 80)
    vectors = (centres[group] + rng.normal(0, 0.1, (240, 3))).astype(np.float32)
    right = np.where(group == 1, np.arange(240) % 4 < 2, True)  # every place of four: half of the judged half is wrong
    found = subgroups(vectors, np.zeros(240, np.int64), right, ("cat",), [str(i) for i in range(240)])
    worst = found["worst"]
    assert (worst["class"], worst["top1"], worst["chosen_by"]) == ("cat", 0.5, 0.5)
    assert (worst["low"], worst["high"]) == wilson(worst["n"] // 2, worst["n"])
    assert all(80 <= int(name) < 160 and int(name) % 4 >= 2 for name in worst["pictures"])
    assert subgroups(vectors[:30], np.zeros(30, np.int64), right[:30], ("cat",), [str(i) for i in range(30)]) is None
