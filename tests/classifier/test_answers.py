"""Counts of validation answers: those of NumPy's histogram, in the artefact and in its exported facts, and None for anything else."""

import numpy as np
import pytest
import torch

from clearsight.classifier.answers import EDGES, FACT, counted, stored


def test_counts_are_numpys():
    logits = 3 * torch.randn(500, 4, generator=torch.Generator().manual_seed(0))
    found = counted(logits, 1.7)
    values = np.exp(logits.numpy() / 1.7)
    values /= values.sum(1, keepdims=True)
    wanted, _ = np.histogram(-values.max(1), [-1.0, *(-edge for edge in EDGES[-2::-1]), 0.0])  # bins with their upper ends
    assert found["confidences"] == wanted[::-1].tolist() and sum(found["confidences"]) == 500
    assert found["labels"] == np.bincount(values.argmax(1), minlength=4).tolist()


def test_a_sure_answer_and_an_even_one_are_within_the_bins():
    assert counted(torch.tensor([[1000.0, 0.0]]), 1.0)["confidences"][-1] == 1
    assert counted(torch.zeros(3, 2), 1.0)["confidences"][EDGES.index(0.5)] == 3


@pytest.mark.parametrize(
    "changed",
    [
        {"labels": [1, 2]}, {"labels": [1, 2, -1]}, {"labels": [1, 2, 1.0]}, {"labels": [0, 0, 0]}, {"labels": None}, {"edges": [1.0]},
        {"confidences": [1]}, {"confidences": "x"},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_not_used(changed):
    good = counted(torch.randn(9, 3, generator=torch.Generator().manual_seed(1)), 1.0)
    assert stored({FACT: good}, 3) == good
    assert stored({FACT: good | changed}, 3) is None and stored({FACT: [1]}, 3) is None and stored({}, 3) is None
