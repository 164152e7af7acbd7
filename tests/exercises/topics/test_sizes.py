"""Output sizes, padding and receptive fields, found by sliding windows over places."""

import pytest

from clearsight.exercises.table import generate


def positions(length, kernel, stride=1, padding=0, dilation=1):
    """How many places a window has on a padded side, counted one by one."""
    last = dilation * (kernel - 1)
    return sum(1 for start in range(0, length + 2 * padding, stride) if start + last < length + 2 * padding)


@pytest.mark.parametrize("seed", range(20))
def test_output_size(seed):
    made = generate("output-size", seed)
    d = made.data
    side = positions(d["height"], d["kernel"], d["stride"], d["padding"])
    assert made.parts[0].answer == f"{side}x{side}x{d['filters']}"
    assert any("round" in slip.comment for slip in made.parts[0].slips)


@pytest.mark.parametrize("seed", range(12))
def test_padding_keeps_the_size(seed):
    made = generate("padding", seed)
    d = made.data
    kept = [p for p in range(d["height"]) if positions(d["height"], d["kernel"], 1, p, d["dilation"]) == d["height"]]
    assert [int(made.parts[0].answer)] == kept


def seen(steps, unit):
    """The input pixels that a unit of the last layer depends on, going back layer by layer."""
    places = {unit}
    for kernel, stride in reversed(steps):
        places = {place * stride + offset for place in places for offset in range(kernel)}
    return places


@pytest.mark.parametrize("seed", range(12))
def test_receptive_field(seed):
    made = generate("receptive-field", seed)
    steps = made.data["steps"]
    first, second = seen(steps, 3), seen(steps, 4)
    size, stride = (int(part.answer) for part in made.parts)
    assert (max(first) - min(first) + 1, min(second) - min(first)) == (size, stride)
