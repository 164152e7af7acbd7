"""The model card: classes, network, data, views, temperature, licence; nothing of it is markup."""

import json

import pytest

from clearsight import models
from clearsight.classifier import Classifier, save
from clearsight.classifier.model_card import BEGIN, model_card
from clearsight.images.preprocess import Preprocessing
from clearsight.metrics.intervals import proportion
from clearsight.weights.licence import FACT


def classifier(classes=("Kätzchen", "dog"), **settings) -> Classifier:
    model = models.build("pixels", len(classes), channels=1, height=4, width=5, seed=0)
    return Classifier(model, Preprocessing(1, 4, 5), classes, architecture="pixels", **settings)


def test_the_card_names_classes_and_data(tmp_path):
    save(classifier(facts={"data": "pets", "seed": 3}), tmp_path / "saved")
    card = (tmp_path / "saved" / "README.md").read_text(encoding="utf-8")
    assert card.startswith("---\nlibrary_name: clearsight") and "Kätzchen" in card and "pets" in card
    assert "# pixels on pets" in card and "- seed: 3" in card


def test_the_front_matter_is_the_hubs():
    card = model_card(classifier())
    matter = card.removeprefix("---\n").partition("\n---\n")[0]
    assert card.startswith(BEGIN) and "pipeline_tag: image-classification" in matter.splitlines()
    assert "- Network: pixels, 42 parameters" in card and "- Input: 1 × 4 × 5" in card


def test_of_many_classes_twenty_are_named():
    card = model_card(classifier([f"class{i}" for i in range(25)]))
    assert "one of 25 classes" in card and "class19 …" in card and "class20" not in card


def test_views_and_a_licence_that_forbids_trade_are_said():
    assert "views" not in model_card(classifier())
    assert "mean over the views mirror" in model_card(classifier(views="mirror"))
    card = model_card(classifier(facts={FACT: "CC-BY-NC-4.0"}))
    assert "**Not for commercial use**" in card
    assert "commercial" not in model_card(classifier(facts={FACT: "Apache-2.0"}))


@pytest.mark.parametrize("evil", ["<script>x</script>", "a\nb", "![](http://x)"])
def test_names_are_text(evil):
    card = model_card(classifier((evil, "b"), facts={"data": evil}))
    assert "<script>" not in card.replace("`", "") or "`<script>" in card
    assert "\nb\n" not in card and len(card.splitlines()) == len(model_card(classifier(facts={"data": "x"})).splitlines())


def test_licence_and_accuracy_are_in_the_front_matter():
    facts = {"data": 'pets: "all"', "validation": {"n": 50, "top1": proportion(45, 50, ""), "decided": []}}
    assert "license" not in model_card(classifier()) and "model-index" not in model_card(classifier())
    matter = model_card(classifier(facts={FACT: "Apache-2.0", **facts})).split("---\n")[1].splitlines()
    assert "license: apache-2.0" in matter
    index = json.loads(next(line for line in matter if line.startswith("model-index: ")).removeprefix("model-index: "))
    (result,) = index[0]["results"]
    assert (result["dataset"]["name"], result["metrics"]) == ('pets: "all"', [{"type": "accuracy", "value": 0.9}])
    assert '\nlicense: other\nlicense_name: "Apache-2.0 + MIT"\n' in model_card(classifier(facts={FACT: "Apache-2.0 + MIT"}))
