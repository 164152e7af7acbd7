"""One number of a network as a figure that lives: every term of its sum."""

from ...look.unit import Recomputation
from .page import Live

LEAD = "One number of a layer is a sum: patch times kernel for each input channel, and the bias; what follows is applied to the sum."


def live_unit(found: Recomputation, title: str) -> Live:
    """The terms, the largest first, each with its patch and kernel; the operations after the sum."""
    return Live("unit", title, LEAD, found.to_json())
