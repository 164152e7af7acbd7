"""Curves as figures that live: the gradient by depth, with shortcuts and without."""

from ...look.depth import gradient_by_depth
from .page import Live

DEPTHS = (19, 55)  # 3×3 layers: with the head a network of 20 and of 56, as the paper compares them
LEAD = "The gradient is what a layer learns from: through many layers it vanishes, and shortcuts carry it past them."


def live_gradients() -> Live:
    """Stacks of 20 and 56 layers, with shortcuts and without."""
    places = list(range(1, max(DEPTHS) + 1))
    lines = [
        {
            "name": f"{'with' if shortcuts else 'without'} shortcuts, {depth + 1} layers",
            "points": _points(gradient_by_depth(depth, shortcuts)),
        }
        for depth in DEPTHS
        for shortcuts in (True, False)
    ]
    said = (
        "Computed here, before any training: 3×3 convolutions and ReLU in blocks of two, without normalisation; the length of the gradient "
        "by the weights of each layer, counted from the picture, of one batch of random pictures. Batch normalisation keeps it from "
        "vanishing as well; the paper's networks have both."
    )
    data = {"x": "layer", "y": "gradient", "places": places, "lines": lines, "said": said}
    return Live("curves", "The gradient by depth", LEAD, data)


def _points(values: list[float]) -> list[float | None]:
    """A value for each layer of the deepest stack."""
    return values + [None] * (max(DEPTHS) - len(values))
