"""A short training of each family on small pictures, by its own recipe: the loss falls and stays a number."""

import math

import pytest

from clearsight.train.train import train

NAMES = (
    "neocognitron", "lecun1989", "lenet5", "alexnet-2012", "alexnet-lecture", "alexnet", "zfnet", "googlenet", "unet",
    "squeezenet1_0", "squeezenet1_1", "regnet_x_400mf", "regnet_y_400mf", "vit_s_16",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_loss_falls(name, tmp_path):
    trained = train("digits", model=name, epochs=2, batch=64, speed="plain", out=str(tmp_path / "run"), quiet=True)
    first, second = ([float(value) for value in line.split(",")] for line in (tmp_path / "run" / "results.csv").read_text().split()[1:])
    losses = [first[2], second[2], second[4]]  # of both epochs in training, and at the end on validation
    print(f"{name}: {losses}, {trained.validation['top1']['value']:.1%}")  # pytest -s
    assert all(map(math.isfinite, losses)) and second[2] < first[2] and second[4] < math.log(10)
