"""The provenance of a result: which pictures, weights and precision, and when."""

from datetime import UTC, datetime

from clearsight import models
from clearsight.classifier import Classifier
from clearsight.classifier.stamp import computed_by, judged_on
from clearsight.datasets.identity import set_digest
from clearsight.datasets.open import open_dataset
from clearsight.images.preprocess import Preprocessing
from tests.pictures import digit_arrays


def test_pictures_are_named_counted_and_known_by_content():
    data = open_dataset(digit_arrays(per_class=3, classes=2)).parts["all"]
    found = judged_on(data, "digits", "test")
    assert found == {"data": "digits", "part": "test", "n": 6, "digest": "" if data.digests is None else set_digest(data.digests)}


def test_weights_precision_and_time():
    model = models.build("pixels", 2, channels=1, height=4, width=4, seed=0)
    classifier = Classifier(model, Preprocessing(1, 4, 4), ("a", "b"), architecture="pixels")
    found = computed_by(classifier)
    assert set(found) == {"weights", "precision", "engine", "when"}
    assert (found["weights"], found["precision"]) == (classifier.weights_digest, "float32")
    when = datetime.fromisoformat(found["when"])
    assert when.tzinfo == UTC and abs((datetime.now(UTC) - when).total_seconds()) < 3600
