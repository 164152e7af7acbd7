"""The receptive field in a browser: 3, 5, 7 for the lecture's three layers; for a real network the boxes that look.receptive_field has."""

import pytest
from matplotlib.figure import Figure

from clearsight.look.receptive_field import box
from clearsight.look.target import subject
from clearsight.models.summary import summarise
from clearsight.reports.live.page import page
from clearsight.reports.live.receptive_field import live_receptive_field
from tests.reports.live.examples import example

FRAMES = """figures => figures.map(one => {
  const frame = one.querySelector(".seen");
  return [one.querySelector("b").textContent, ["y", "x", "height", "width"].map(name => Number(frame.getAttribute(name)))];
})"""


def test_three_layers_see_3_5_and_7(show):
    with show(example("receptive_field")) as window:
        seen = window.locator(".panel").evaluate_all(FRAMES)
        assert seen == [["picture", [3, 3, 7, 7]], ["conv1", [3, 3, 5, 5]], ["conv2", [3, 3, 3, 3]], ["conv3", [3, 3, 1, 1]]]
        assert window.locator(".sum").inner_text() == "conv3, unit 3,3 sees 7×7 pixels: rows 3 to 9, columns 3 to 9"
        for layer, size in ((1, 3), (2, 5)):
            window.get_by_label("layer", exact=True).fill(str(layer))
            assert f"sees {size}×{size} pixels" in window.locator(".sum").inner_text()
        window.locator("svg").last.focus()
        window.keyboard.press("ArrowUp")
        assert "unit 3,4 sees" in window.locator(".sum").inner_text()


def test_six_filters_of_5x5x3_make_28x28x6_from_456_parameters(show):
    model = subject("conv6-5x5", (3, 32, 32))
    with show(page(live_receptive_field(summarise(model.model, (3, 32, 32)), "Six filters"), Figure())) as window:
        told = window.locator("tr.best > *").all_inner_texts()
        assert told == ["conv1", "28×28×6", "456", "5×5", "1×1", "exact"]


def test_of_a_network_with_strides_the_frames_are_the_boxes_of_the_computation(show):
    model = subject("lenet5")
    found = summarise(model.model, model.input_size)
    with show(page(live_receptive_field(found, "LeNet-5"), Figure())) as window:
        for place in (1, 2, 3, 4):
            window.get_by_label("layer", exact=True).fill(str(place))
            layer = next(one for one in found.layers if one.name == window.locator("output").inner_text())
            svg = window.locator("svg").last
            svg.focus()
            window.keyboard.press("ArrowLeft")
            middle = (layer.output[1] // 2, layer.output[2] // 2 - 1)
            top, left, bottom, right = box(layer, middle)
            told = window.locator(".sum").inner_text()
            assert f"unit {middle[0]},{middle[1]} sees" in told
            assert f"rows {top} to {bottom - 1}, columns {left} to {right - 1}" in told.replace("−", "-")


@pytest.mark.parametrize("layer", ["", "layer4.1.conv2", "avgpool"])
def test_the_layer_asked_for_is_chosen_else_the_last_that_does_not_see_everything(layer):
    model = subject("resnet18", (3, 64, 64))
    data = live_receptive_field(summarise(model.model, model.input_size), "", layer).data
    assert data["layers"][data["chosen"]]["layer"] == (layer or "layer4.1.bn2") and data["input"] == [64, 64]
