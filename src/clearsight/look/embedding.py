"""The feature space: penultimate-layer features of pictures, their layout in the plane, and nearest neighbours."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..base.compute.undisturbed import undisturbed
from ..base.errors import ClearsightError, MissingExtra, UnreadableImage, unknown
from ..base.progress import Progress
from ..base.randomness import permutation
from ..classifier.capture import inputs_of
from ..datasets.dataset import Dataset
from .target import Subject

BATCH = 64
LAYOUTS = ("pca", "tsne", "umap")


@dataclass(frozen=True)
class Near:
    """A picture near to the one in question: its place in the data set, name, class, and the cosine of the angle between them."""

    index: int
    name: str
    label: str
    cosine: float


def features(subject: Subject, pictures: Tensor) -> Tensor:
    """The vectors `(N, D)` before the last linear layer, for inputs `(N, C, H, W)`; raises ClearsightError for a network without one."""
    linear = [module for module in subject.model.modules() if isinstance(module, nn.Linear)]
    if not linear:
        raise ClearsightError(f"{subject.name} has no linear layer, so there are no features before it.")
    with undisturbed(subject.model), torch.no_grad(), inputs_of(linear[-1]) as seen:
        subject.model(pictures)
    return seen[-1].flatten(1).float()


def drawn(part: Dataset, most: int, seed: int = 0) -> list[int]:
    """The indices of at most so many pictures of a data set, drawn at random, in ascending order."""
    return sorted(permutation(seed, 0, len(part))[:most].tolist())


def readable(subject: Subject, part: Dataset, chosen: Sequence[int]) -> tuple[list[int], list[Tensor]]:
    """Those of the pictures `chosen` of a data set that can be read, and the features `(D,)` of each."""
    read, loaded = [], []
    for i in chosen:
        with suppress(UnreadableImage):
            loaded.append(subject.preprocessing.load(part.source(i)))
            read.append(i)
    if not loaded:
        return [], []
    return read, list(features(subject, subject.preprocessing.normalise(torch.stack(loaded).to(subject.device))).cpu())


def embedded(subject: Subject, part: Dataset, chosen: Sequence[int], progress: Progress | None = None) -> tuple[list[int], Tensor]:
    """Those of the pictures `chosen` of a data set that can be read, and their features `(N, D)`, computed in batches.

    Raises ClearsightError where none can be read.
    """
    read: list[int] = []
    found: list[Tensor] = []
    for start in range(0, len(chosen), BATCH):
        some = chosen[start : start + BATCH]
        rows, vectors = readable(subject, part, some)
        read += rows
        found += vectors
        if progress:
            progress.update(len(some))
    return read, stacked(found)


def stacked(vectors: Sequence[Tensor]) -> Tensor:
    """Features `(N, D)` of one after another; raises ClearsightError without any."""
    if not vectors:
        raise ClearsightError("none of these pictures can be read, so there are no features: clearsight check DATA says why.")
    return torch.stack(list(vectors))


def laid_out(vectors: Tensor, how: str, seed: int = 0) -> NDArray[np.float64]:
    """Vectors `(N, D)` in the plane, `(N, 2)`, by PCA, t-SNE, or UMAP (the extra `umap`); raises UsageError for another name."""
    if how not in LAYOUTS:
        raise unknown("layout", how, LAYOUTS)
    values = vectors.double().numpy()
    if how == "pca":
        from sklearn.decomposition import PCA  # over a second, which neighbours need not wait for

        made = PCA(2, random_state=seed).fit_transform(values)
    elif how == "tsne":
        from sklearn.manifold import TSNE

        made = TSNE(perplexity=min(30.0, (len(values) - 1) / 3), init="pca", random_state=seed).fit_transform(values)
    else:
        try:
            from umap import UMAP
        except ImportError:
            raise MissingExtra("the layout umap needs umap-learn: pip install 'clearsight[umap]', or take tsne.") from None
        made = UMAP(random_state=seed).fit_transform(values)
    return np.asarray(made, np.float64)


def nearest(vectors: Tensor, one: Tensor, part: Dataset, chosen: Sequence[int], most: int) -> list[Near]:
    """The pictures among `chosen`, with features `(N, D)`, at the smallest angle to the features `one` `(D,)`."""
    cosines = torch.nn.functional.cosine_similarity(vectors, one[None].cpu())
    best = cosines.argsort(descending=True, stable=True)[:most]
    return [Near(chosen[i], str(part.names[chosen[i]]), part.label(chosen[i]), float(cosines[i])) for i in best.tolist()]


def purity(vectors: Tensor, labels: Sequence[int], neighbours: int = 10) -> float:
    """The share of each picture's nearest `neighbours` that are of its class, mean over all: how well features keep classes apart."""
    unit = torch.nn.functional.normalize(vectors)
    own = torch.as_tensor(labels)
    hits = []
    for start in range(0, len(unit), 1024):
        near = unit[start : start + 1024] @ unit.T
        rows = torch.arange(len(near))
        near[rows, rows + start] = -2
        hits.append((own[near.topk(min(neighbours, len(unit) - 1)).indices] == own[start : start + 1024, None]).float().mean(1))
    return float(torch.cat(hits).mean())


def to_json(vectors: Tensor, places: NDArray[np.float64], part: Dataset, chosen: Sequence[int]) -> dict[str, Any]:
    """As `look embedding --json` has it."""
    labels = [int(part.labels[i]) for i in chosen]
    rows = [
        {"name": str(part.names[i]), "class": part.label(i), "x": float(x), "y": float(y)}
        for i, (x, y) in zip(chosen, places.tolist(), strict=True)
    ]
    counts = np.bincount(labels, minlength=len(part.classes))
    chance = float((counts * (counts - 1)).sum() / max(1, len(labels) * (len(labels) - 1)))
    return {"dimensions": vectors.shape[1], "purity": purity(vectors, labels), "chance": chance, "pictures": rows}
