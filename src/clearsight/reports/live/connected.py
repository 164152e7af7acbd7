"""A fully connected layer as a figure that lives: its weights are counted."""

from ...models.facts import summary
from .page import Live

LEAD = "A neuron of a fully connected layer has a weight for every number of the whole volume before it."
NETWORK = "alexnet-lecture"
VOLUME, NEURONS = (6, 6, 256), 4096  # of the lecture's AlexNet: MAX POOL3 and FC6


def live_connected() -> Live:
    """The lecture's 6×6×256 and 4096, to be changed; next to them all layers of AlexNet."""
    rows = [
        {"name": row.says.split(":")[0], "parameters": row.parameters, "connected": row.says.startswith("FC")}
        for row in summary(NETWORK).rows
        if row.listed
    ]
    return Live("connected", "A fully connected layer", LEAD, {"volume": VOLUME, "neurons": NEURONS, "layers": rows})
