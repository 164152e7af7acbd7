"""The variation inside of a class as a figure that lives: its most unlike members, and how far each is from the others."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor
from torch.nn.functional import normalize

from ...look.challenges import Variation
from .page import Live
from .picture import png

LEAD = "Members of one class can differ more than members of two: choose a class, then a member of it."


def live_variation(found: Sequence[Variation], vectors: Tensor, shown: Callable[[int], Any], by: str) -> Live:
    """A slider for the class, from the one that varies most; `vectors` `(N, D)` are those of `by`, `shown(i)` is picture i."""
    unit = normalize(vectors.double())
    classes = [
        {
            "label": one.label,
            "spread": one.spread,
            "pictures": [png(shown(i)) for i in one.members],
            "apart": (1 - unit[list(one.members)] @ unit[list(one.members)].T).clamp_min(0).fill_diagonal_(0),
        }
        for one in sorted(found, key=lambda one: -one.spread)
    ]
    return Live("variation", "The most unlike members of a class", LEAD, {"classes": classes, "by": by})
