"""A classifier that goes by the object keeps its answers before other backgrounds; one that goes by the background does not."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from clearsight.base.errors import UsageError
from clearsight.classifier import Classifier
from clearsight.datasets.open import open_dataset
from clearsight.evaluation.backgrounds import masks
from clearsight.evaluation.stress import stress
from clearsight.images.preprocess import Preprocessing


class ByBrightness(nn.Module):
    """Class 1 where the middle is bright, or where the border is."""

    def __init__(self, middle: bool) -> None:
        super().__init__()
        self.middle, self.scale = middle, nn.Parameter(torch.ones(()))

    def forward(self, x):
        light = x[..., 6:10, 6:10].mean((1, 2, 3)) if self.middle else x[..., 0, :].mean((1, 2))
        return self.scale * torch.stack([-light, light], 1)


@pytest.fixture
def folders(tmp_path):
    """Objects of 8×8 in 16×16: bright ones before bright backgrounds, dark ones before dark ones."""
    rng = np.random.default_rng(0)
    mask = np.zeros((16, 16), np.uint8)
    mask[4:12, 4:12] = 255
    for name, level in (("dark", 40), ("light", 210)):
        for folder in ("data", "masks"):
            (tmp_path / folder / name).mkdir(parents=True)
        for i in range(10):
            pixels = (level + rng.integers(-10, 10, (16, 16))).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "data" / name / f"{i}.bmp")
            Image.fromarray(mask).save(tmp_path / "masks" / name / f"{i}.png")
    return tmp_path


def judged(folders, middle):
    data = next(iter(open_dataset(folders / "data").parts.values()))
    made = Classifier(ByBrightness(middle), Preprocessing(1, 16, 16), ("dark", "light"))
    found = stress(made, data, only=["shortcuts"], mask_folder=folders / "masks", quiet=True)
    assert found.clean["value"] == 1.0
    return {row["background"]: row for row in found.to_json()["backgrounds"]}


def test_by_the_object_and_by_the_background(folders):
    own = judged(folders, middle=True)
    assert own["another"]["top1"] == own["grey"]["top1"] == 1.0 and own["grey"]["n"] == 20
    assert 0.8 < own["grey"]["low"] < own["grey"]["high"] == 1.0
    others = judged(folders, middle=False)
    assert others["another"]["top1"] == 0.0, "each stands before a picture of the other class"
    assert others["grey"]["top1"] == 0.5


def test_a_mask_that_is_missing_is_named(folders):
    (folders / "masks" / "dark" / "3.png").unlink()
    with pytest.raises(UsageError, match=r"no mask .*3\.bmp"):
        judged(folders, middle=True)


@pytest.mark.parametrize("mean", [0.2, 0.9])
def test_the_border_around_a_wide_mask_shows_no_object(tmp_path, mean):
    for folder in ("data", "masks"):
        (tmp_path / folder / "light").mkdir(parents=True)
        Image.new("L", (16, 8), 255).save(tmp_path / folder / "light" / "0.png")
    data = next(iter(open_dataset(tmp_path / "data").parts.values()))
    inside = masks(tmp_path / "masks", data, Preprocessing(1, 16, 16, fit="pad", mean=(mean,)))
    assert inside[0, 0, 4:12].all() and not inside[0, 0, :4].any() and not inside[0, 0, 12:].any()
