"""Hand-designed features under other light and a move as a figure that lives."""

from ...look.handmade.nudged import Nudged
from .page import Live
from .picture import png

LEAD = "A feature vector should stay where it is when only the light or the place changes: some do, some do not."


def live_nudged(found: Nudged) -> Live:
    """A slider for the light, one for the move; the distance of each feature vector."""
    rows = [{"name": name, "size": found.sizes[name], "distances": values} for name, values in found.distances.items()]
    pictures = [[png(one) for one in row] for row in found.pictures]
    return Live("nudged", "Which features stay?", LEAD, {"lights": found.lights, "moves": found.moves, "pictures": pictures, "rows": rows})
