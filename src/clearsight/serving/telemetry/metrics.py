"""Metrics in Prometheus' format: load, times, and how answers compare with those on the validation pictures."""

import itertools

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ... import __version__
from ...base.errors import UsageError
from ...classifier import Classifier, Prediction
from ...classifier.answers import EDGES, stored
from ...classifier.uncertainty.reference import FALSE_ALARMS

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
PICTURES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """The counters of one server, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = own = CollectorRegistry()
        model = ["model"]
        self.requests = Counter("clearsight_requests", "Requests.", ["route", "status"], registry=own)
        self.seconds = Histogram("clearsight_request_seconds", "From headers to answer.", ["route"], buckets=SECONDS, registry=own)
        self.sizes = Histogram("clearsight_batch_pictures", "Pictures computed together.", model, buckets=PICTURES, registry=own)
        self.waits = Histogram("clearsight_queue_seconds", "Wait of a batch's first picture.", model, buckets=SECONDS, registry=own)
        self.computing = Histogram("clearsight_model_seconds", "Computation of a batch.", model, buckets=SECONDS, registry=own)
        self.failures = Counter("clearsight_unreadable_pictures", "Pictures that could not be decoded.", model, registry=own)
        self.confidence = Histogram("clearsight_confidence", "Confidence of answers.", model, buckets=EDGES, registry=own)
        self.labels = Counter("clearsight_labels", "Answers by most probable class.", [*model, "label"], registry=own)
        self.novel = Counter("clearsight_novel", f"Answers more novel than {1 - FALSE_ALARMS:.0%} of known pictures.", model, registry=own)
        self.swaps = Counter("clearsight_model_swaps", "Changes of a model's files.", [*model, "result"], registry=own)
        self.shares = Gauge("clearsight_validation_label_share", "Share of a class in validation.", [*model, "label"], registry=own)
        self.confidences = Gauge(
            "clearsight_validation_confidence_share", "Share of confidences up to le in validation.", [*model, "le"], registry=own
        )
        self.stored = Gauge("clearsight_validation_stored", "1 if the model stores its validation answers.", model, registry=own)
        self.accuracy = Gauge("clearsight_validation_accuracy", "Accuracy in validation = expected mean confidence.", model, registry=own)
        self.info = Gauge("clearsight_model_info", "Digest and precision of a model.", [*model, "digest", "precision"], registry=own)
        Gauge("clearsight_build_info", "Version.", ["version"], registry=own).labels(__version__).set(1)
        self.waiting = Gauge("clearsight_pictures_in_flight", "Pictures admitted and not answered.", model, registry=own)
        self.body_bytes = Gauge("clearsight_body_bytes", "Bytes of bodies in memory.", registry=own)
        self.draining = Gauge("clearsight_draining", "1 from the signal to end on.", registry=own)
        self.unwritten = Counter("clearsight_unlogged", "Answers that the log of unsure ones did not take.", registry=own)
        self.limits: dict[str, float] = {}
        self.told: dict[str, list[tuple[Gauge, tuple[str, ...]]]] = {}

    def batch(self, model: str, pictures: int, waited: float, seconds: float) -> None:
        """Count a batch."""
        self.sizes.labels(model).observe(pictures)
        self.waits.labels(model).observe(waited)
        self.computing.labels(model).observe(seconds)

    def answer(self, model: str, answer: Prediction) -> None:
        """Count an answer."""
        self.confidence.labels(model).observe(answer.confidence)
        self.labels.labels(model, answer.top[0].label).inc()
        if self.is_novel(model, answer):
            self.novel.labels(model).inc()

    def is_novel(self, model: str, answer: Prediction) -> bool:
        """Whether a picture is beyond the novelty of 95 % of known pictures; False where that is not known."""
        return model in self.limits and answer.novelty is not None and answer.novelty > self.limits[model]

    def swap(self, model: str, result: str) -> None:
        """Count a change of a model's files, `done` or `failed`."""
        self.swaps.labels(model, result).inc()

    def model(self, model: str, classifier: Classifier) -> None:
        """Set what is constant for a classifier, and what its artefact knows of validation."""
        for gauge, labels in self.told.pop(model, ()):
            gauge.remove(*labels)
        values: list[tuple[Gauge, tuple[str, ...], float]] = [(self.info, (model, classifier.weights_digest, classifier.precision), 1)]
        self.novel.labels(model)
        self.limits.pop(model, None)
        try:
            limit = classifier.limits(FALSE_ALARMS).novelty
        except UsageError:  # too few held-out pictures, or none
            limit = None
        if limit is not None:
            self.limits[model] = limit
        answers = stored(classifier.facts, len(classifier.classes))
        values.append((self.stored, (model,), float(answers is not None)))
        if answers:
            n = sum(answers["labels"])
            values += [(self.shares, (model, label), k / n) for label, k in zip(classifier.classes, answers["labels"], strict=True)]
            sums = itertools.accumulate(answers["confidences"])
            values += [(self.confidences, (model, str(edge)), k / n) for edge, k in zip(EDGES, sums, strict=True)]
        validation = classifier.facts.get("validation")
        top1 = validation.get("top1") if isinstance(validation, dict) else None
        if isinstance(top1, dict) and isinstance(top1.get("value"), float):
            values.append((self.accuracy, (model,), top1["value"]))
        for gauge, labels, value in values:
            gauge.labels(*labels).set(value)
        self.told[model] = [(gauge, labels) for gauge, labels, _ in values]

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)
