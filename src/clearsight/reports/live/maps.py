"""The feature maps of a picture as a figure that lives: every number of every map."""

import base64
from typing import Any

from torch import Tensor

from ...look.features import pixels, to_json
from .page import Live

LEAD = "A filter of the first stage answers to edges and colours; deeper stages have more maps, each coarser and more particular."


def live_maps(found: dict[str, Tensor], title: str, most: int, scale: str = "own") -> Live:
    """The `most` most active channels of each stage, `(C, H, W)`; `scale` is one range a map (own) or for a stage (shared)."""
    stages = [
        {"name": name, **row, "channels": [_map(found[name], one) for one in row["channels"]]} for name, row in to_json(found, most).items()
    ]
    return Live("maps", title, LEAD, {"stages": stages, "scale": scale})


def _map(values: Tensor, row: dict[str, Any]) -> dict[str, Any]:
    numbers = pixels(values[row["channel"]]).numpy().astype("<f4")
    return {**row, "values": base64.b64encode(numbers.tobytes()).decode()}
