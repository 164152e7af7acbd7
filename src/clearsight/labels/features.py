"""What pictures are compared by: the vector before a classifier's last layer, brought to at most 512 numbers.

Where it has more, to its principal components among some of the pictures, which needs no labels.

Shapes: N pictures, D features, K classes.
"""

import math
from typing import cast

import torch
from torch import Tensor

from .. import models
from ..base.progress import Progress
from ..classifier import Classifier
from ..classifier.features import seen
from ..datasets.dataset import Dataset
from ..datasets.loader import load
from ..models.base import Model
from ..train import prepare

WIDTH = 512  # on fashion-mnist's 4,608 of HOG a head does as well on these as on 1,024
LOOKED_AT = 2048  # pictures that principal components are found from


def designed(data: Dataset) -> Classifier:
    """HOG at the size of the pictures of `data`: features that no label has had a part in; its head is empty."""
    recipe = prepare.settle({"model": "hog"}, data)
    model = models.build("hog", len(data.classes), channels=recipe.channels, height=recipe.size, width=recipe.size)
    return Classifier(model, prepare.geometry(recipe), data.classes, architecture="hog")


def described(classifier: Classifier, data: Dataset, quiet: bool = False) -> tuple[Tensor, Tensor]:
    """Features float32 `(N, ≤ 512)` and calibrated probabilities float32 `(N, K)` of all pictures; raises UnreadableImage."""
    pictures = load(data, classifier.preprocessing, quiet=quiet)
    head = cast(Model, classifier.model).HEAD
    net = classifier.faster("plain" if classifier.architecture.startswith("hog") else "auto")
    every, vectors, probabilities = torch.arange(len(pictures)), [], []
    basis = None
    if cast(Model, classifier.model).head.in_features > WIDTH:
        some = every[:: math.ceil(len(every) / LOOKED_AT)]
        basis = components(torch.cat([found for found, _ in seen(net, head, pictures, some)]))
    with Progress("features", len(every), quiet=quiet) as progress:
        for found, logits in seen(net, head, pictures, every):
            vectors.append(found if basis is None else (found - basis[0]) @ basis[1])
            probabilities.append(torch.softmax(logits / classifier.temperature, 1))
            progress.update(len(found))
    return torch.cat(vectors), torch.cat(probabilities)


def components(vectors: Tensor) -> tuple[Tensor, Tensor]:
    """The mean `(D,)` of vectors `(N, D)` and their up to 512 leading principal directions `(D, ≤ 512)`."""
    mean = vectors.mean(0)
    centred = (vectors - mean).double()
    if len(centred) > centred.shape[1]:
        directions = torch.linalg.eigh(centred.T @ centred)[1].flip(1)[:, :WIDTH]
    else:  # by the smaller table of products between pictures
        values, mixtures = torch.linalg.eigh(centred @ centred.T)
        kept = values.flip(0)[:WIDTH] > 1e-9 * values[-1].clamp_min(1e-30)
        directions = torch.nn.functional.normalize(centred.T @ mixtures.flip(1)[:, :WIDTH][:, kept], dim=0)
    # an eigenvector's sign is chance: the largest component is made positive
    signs = directions.gather(0, directions.abs().argmax(0)[None]).sign()
    return mean, (directions * signs).float()
