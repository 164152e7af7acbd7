"""FGSM on one picture as a figure that lives: ε on a slider."""

import base64

import torch
from torch import Tensor

from ...attacks.quantization import encoded
from ...attacks.sweep import Sweep
from .page import Live

TITLE = "A change of the picture that changes the answer"
LEAD = "FGSM: each value moves by ε, all in the direction that raises the loss; the answer can change before people see it."


def live_attack(found: Sweep) -> Live:
    """The picture, the sign and their sum; the ε asked for is chosen first."""
    sign = ((found.sign.to(torch.int16) + 1) * 255 / 2).round().to(torch.uint8)  # −1, 0, 1 as 0, 128, 255
    data = {"picture": _address(found.picture), "sign": _address(sign), **found.to_json(), "chosen": len(found.steps) // 2}
    return Live("attack", TITLE, LEAD, data)


def _address(picture: Tensor) -> str:
    return f"data:image/png;base64,{base64.b64encode(encoded(picture, 'PNG')).decode()}"
