"""Two views of each of a few pictures, how similar a network's features of them are, and the loss of SimCLR from these, term by term.

T. Chen, S. Kornblith, M. Norouzi, G. Hinton, A simple framework for contrastive learning of visual representations, ICML 2020, equation 1.
Rows of 2N views: the first views of N pictures, then their second ones.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ..augment.op import Op
from ..augment.pipeline import apply
from ..base.errors import wrong
from .embedding import features
from .target import Subject

VIEWS = {"small": "crop:3 rotate:15 jitter:0.6 blur:1", "photograph": "rrc:0.2 flip blur jitter:0.8"}
SMALL = 64  # px: larger pictures count as photographs
COLDEST, HOTTEST = 0.01, 100.0  # temperatures: exp(1/τ) stays finite, and shares differ


@dataclass(frozen=True)
class Term:
    """The loss of one view: exp(s/τ) with its partner, with each other view, their sum, and −log of the partner's share."""

    view: int
    partner: int
    cosines: tuple[float, ...]  # with all 2N views, itself included
    exponentials: tuple[float, ...]  # 0 with itself
    total: float
    loss: float

    def to_json(self) -> dict[str, Any]:
        """As `look views --json` has it."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Similarities:
    """Cosines `(2N, 2N)` of a network's features of 2N views, with the means over pairs of the same picture and of different ones."""

    name: str
    cosines: NDArray[np.float64]
    trained: bool = True

    @property
    def same(self) -> float:
        """The mean cosine of the two views of a picture."""
        half = len(self.cosines) // 2
        return float(np.diagonal(self.cosines, half).mean())

    @property
    def different(self) -> float:
        """The mean cosine of views of different pictures."""
        half = len(self.cosines) // 2
        picture = np.arange(2 * half) % half
        return float(self.cosines[picture[:, None] != picture[None]].mean())

    def to_json(self) -> dict[str, Any]:
        """As `look views --json` has it."""
        return {
            "name": self.name,
            "trained": self.trained,
            "same": self.same,
            "different": self.different,
            "cosines": self.cosines.tolist(),
        }


def default_views(subject: Subject) -> str:
    """The changes that make a view, as `--augment` takes them, by the size of the pictures."""
    return VIEWS["small" if max(subject.input_size[1:]) <= SMALL else "photograph"]


def two_views(ops: tuple[Op, ...], pictures: Tensor, indices: Tensor, seed: int) -> Tensor:
    """Two changed versions of pictures uint8 `(N, C, H, W)`, uint8 `(2N, C, H, W)`; drawn by `indices` `(N,)` and the seed."""
    height, width = pictures.shape[2:]
    made = [apply(ops, pictures, indices, seed, view, (height, width)) for view in range(2)]
    return torch.cat([view if view.dtype == torch.uint8 else (view * 255).round().to(torch.uint8) for view in made])


def similarities(subject: Subject, views: Tensor) -> Similarities:
    """The cosines of a network's features, before its last layer, of views uint8 `(2N, C, H, W)`."""
    vectors = features(subject, subject.preprocessing.normalise(views.to(subject.device))).cpu().double()
    unit = F.normalize(vectors, dim=1)
    return Similarities(subject.name, (unit @ unit.T).numpy(), subject.trained)


def nt_xent(cosines: NDArray[np.float64], temperature: float = 0.5) -> list[Term]:
    """The loss of each of 2N views from their cosines `(2N, 2N)`; their mean is NT-Xent. Raises UsageError for τ outside 0.01 to 100."""
    if not COLDEST <= temperature <= HOTTEST:
        raise wrong("temperature", f"from {COLDEST:g} to {HOTTEST:g}", temperature)
    n, terms = len(cosines), []
    for i, row in enumerate(cosines.tolist()):
        shares = [0.0 if k == i else math.exp(cosine / temperature) for k, cosine in enumerate(row)]
        partner, total = (i + n // 2) % n, sum(shares)
        terms.append(Term(i, partner, tuple(row), tuple(shares), total, math.log(total) - row[partner] / temperature))
    return terms


def of_pictures(cosines: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The cosines of the views of the first `count` pictures alone, `(2·count, 2·count)`."""
    half = len(cosines) // 2
    rows = [*range(count), *range(half, half + count)]
    return cosines[np.ix_(rows, rows)]
