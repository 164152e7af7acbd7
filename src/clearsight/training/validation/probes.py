"""Quality of features: the accuracy of a linear probe and of a k-nearest-neighbour vote.

The vote: Z. Wu et al., Unsupervised feature learning via non-parametric instance discrimination, CVPR 2018, section 3.4.

Shapes: N training and n validation pictures, D features, K classes.
"""

from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ...base.compute.precision import halved
from ...base.randomness import permutation
from ...datasets.loader import Pictures
from ...heads.lbfgs import Problem, solve
from ...models.base import Model
from ..context import TrainingContext
from ..interrupt import Stop
from .features import BATCH, FeatureExtractor, feature_batches

SAMPLE_SIZE = 10_000  # training pictures that the probes learn from
NEIGHBOURS, TEMPERATURE = 20, 0.07  # voters, and the temperature of their weights
L2 = 1e-4  # of the head, in units of the features' mean squared length


def probed(context: TrainingContext, weights: dict[str, Tensor] | None, stop: Stop) -> dict[str, float]:
    """Validation accuracy of a linear head fitted on up to 10,000 training images, and of their k-NN vote."""
    chosen = permutation(context.recipe.seed, -4, len(context.train))[:SAMPLE_SIZE]
    known = features(context, context.train, chosen, weights, stop)
    asked = features(context, context.val, torch.arange(len(context.val)), weights, stop)
    labels, truth, classes = context.train.labels[chosen], context.val.labels, len(context.class_weights)
    votes = neighbours(known, labels, asked, classes)
    problem = Problem(known, labels, classes)
    found = solve(problem, L2 * problem.spread, rough=True, check=stop.check)
    logits = F.linear(asked, found.weight.float(), found.bias.float())
    return {"linear_accuracy": _right(logits, truth), "knn_accuracy": _right(votes, truth)}


def _right(scores: Tensor, labels: Tensor) -> float:
    return float((scores.argmax(1) == labels).float().mean())


@torch.no_grad()  # not inference mode: the head's fit changes these in place
def features(context: TrainingContext, pictures: Pictures, indices: Tensor, weights: dict[str, Tensor] | None, stop: Stop) -> Tensor:
    """The features float32 `(N, D)` of the `pictures` at `indices`, on the CPU, of the trained network with `weights`."""
    network = cast(Model, context.state.model.eval().network)
    own = {name.removeprefix("network."): value for name, value in (weights or {}).items() if name.startswith("network.")}
    # Loaded and put back, not lent for the call (functional_call): the copy in bfloat16 is made of what the network holds.
    before = {name: value.clone() for name, value in network.state_dict().items()} if own else {}
    if own:
        network.load_state_dict(own)
    extractor = FeatureExtractor(network)
    half = context.speed.bf16 and context.device.type == "cpu"
    rows = [found.cpu() for found in feature_batches(context, halved(extractor, ()) if half else extractor, pictures, indices, stop)]
    if before:
        network.load_state_dict(before)
    return torch.cat(rows)


def neighbours(known: Tensor, labels: Tensor, asked: Tensor, classes: int) -> Tensor:
    """Votes float32 `(n, K)` of the nearest of the `known` features (N, D), by cosine, for `asked` ones (n, D)."""
    table = F.normalize(known, dim=1)
    votes = torch.zeros(len(asked), classes)
    for start in range(0, len(asked), BATCH):
        alike, who = (F.normalize(asked[start : start + BATCH], dim=1) @ table.T).topk(min(NEIGHBOURS, len(known)), dim=1)
        votes[start : start + BATCH].scatter_add_(1, labels[who], (alike / TEMPERATURE).exp())
    return votes


def clusters(known: Tensor, asked: Tensor, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """The k-means cluster of each row of both, int64 `(N,)` and `(n,)`: `count` clusters of the directions of `known` (N, D)."""
    from sklearn.cluster import KMeans  # half a second to import, and only images without labels need it

    found = KMeans(count, n_init=4, random_state=seed).fit(_directions(known))
    first, second = (torch.from_numpy(found.predict(_directions(some))).long() for some in (known, asked))
    return first, second


def _directions(vectors: Tensor) -> NDArray[np.float64]:
    unit: NDArray[np.float64] = F.normalize(vectors, dim=1).double().numpy()
    return unit
