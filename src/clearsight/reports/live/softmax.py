"""Softmax as a figure that lives: the logits of one picture become its probabilities."""

from collections.abc import Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from .page import Live

LEAD = "Each logit z becomes a positive number, e to the power of z; its share of their sum is the probability of the class."
LARGEST = 700.0  # e to the power of more is no float64
MOST = 10  # classes with a row of their own


def live_softmax(logits: Tensor | NDArray[Any], labels: Sequence[str], title: str, temperature: float = 1.0) -> Live:
    """The 10 largest of the logits `(K,)`, to be edited, and the other classes together; p is softmax(logits / temperature)."""
    z = torch.as_tensor(logits).detach().cpu().double()
    most = float(z.max())
    shift = most if most / temperature > LARGEST else 0.0
    exp, shares = ((z - shift) / temperature).exp(), (z / temperature).softmax(0)
    order = z.argsort(descending=True, stable=True).tolist()
    rows = [{"label": labels[k], "logit": float(z[k]), "exp": float(exp[k]), "probability": float(shares[k])} for k in order[:MOST]]
    rest = torch.tensor(order[MOST:], dtype=torch.long)
    others = {"count": len(rest), "exp": float(exp[rest].sum()), "probability": float(shares[rest].sum())}
    return Live("softmax", title, LEAD, {"rows": rows, "others": others, "temperature": temperature, "shift": shift})
