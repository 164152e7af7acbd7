"""The card says what was verified, and where nothing was, what verifies it."""

import numpy as np

from clearsight.evaluation.judge import judge
from clearsight.reports.limits import limits
from tests.evaluation.stand_in import judged
from tests.evaluation.test_judge import chosen
from tests.evaluation.test_uncertainty import Sure
from tests.reports.test_report import Page


def test_sets_and_refusals_of_a_test():
    text = limits(judge(Sure(), chosen(), quiet=True))
    words = Page(text).words
    assert "Risk and coverage" in words and "AURC" in words and "<svg" in text
    assert "By 40 answers of cross-validation" in words and "90 %" in words and "95 %" in words
    assert "None of these" in words and "5 % are allowed" in words


def test_without_sets_it_names_the_command():
    evaluation = judged([0, 1, 1], [0, 1, 0], ("a", "b"))
    words = Page(limits(evaluation)).words
    assert "clearsight evaluate" in words and "None of these" not in words
    assert f"{np.float64(evaluation.figures['risk_coverage']['aurc']):.4f}" in words
