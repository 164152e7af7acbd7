"""The description in an exported file has what other programs need, and is read as the classifier that it is of."""

import json

import onnx
import pytest

from clearsight.classifier.config import config_digest
from clearsight.classifier.engines.exported import opened


def test_the_file_has_everything_that_answers_need(exported):
    texts = {entry.key: entry.value for entry in onnx.load(exported.onnx).metadata_props}
    told = json.loads(texts["clearsight"])
    assert json.loads(texts["classes"]) == told["classes"] == list(exported.classifier.classes)
    assert told["sha256"] == config_digest(told) and told["weights"]["sha256"] == exported.classifier.weights_digest
    assert told["temperature"] == 1.3 and told["entry"] == "pictures" and told["outputs"] == ["probabilities", "novelty"]
    assert told["preprocessing"] == exported.classifier.preprocessing.to_dict()
    assert told["checked"]["pixels_apart"] == 0 and len(told["golden"]) == 4
    limits = exported.classifier.limits(false_alarms=0.05, coverage=0.9)
    assert told["thresholds"]["novelty"]["0.05"] == limits.novelty
    assert told["thresholds"]["probability"]["0.9"] == pytest.approx(1 - limits.scores[0])
    assert [*told["thresholds"]["probability"]] == ["0.9", "0.95"]  # 32 answers are too few for 0.99


def test_limits_of_any_rate_follow_from_the_file(exported):
    ours, theirs = (of.limits(false_alarms=0.1, coverage=0.8) for of in (exported.classifier, opened(exported.onnx)))
    assert ours.novelty == theirs.novelty and (ours.scores == theirs.scores).all()
