"""The sliding filter, filters on a picture with channels, and the pooling window as figures that live."""

from collections.abc import Mapping
from typing import Any

from ...look.convolution import Calculation, older_json
from .page import Live

SLIDING = "The filter lies on part of the picture; the sum of the products is one number of the feature map."
CURVE = "One filter searches for one local feature: a shape like it gives a large sum, another shape a small one."
POOLING = {
    "maxpool": "Each window keeps its largest number: the map becomes smaller, and what was found stays.",
    "avgpool": "Each window keeps its mean: the map becomes smaller, and a single strong number weaker.",
}
VOLUME = "A filter has a slice for each channel; the products of all of them and the bias add up to one number of its map."
MOST_SIDE = 12  # rows and columns of a picture that is shown as cells with numbers
MOST_NUMBERS, MOST_FILTERS = 300_000, 24  # of a page of pictures
SHOWN = ((), ("relu",), ("relu", "maxpool"))  # stages that the page of cells has


def live(found: Calculation, title: str, pictures: Mapping[str, Any] | None = None) -> Live | None:
    """The page of a calculation: cells with numbers where it is small, else pictures; None where it is too large for either."""
    if found.convolution is None:
        alone = len(found.stages) == 1 and found.stages[0].operation in POOLING and max(found.picture.shape[1:]) <= MOST_SIDE
        return live_pooling(found, title) if alone else None
    plain = all((stage.size, stage.stride) == (2, 2) for stage in found.stages if stage.operation != "relu")
    single = len(found.picture) == len(found.convolution.filters) == 1 and max(found.picture.shape[1:]) <= MOST_SIDE
    if single and plain and tuple(stage.operation for stage in found.stages) in SHOWN:
        return live_convolution(found, title, pictures)
    numbers = found.picture.numel() + found.convolution.maps.numel() + sum(stage.maps.numel() for stage in found.stages)
    fits = numbers <= MOST_NUMBERS and len(found.convolution.filters) <= MOST_FILTERS
    return live_volume(found, title) if fits else None


def live_convolution(found: Calculation, title: str, pictures: Mapping[str, Any] | None = None) -> Live:
    """A filter on one channel, to be moved, its picture and weights to be edited; `pictures` are others to choose from."""
    done = found.convolution
    assert done is not None
    how = {"stride": done.stride, "padding": done.padding, "dilation": done.dilation, "bias": done.bias[0]}
    data = {"picture": found.picture[0], "filter": done.filters[0, 0], **how, **older_json(found)}
    return Live("convolution", title, CURVE if pictures else SLIDING, data | ({"pictures": dict(pictures)} if pictures else {}))


def live_volume(found: Calculation, title: str) -> Live:
    """Filters on a picture with channels, a map for each, and the stages after them; pixels and weights can be edited."""
    done = found.convolution
    assert done is not None
    filters = [
        {"name": name, "values": values, "bias": bias} for name, values, bias in zip(done.names, done.filters, done.bias, strict=True)
    ]
    how = {"stride": done.stride, "padding": done.padding, "dilation": done.dilation}
    stages = [
        {"operation": one.operation, "size": one.size, "stride": one.stride, "words": one.words, "maps": one.maps} for one in found.stages
    ]
    return Live("volume", title, VOLUME, {"picture": found.picture, "filters": filters, "maps": done.maps, "stages": stages, **how})


def live_pooling(found: Calculation, title: str) -> Live:
    """The window over each map on its own; its kind, size and stride can be changed."""
    stage = found.stages[0]
    kind = "max" if stage.operation == "maxpool" else "average"
    data = {"maps": stage.before, "pooled": stage.maps, "kind": kind, "size": stage.size, "stride": stage.stride}
    return Live("pooling", title, POOLING[stage.operation], data)
