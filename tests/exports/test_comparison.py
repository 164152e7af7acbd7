"""The check before writing: which differences forbid an export."""

from dataclasses import replace

import numpy as np
import pytest

from clearsight.base.errors import ClearsightError
from clearsight.exports.comparison import Answers, answers, check, drawn
from tests.exports.made import spread


@pytest.fixture(scope="module")
def expected() -> tuple[list[np.ndarray], Answers]:
    classifier = spread("lenet5", size=28)
    pictures = drawn(classifier.preprocessing)[:6]
    return pictures, answers(classifier, pictures)


def run_of(pictures, answered: Answers):
    """A runtime that finds each picture among those that it knows."""
    known = {picture.tobytes(): number for number, picture in enumerate(pictures)}

    def run(batch: np.ndarray) -> list[np.ndarray]:
        places = [known[picture.tobytes()] for picture in batch]
        return [answered.probabilities[places], answered.novelty[places], answered.fitted[places]]

    return run


def test_equal_answers_pass(expected):
    pictures, told = expected
    found = check(run_of(pictures, told), "pictures", pictures, told, quiet=True)
    assert (found.pictures, found.sizes, found.pixels_apart, found.labels_equal, found.max_difference) == (6, 4, 0, 6, 0)
    assert found.sentence() == "6 pictures of 4 sizes, alone and in batches: 0 pixels apart, probabilities within 0e+00"


def changed(told: Answers, name: str, by: float) -> Answers:
    values = getattr(told, name).copy()
    flat = values.reshape(len(values), -1)
    flat[4, 0] = flat[4, 0] + by if name != "fitted" else flat[4, 0] ^ 1
    return replace(told, **{name: values})


@pytest.mark.parametrize(
    ("name", "by", "says"),
    [
        ("fitted", 1.0, "fits a picture otherwise than the classifier, 1 of 2,352 values by up to 1 levels"),
        ("probabilities", 2e-4, "a probability differs by 2.0e-04"),
        ("probabilities", np.nan, "a probability differs by nan"),
        ("novelty", 2e-3, "a novelty by 2.0e-03"),
    ],
)
def test_other_answers_forbid_the_file(expected, name, by, says):
    pictures, told = expected
    with pytest.raises(ClearsightError, match="nothing was written") as refused:
        check(run_of(pictures, changed(told, name, by)), "pictures", pictures, told, quiet=True)
    assert says in str(refused.value)


def test_a_tie_is_no_order_of_labels(expected):
    pictures, told = expected
    tied = told.probabilities.copy()
    first, second = np.argsort(tied[0])[-1], np.argsort(tied[0])[-2]
    tied[0, second] = tied[0, first] - 1e-6
    swapped = tied.copy()
    swapped[0, [first, second]] = tied[0, [second, first]]
    told, found = replace(told, probabilities=tied), replace(told, probabilities=swapped)
    assert check(run_of(pictures, found), "pictures", pictures, told, quiet=True).labels_equal == 6
