"""AlexNet's listing against the lecture's own numbers, and formulas against their listings."""

import pytest

from clearsight.exercises.grading import grade_part
from clearsight.exercises.table import generate

# the lecture's slide: output of each layer; parameters from filters · (k · k · channels + 1)
OUTPUTS = {
    "CONV1": "55x55x96", "MAX POOL1": "27x27x96", "CONV2": "27x27x256", "MAX POOL2": "13x13x256", "CONV3": "13x13x384",
    "CONV4": "13x13x384", "CONV5": "13x13x256", "MAX POOL3": "6x6x256",
}  # fmt: skip
PARAMETERS = {
    "CONV1": 96 * (11 * 11 * 3 + 1), "CONV2": 256 * (5 * 5 * 96 + 1), "CONV3": 384 * (3 * 3 * 256 + 1), "CONV4": 384 * (3 * 3 * 384 + 1),
    "CONV5": 256 * (3 * 3 * 384 + 1), "FC6": 4096 * (6 * 6 * 256 + 1), "FC7": 4096 * 4097, "FC8": 1000 * 4097,
}  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_alexnet(seed):
    made = generate("alexnet", seed)
    names = [row[0] for row in made.data["rows"]]
    assert [part.answer for part in made.parts[:2]] == [OUTPUTS[name] for name in names[:2]]
    assert [int(part.answer) for part in made.parts[2:]] == [PARAMETERS[name] for name in names[2:]]
    assert sum(row.count("?") for row in made.grids[0].rows) == 4
    shown = {str(row[0]).partition(":")[0]: row[1:] for row in made.grids[0].rows}
    assert all(shown[name][0] in ("?", size) for name, size in OUTPUTS.items())


def test_all_of_alexnet_adds_up_to_the_lectures_count():
    assert sum(PARAMETERS.values()) == 62_378_344


@pytest.mark.parametrize("seed", range(8))
def test_formula(seed):
    made = generate("formula", seed)
    n, m, k = (made.data[name] for name in "nmk")
    listed = [str(row[0]).partition(":")[0].rstrip("0123456789") for row in made.grids[0].rows[2:]]
    block = ["CONV", "ReLU"] * n + ["MAX POOL"]
    assert listed == block * m + ["FC", "ReLU"] * k + ["FC"]
    long = f"conv{made.data['width']} → relu → " * n + "pool → "
    spelled = long * m + f"fc{made.data['neurons']} relu " * k + "softmax"
    assert grade_part(made.parts[0], spelled).right
    assert "formula" in grade_part(made.parts[0], "[(conv8 relu").comment
