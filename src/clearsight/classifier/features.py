"""Penultimate-layer features: the vector that goes into a classifier's last layer.

Shapes: N pictures, D features, K classes.
"""

import math
from typing import cast

import torch
from torch import Tensor

from ..base.progress import Progress
from ..datasets.dataset import Dataset
from ..datasets.loader import load
from ..models.base import Model
from .classifier import Classifier
from .predict import features_and_logits

MAX_FEATURES = 512  # on fashion-mnist's 4,608 of HOG a head does as well on these as on 1,024
SAMPLE_SIZE = 2048  # pictures from which the principal components are computed


def extract_features(
    classifier: Classifier, data: Dataset, quiet: bool = False, *, cache: str = "auto", workers: int = 0
) -> tuple[Tensor, Tensor]:
    """Features, float32 `(N, ≤ 512)`, and calibrated probabilities, float32 `(N, K)`, of all pictures; raises UnreadableImage.

    More than 512 features are projected onto their 512 leading principal components, computed from a sample of the pictures without labels.
    """
    pictures = load(data, classifier.preprocessing, cache=cache, workers=workers, quiet=quiet)
    head = cast(Model, classifier.model).HEAD
    net = classifier.faster("plain" if classifier.architecture.startswith("hog") else "auto")
    every, vectors, probabilities = torch.arange(len(pictures)), [], []
    basis = None
    if cast(Model, classifier.model).head.in_features > MAX_FEATURES:
        some = every[:: math.ceil(len(every) / SAMPLE_SIZE)]
        basis = components(torch.cat([found for found, _ in features_and_logits(net, head, pictures, some)]))
    with Progress("features", len(every), quiet=quiet) as progress:
        for found, logits in features_and_logits(net, head, pictures, every):
            vectors.append(found if basis is None else (found - basis[0]) @ basis[1])
            probabilities.append(torch.softmax(logits / classifier.temperature, 1))
            progress.update(len(found))
    return torch.cat(vectors), torch.cat(probabilities)


def components(vectors: Tensor) -> tuple[Tensor, Tensor]:
    """The mean `(D,)` of vectors `(N, D)` and their up to 512 leading principal directions `(D, ≤ 512)`."""
    mean = vectors.mean(0)
    centred = (vectors - mean).double()
    if len(centred) > centred.shape[1]:
        directions = torch.linalg.eigh(centred.T @ centred)[1].flip(1)[:, :MAX_FEATURES]
    else:  # by the smaller table of products between pictures
        values, mixtures = torch.linalg.eigh(centred @ centred.T)
        kept = values.flip(0)[:MAX_FEATURES] > 1e-9 * values[-1].clamp_min(1e-30)
        directions = torch.nn.functional.normalize(centred.T @ mixtures.flip(1)[:, :MAX_FEATURES][:, kept], dim=0)
    # an eigenvector's sign is chance: the largest component is made positive
    signs = directions.gather(0, directions.abs().argmax(0)[None]).sign()
    return mean, (directions * signs).float()
