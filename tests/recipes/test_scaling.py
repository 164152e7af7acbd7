"""The learning rate for another batch: in proportion or by the square root, asked for, and reported either way."""

import pytest

from clearsight.recipes.compose import compose, scaling
from clearsight.recipes.scaling import of_batch, scaled


@pytest.mark.parametrize(("optimizer", "rate"), [("sgd", 0.4), ("lars", 0.4), ("adamw", 0.2), ("muon", 0.2)])
def test_by_the_optimizer(optimizer, rate):
    assert scaled(0.1, optimizer, 64, 256) == pytest.approx(rate)


@pytest.mark.parametrize(
    "given", [{}, {"batch": 128}, {"batch": 64, "lr": 0.1}, {"batch": 64, "optimizer": "sgd"}, {"batch": "64"}, {"batch": 0}]
)
def test_it_stays(given):
    assert of_batch({"batch": 128, "lr": 0.1, "optimizer": "adamw"}, given) is None


def test_one_picture_a_step():
    assert of_batch({"batch": 128, "lr": 0.1, "optimizer": "sgd"}, {"batch": 1}) == pytest.approx(0.1 / 128)


def test_asked_for():
    assert compose({"batch": 32}).lr == 2e-3  # as ever
    assert compose({"batch": 32, "scale_lr": True}).lr == pytest.approx(1e-3)
    assert compose({"recipe": "strong", "batch": 32, "scale_lr": True}).lr == pytest.approx(0.025)
    assert compose({"batch": 32, "lr": 0.5, "scale_lr": True}).lr == 0.5


def test_reported():
    given = {"batch": 32}
    assert scaling(given, compose(given)) == "lr 0.002 is stated for a batch of 128 and stays with one of 32: --scale-lr makes it 0.001"
    given |= {"scale_lr": True}
    assert scaling(given, compose(given)) == "lr 0.002 is stated for a batch of 128: 0.001 for one of 32"
    assert scaling({"lr": 0.1, "batch": 32}, compose({"lr": 0.1, "batch": 32})) == scaling({}, compose({})) == ""


def test_the_stated_rate_and_batch_are_those_of_the_recipe(tmp_path):
    given = {"recipe": "strong", "batch": 32}
    assert scaling(given, compose(given)) == "lr 0.1 is stated for a batch of 128 and stays with one of 32: --scale-lr makes it 0.025"
    own = tmp_path / "own.toml"
    own.write_text('lr = 0.3\nbatch = 96\noptimizer = "sgd"\nfrom = "keras:x.h5"\n')
    given = {"recipe": str(own), "batch": 32}
    assert scaling(given, compose(given)) == "lr 0.3 is stated for a batch of 96 and stays with one of 32: --scale-lr makes it 0.1"
