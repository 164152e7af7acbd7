"""What validation decided is kept with a classifier, and its card, its figures and its lineage say that and no more."""

import pytest

from clearsight.classifier import Classifier, validation
from clearsight.classifier.model_card import model_card
from clearsight.images.preprocess import Preprocessing
from clearsight.models import build

CHOSE = "these pictures chose the epoch"


def card(facts: dict, temperature: float = 1.0) -> str:
    model = build("pixels", 2, channels=1, height=8, width=8)
    return model_card(Classifier(model, Preprocessing(1, 8, 8), ("a", "b"), temperature=temperature, architecture="pixels", facts=facts))


def test_an_interval_is_given_where_nothing_was_chosen():
    for decided in ([], ["temperature"], ["members", "temperature"]):
        found = validation.judged(90, 100, decided)
        assert found["top1"] == {"value": 0.9, "low": pytest.approx(0.8256, abs=1e-4), "high": pytest.approx(0.9448, abs=1e-4)}
        assert validation.worded(found) == "90.00% (95 % interval 82.56% to 94.48%; n = 100)"
        assert validation.reason({"validation": found}) == ""


@pytest.mark.parametrize("decided", [name for name in validation.DECISIONS if name not in validation.HARMLESS])
def test_what_validation_decided_takes_the_interval_and_is_said(decided):
    found = validation.judged(90, 100, [decided, "temperature"])
    why = f"these pictures {validation.DECISIONS[decided]}"
    assert found["top1"] == {"value": 0.9, "low": None, "high": None, "reason": why}
    assert validation.worded(found) == f"90.00% (no interval: {why}; n = 100)" and validation.reason({"validation": found}) == why
    assert f"- Validation accuracy: 90.00% (no interval: {why}; n = 100)" in card({"validation": found})


def test_the_card_says_where_the_temperature_comes_from():
    fitted, not_fitted = (validation.judged(9, 10, decided) for decided in (["epoch", "temperature"], []))
    assert "- Temperature, fitted on 10 validation pictures: 1.300" in card({"validation": fitted}, 1.3)
    assert "- Temperature: 1.000, not fitted" in card({"validation": not_fitted})
    for text in (card({}), card({"joined_from": "a, b"})):
        assert "- Temperature: 1.000" in text and "fitted on" not in text and "Validation accuracy" not in text


def test_a_classifier_of_before_claims_nothing_that_is_not_known():
    facts = {"validation": {"n": 10, "top1": {"value": 0.9, "low": 0.6, "high": 0.98}}, "best_epoch": 4}
    assert validation.decided(facts) is None and validation.reason(facts) == validation.UNKNOWN
    text = card(facts, 1.3)
    assert "- Temperature: 1.300\n" in text and "no interval: these pictures may have chosen the epoch" in text
    assert "- kept epoch: 4" in text and "best" not in text


def test_facts_that_are_none():
    assert validation.decided({}) == () and validation.decided({"joined_from": "a, b"}) is None
    assert validation.decided({"validation": "rubbish"}) is None and validation.decided({"validation": {"decided": 3}}) is None


def test_what_validation_chose_is_passed_on():
    chosen, open_ = ({"data": "cats", "validation": validation.judged(9, 10, decided)} for decided in (["epoch"], []))
    warm = {"data": "cats", "validation": validation.judged(9, 10, ["temperature"])}
    assert validation.passed_on("start", chosen) == {"start_chosen_by_validation_of": "cats"}
    assert validation.passed_on("start", open_) == validation.passed_on("teacher", open_) == validation.passed_on("start", warm) == {}
    assert validation.passed_on("teacher", warm) == {"teacher_chosen_by_validation_of": "cats"}  # whose answers are its probabilities
