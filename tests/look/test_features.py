"""Feature maps and the pictures that activate a channel most, on networks whose answers are known beforehand."""

import pytest
import torch
from torch import nn

from clearsight.base.errors import ClearsightError
from clearsight.look.features import maps, pixels, strongest, to_json, top_patches


def test_top_patches_by_hand() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False))
    model[0].weight.data = torch.tensor([1.0, -1.0]).view(2, 1, 1, 1)
    x = torch.zeros(5, 1, 3, 4)
    x[1, 0, 2, 3], x[3, 0, 0, 1], x[4, 0, 1, 1] = 7, 9, -5
    found = top_patches(model, x.split(2), "0", (0, 1), 2)
    assert [(p.value, p.picture, p.y, p.x) for p in found[0]] == [(9, 3, 0, 1), (7, 1, 2, 3)]
    assert (found[1][0].value, found[1][0].picture, found[1][0].y, found[1][0].x) == (5, 4, 1, 1)
    assert strongest(maps(model, x[3:4])["0"], 1) == [0]


@pytest.mark.parametrize("size", [1, 2, 7])
def test_patches_do_not_depend_on_the_batches(size) -> None:
    torch.manual_seed(0)
    model, x = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU()), torch.randn(7, 1, 8, 9)
    found = top_patches(model, x.split(size), "0", (0, 2), 3)
    out = model[0](x)
    for channel, kept in found.items():
        best = out[:, channel].flatten(1).max(1).values.sort(descending=True)
        assert [patch.picture for patch in kept] == best.indices[:3].tolist()
        assert all(patch.value == out[patch.picture, channel, patch.y, patch.x].item() for patch in kept)


def test_what_has_no_rows_and_columns_has_no_maps() -> None:
    model, x = nn.Sequential(nn.Conv2d(1, 2, 1), nn.Flatten(), nn.Linear(8, 3)), torch.zeros(1, 1, 2, 2)
    assert list(maps(model, x, ["0", "1", "2"])) == ["0"]
    with pytest.raises(ClearsightError, match="the layer 2 has no maps"):
        top_patches(model, [x], "2", (0,))


def test_strongest_and_silent_channels_by_hand() -> None:
    values = torch.zeros(4, 2, 2)
    values[1], values[3, 0, 0] = -2.0, 4.0
    assert strongest(values, 2) == [1, 3]  # mean |value| 2 and 1
    row = to_json({"stage": values}, 2)["stage"]
    assert (row["shape"], row["silent"]) == ([4, 2, 2], 3)  # the same number at every place
    assert row["channels"][1] == {"channel": 3, "min": 0.0, "mean": 1.0, "max": 4.0}


def test_pixels_are_for_drawing() -> None:
    found = pixels(torch.ones(2, dtype=torch.bfloat16, requires_grad=True))
    assert found.dtype == torch.float32 and not found.requires_grad
