"""FGSM in a browser: the answers are the computed ones at every ε, the pixels those that the network was asked about."""

import torch

from clearsight.attacks.quantization import levels
from tests.reports.live.examples import SWEPT, example

PIXELS = """canvas => [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data]"""


def test_the_slider_has_the_pictures_and_their_answers(show):
    with show(example("attack")) as window:
        window.locator("#live[data-ready]").wait_for()
        assert window.get_by_label("ε", exact=True).input_value() == "10"
        for k in (10, 0, 3, 20):
            window.get_by_label("ε", exact=True).fill(str(k))
            step = SWEPT.steps[k]
            assert f"{step['label']}, {100 * step['confidence']:.1f} %" == window.locator(".answer").last.inner_text()
            values = torch.tensor(window.locator("canvas").last.evaluate(PIXELS)).view(8, 8, 4)[..., :3].permute(2, 0, 1)
            asked = levels(SWEPT.picture.double() / 255 + step["epsilon"] * SWEPT.sign)
            assert torch.equal(values, asked.long())
        window.locator("canvas").last.focus()
        window.keyboard.press("ArrowUp")
        y, x = 3, 4
        sign, value = int(SWEPT.sign[0, y, x]), int(SWEPT.picture[0, y, x])
        told = window.locator(".sum").inner_text()
        assert told.startswith(f"row {y}, column {x}: red {value} {'−' if sign < 0 else '+'} 40 → {max(0, min(255, value + 40 * sign))}")
