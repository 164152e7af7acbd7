"""The sliding filter and the pooling window as figures that live."""

from collections.abc import Mapping
from typing import Any

from ...look.convolution import Calculation, older_json
from .page import Live

SLIDING = "The filter lies on part of the picture; the sum of the products is one number of the feature map."
CURVE = "One filter searches for one local feature: a shape like it gives a large sum, another shape a small one."
POOLING = "Each window keeps its largest number: the map becomes smaller, and what was found stays."


def live_convolution(found: Calculation, title: str, pictures: Mapping[str, Any] | None = None) -> Live:
    """A filter on one channel, to be moved, its picture and weights to be edited; `pictures` are others to choose from."""
    done = found.convolution
    assert done is not None
    how = {"stride": done.stride, "padding": done.padding, "dilation": done.dilation, "bias": done.bias[0]}
    data = {"picture": found.picture[0], "filter": done.filters[0, 0], **how, **older_json(found)}
    return Live("convolution", title, CURVE if pictures else SLIDING, data | ({"pictures": dict(pictures)} if pictures else {}))


def live_pooling(found: Calculation, title: str) -> Live:
    """The window over the first map, whose size and stride can be changed."""
    return Live("pooling", title, POOLING, {"picture": found.picture[0], "max_pool": found.stages[0].maps[0]})
