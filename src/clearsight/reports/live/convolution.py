"""The sliding filter and the pooling window as figures that live."""

from collections.abc import Mapping
from typing import Any

from ...look.convolution import Convolution
from .page import Live

SLIDING = "The filter lies on part of the picture; the sum of the products is one number of the feature map."
CURVE = "One filter searches for one local feature: a shape like it gives a large sum, another shape a small one."
POOLING = "Each window keeps its largest number: the map becomes smaller, and what was found stays."


def live_convolution(found: Convolution, title: str, pictures: Mapping[str, Any] | None = None) -> Live:
    """A filter to be moved, its picture and weights to be edited; `pictures` are others to choose from."""
    data = {"picture": found.picture, "filter": found.filter, **found.to_json()}
    return Live("convolution", title, CURVE if pictures else SLIDING, data | ({"pictures": dict(pictures)} if pictures else {}))


def live_pooling(found: Convolution, title: str) -> Live:
    """The window over the feature map, whose size and stride can be changed."""
    figures = found.to_json()
    return Live("pooling", title, POOLING, {"picture": figures["feature_map"], "max_pool": figures["max_pool"]})
