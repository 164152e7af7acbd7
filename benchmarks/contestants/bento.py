"""The same classifier in BentoML, as its documentation batches: `bentoml serve bento:Classify`, with the artefact in MODEL."""

import base64
import os
from dataclasses import asdict
from typing import Any

import bentoml
import torch

from clearsight.classifier import load


@bentoml.service(workers=1)
class Classify:
    """One process, adaptive batches with the default limits."""

    def __init__(self) -> None:
        self.classifier = load(os.environ["MODEL"]).faster()

    @bentoml.api(batchable=True)
    def classify(self, pictures: list[str]) -> list[dict[str, Any]]:
        """The answers for pictures in base64."""
        x = torch.stack([self.classifier.preprocessing.load(base64.b64decode(picture)) for picture in pictures])
        logits, novelty = self.classifier.judged(x)
        limits = self.classifier.limits()
        return [asdict(one) for one in self.classifier.predictions([""] * len(x), logits, novelty, top=5, limits=limits)]
