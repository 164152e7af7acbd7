"""A trial between two rungs."""

from clearsight.experiments.trial import Trial, rungs, standing, to_rung, told
from tests.pictures import digit_folder

SETTINGS = {"model": "pixels", "epochs": 4, "batch": 32, "speed": "plain"}


def test_it_is_trained_to_a_rung_and_from_there_to_the_end(tmp_path):
    data = str(digit_folder(tmp_path / "digits", per_class=40, classes=3, side=8))
    begun = Trial("a", {"lr": 0.03}, run=str(tmp_path / "run"))
    early = to_rung(data, begun, SETTINGS, 1, 9, True)
    assert (early.epochs, early.planned, early.finished) == (2, 4, False) and told(early).startswith("lr=0.03: epoch 2/4, validation ")
    assert to_rung(data, begun, SETTINGS, 1, 9, True) == early  # it is there
    late = to_rung(data, begun, SETTINGS, 0, 9, True)
    assert (late.epochs, late.finished) == (4, True)
    # what it was trained for beyond a rung has no part in the choice there
    assert standing(begun, 9, 2) == early


def test_rungs():
    assert [rungs(n) for n in (1, 2, 3, 8, 9, 27)] == [0, 0, 1, 1, 2, 3]
