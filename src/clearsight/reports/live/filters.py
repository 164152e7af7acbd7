"""The filters of a layer as a figure that lives."""

import base64

from torch import Tensor

from ...look.filters import described
from .page import Live

LEAD = "Many filters of a first layer answer to edges and stripes in one direction, others to colours: as simple cells do."
MOST = 128  # filters that are shown


def live_filters(layer: str, weights: Tensor, title: str, trained: bool = True) -> Live:
    """Filters `(O, I, H, W)` with the strongest wave in each, as `look filters` has them; the first 128."""
    some = weights[:MOST]
    values = base64.b64encode(some.numpy().astype("<f4").tobytes()).decode()
    rows = [row.to_json() for row in described(weights)[:MOST]]
    return Live(
        "filters",
        title,
        LEAD,
        {"layer": layer, "count": len(weights), "shape": list(some.shape), "values": values, "rows": rows, "trained": trained},
    )
