"""Classifiers of random weights whose answers differ between pictures, and their references."""

from dataclasses import replace

import numpy as np
import torch

from clearsight import models
from clearsight.classifier import Classifier
from clearsight.classifier.uncertainty import Calibration, Reference, novelty
from clearsight.exports.comparison import drawn
from clearsight.images.preprocess import Preprocessing

CLASSES = ("cat", "dog", "fish", "goat", "hen")


def spread(name: str, size: int = 32, *, classes: tuple[str, ...] = CLASSES, views: str = "", **settings) -> Classifier:
    """The network `name` with a head that tells the pictures of `drawn` apart, with novelty and calibration from their answers."""
    preprocessing = Preprocessing(height=size, width=size, **settings)
    net = models.build(name, len(classes), channels=preprocessing.channels, height=size, width=size, seed=0)
    classifier = Classifier(net, preprocessing, classes, temperature=1.3, architecture=name, views=views)
    batch = torch.stack([preprocessing.fit_picture(picture) for picture in drawn(preprocessing)])
    layer = classifier.last_layer
    scores, features = classifier.logits_and_inputs(batch, layer)
    middle, factor = features.mean(0), 3 / scores.std(0).mean()
    with torch.no_grad():
        weight = net.get_submodule(layer).weight.mul_(factor)
        weight -= torch.outer(factor * scores.mean(0), middle) / (middle @ middle)  # no class is ahead on average
    answers = classifier.probabilities(batch).max(1)
    vectors = replace(novelty.stored(layer, features), scores=np.linspace(0, 1, 40, dtype=np.float32), source="validation")
    calibration = Calibration((1 - answers.values).numpy(), answers.indices.numpy(), "validation")
    classifier.reference = Reference(vectors, calibration)
    return classifier
