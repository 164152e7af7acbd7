"""How good features are, before anything is tuned: a head solved on them, and a vote of the nearest neighbours.

The vote: Z. Wu et al., Unsupervised feature learning via non-parametric instance discrimination, CVPR 2018, section 3.4.

Shapes: N training and n validation pictures, D features, K classes.
"""

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..base.randomness import permutation
from ..datasets.loader import Pictures
from ..train.guard import Stop
from ..train.loop import Job
from ..train.solve import Problem, solve

LOOKED_AT, BATCH = 10_000, 256  # training pictures that the probes learn from, and pictures computed together
NEIGHBOURS, WARMTH = 20, 0.07  # voters, and the temperature of their weights
L2 = 1e-4  # of the head, in units of the features' mean squared length


def probed(job: Job, weights: dict[str, Tensor] | None, stop: Stop) -> tuple[Tensor, dict[str, Any]]:
    """Logits `(n, K)` of validation by a head solved on up to 10,000 training pictures, and the accuracy of the neighbours' vote."""
    chosen = permutation(job.recipe.seed, -4, len(job.train))[:LOOKED_AT]
    known = features(job, job.train, chosen, weights, stop)
    asked = features(job, job.val, torch.arange(len(job.val)), weights, stop)
    labels, classes = job.train.labels[chosen], len(job.class_weights)
    votes = neighbours(known, labels, asked, classes)
    problem = Problem(known.clone(), labels, classes)
    found = solve(problem, L2 * problem.spread, rough=True, check=stop.check)
    logits = F.linear(asked, found.weight.float(), found.bias.float())
    return logits, {"knn_accuracy": float((votes.argmax(1) == job.val.labels).float().mean())}


@torch.inference_mode()
def features(job: Job, pictures: Pictures, indices: Tensor, weights: dict[str, Tensor] | None, stop: Stop) -> Tensor:
    """The features float32 `(N, D)` of the `pictures` at `indices`, on the processor, of what the job trains with `weights`."""
    wrapped = job.state.model.eval()
    network = cast(nn.Module, wrapped.network)
    own = {name.removeprefix("network."): value for name, value in (weights or {}).items() if name.startswith("network.")}
    before = {name: value.clone() for name, value in network.state_dict().items()} if own else {}
    if own:
        network.load_state_dict(own)
    rows, batches = [], indices.split(BATCH)
    for some in pictures.batches(batches):
        stop.check()
        inputs = job.preprocessing.normalise(some.to(job.device)).contiguous(memory_format=job.speed.memory_format)
        with torch.autocast(job.device.type, torch.bfloat16, enabled=job.speed.bf16):
            rows.append(network.features(inputs).float().cpu())  # type: ignore[operator]
    if before:
        network.load_state_dict(before)
    return torch.cat(rows)


def neighbours(known: Tensor, labels: Tensor, asked: Tensor, classes: int) -> Tensor:
    """Votes float32 `(n, K)` of the nearest of the `known` features (N, D), by cosine, for `asked` ones (n, D)."""
    table = F.normalize(known, dim=1)
    votes = torch.zeros(len(asked), classes)
    for start in range(0, len(asked), BATCH):
        alike, who = (F.normalize(asked[start : start + BATCH], dim=1) @ table.T).topk(min(NEIGHBOURS, len(known)), dim=1)
        votes[start : start + BATCH].scatter_add_(1, labels[who], (alike / WARMTH).exp())
    return votes
