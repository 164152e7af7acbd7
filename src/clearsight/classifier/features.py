"""What a classifier sees in pictures before it answers: the vector that goes into its last layer.

Shapes: N pictures, D features, K classes.
"""

import math
from collections.abc import Iterator
from typing import cast

import torch
from torch import Tensor

from ..base.progress import Progress
from ..datasets.dataset import Dataset
from ..datasets.loader import Pictures, load
from ..models.base import Model
from .classifier import Classifier

WIDTH = 512  # on fashion-mnist's 4,608 of HOG a head does as well on these as on 1,024
LOOKED_AT = 2048  # pictures that principal components are found from


def seen(net: Classifier, head: str, pictures: Pictures, wanted: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """What goes into the layer `head`, float32 `(n, D)`, and the logits `(n, K)`, batch by batch; means over the views of a picture."""
    kept: list[Tensor] = []
    hook = net.model.get_submodule(head).register_forward_pre_hook(lambda _m, given: kept.append(given[0].flatten(1).float()))
    batches = wanted.split(net.batch)
    try:
        for batch in pictures.batches(batches):
            kept.clear()
            logits = net.logits(batch)
            yield torch.stack(kept).mean(0).cpu(), logits.cpu()
    finally:
        hook.remove()


def described(
    classifier: Classifier, data: Dataset, quiet: bool = False, *, cache: str = "auto", workers: int = 0
) -> tuple[Tensor, Tensor]:
    """Features float32 `(N, ≤ 512)` and calibrated probabilities float32 `(N, K)` of all pictures; raises UnreadableImage.

    More than 512 features are brought to their principal components among some of the pictures, which needs no labels.
    """
    pictures = load(data, classifier.preprocessing, cache=cache, workers=workers, quiet=quiet)
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
