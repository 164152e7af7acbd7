"""NT-Xent of two pictures as a figure that lives."""

from collections.abc import Sequence

from torch import Tensor

from ...look.views import Similarities, of_pictures
from .page import Live
from .picture import png

LEAD = "SimCLR learns without labels: two views of a picture are to be similar, views of different pictures are not."
PICTURES = 2


def live_nt_xent(views: Tensor, networks: Sequence[Similarities], temperature: float = 0.5) -> Live:
    """The first two of N pictures, from views uint8 `(2N, C, H, W)` and the cosines of each network."""
    half = len(views) // 2
    some = [views[k].permute(1, 2, 0).numpy() for k in (0, 1, half, half + 1)]
    pictures = [png(one[..., 0] if one.shape[-1] == 1 else one) for one in some]
    rows = [
        {"name": one.name if one.trained else f"{one.name}, untrained", "cosines": of_pictures(one.cosines, PICTURES)} for one in networks
    ]
    return Live("nt_xent", "NT-Xent, term by term", LEAD, {"pictures": pictures, "networks": rows, "temperature": temperature})
