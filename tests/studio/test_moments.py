"""The ten moments that the studio is for, and the test in a real browser that proves each."""

import ast
from pathlib import Path

import pytest

MOMENTS = {
    "from the answer to one multiplication": "test_browser.py::test_from_a_dropped_picture_to_one_multiplication",
    "the ε slider that needs no request": "test_browser_break.py::test_the_slider_has_the_answers_of_torch_and_asks_for_nothing",
    "twenty-four pictures turn right": "test_train_browser.py::test_it_is_stopped_goes_on_outlives_the_studio_and_is_found_again",
    "it learns while one labels": "test_labels_browser.py::test_labels_by_keys",
    "is B better, in a sentence": "test_browser_report.py::test_b_against_a_is_a_sentence_and_the_pictures_that_decide",
    "heat maps that confess": "test_browser_report.py::test_why_the_answer_and_not_the_truth",
    "rewind over the epochs": "test_train_browser.py::test_it_is_stopped_goes_on_outlives_the_studio_and_is_found_again",
    "type an architecture and train it": "test_browser_networks.py::test_what_is_typed_has_pythons_numbers",
    "the usual mistakes, tried on one's picture": "test_browser.py::test_from_a_dropped_picture_to_one_multiplication",
    "pull the plug, and find all where it was": "test_train_browser.py::test_it_is_stopped_goes_on_outlives_the_studio_and_is_found_again",
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_each_has_its_test_in_a_browser(moment):
    file, name = MOMENTS[moment].split("::")
    tests = {one.name: one for one in ast.parse((Path(__file__).parent / file).read_text()).body if isinstance(one, ast.FunctionDef)}
    assert {"page", "chromium"} & {one.arg for one in tests[name].args.args}
