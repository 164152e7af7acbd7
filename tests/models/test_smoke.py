"""A short training of each family on small pictures, by its own recipe: the loss falls and stays a number."""

import math

import pytest

from clearsight.runs.run import Run
from clearsight.training.api import train
from tests.pictures import digit_arrays

NAMES = (
    "neocognitron", "lecun1989", "lenet5", "alexnet-2012", "alexnet-lecture", "alexnet", "zfnet", "googlenet", "unet",
    "squeezenet1_0", "squeezenet1_1", "densenet121", "regnet_x_400mf", "regnet_y_400mf", "vit_s_16", "mobilenet_v2", "efficientnet_b0",
    "mobilenet_v1", "mobilenet_v3_small", "convnext_tiny", "inception_v3", "inception_resnet_v2", "xception.keras", "nasnetmobile.keras",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_loss_falls(name, tmp_path):
    trained = train(digit_arrays(per_class=40), model=name, epochs=2, batch=16, speed="plain", out=str(tmp_path / "run"), quiet=True)
    first, second = Run(tmp_path / "run").rows()
    print(f"{name}: loss {first['loss']:.3f} {second['loss']:.3f}, validation {trained.validation['top1']['value']:.1%}")  # pytest -s
    assert all(math.isfinite(row[key]) for row in (first, second) for key in ("loss", "val_loss"))
    assert second["loss"] < first["loss"]
