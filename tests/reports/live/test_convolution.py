"""The sliding filter and the pooling window in a browser: the lecture's numbers, and edits computed again by torch."""

import pytest
import torch
import torch.nn.functional as F

from tests.reports.live.examples import LECTURE, POOLED, cell, example, numbers, texts, typed

PICTURE, MAP = LECTURE.picture[0], LECTURE.convolution.maps[0]


def test_the_lectures_numbers_are_on_the_page(show):
    with show(example("convolution")) as window:
        assert numbers(window, "picture") == PICTURE.tolist()
        assert numbers(window, "feature map") == MAP.tolist()
        assert texts(window, "feature map")[0][2] == "−44" and texts(window, "feature map")[2][0] == "185.5"
        assert texts(window, "after ReLU")[0] == ["32.5", "0", "0", "0"]
        assert texts(window, "2×2 max pool") == [["104", "224"], ["217.5", "52.5"]]
        cell(window, "feature map", 0, 2).hover()
        assert "0.2·200 + 0.1·110" in window.locator(".sum").inner_text() and window.locator(".sum").inner_text().endswith("= −44")
        assert numbers(window, "products") == LECTURE.convolution.step(0, 0, 2).products[0].tolist()


def test_the_filter_steps_by_buttons_and_by_the_arrow_keys(show):
    with show(example("convolution")) as window:
        window.get_by_role("button", name="Next").click()
        assert window.locator(".sum").inner_text().startswith("row 0, column 1:")
        window.get_by_role("button", name="Back").click()
        window.get_by_role("button", name="Back").click()
        assert window.locator(".sum").inner_text().startswith("row 3, column 3:")
        cell(window, "feature map", 0, 0).focus()
        window.keyboard.press("ArrowDown")
        window.keyboard.press("ArrowRight")
        assert window.locator(".sum").inner_text().startswith("row 1, column 1:")
        assert window.evaluate("document.activeElement.textContent") == "104"
        window.locator("[role=status]", has_text="row 1, column 1:").wait_for(state="attached")  # said once it is quiet


@pytest.mark.parametrize(("stride", "padding", "dilation"), [(1, 0, 1), (2, 1, 1), (1, 2, 2), (3, 2, 1)])
def test_edits_give_what_torch_computes(show, stride, padding, dilation):
    with show(example("convolution")) as window:
        typed(window, "picture", 1, 2, "-12,5")
        typed(window, "filter", 2, 0, "1.25")
        for name, value in (("stride", stride), ("padding", padding), ("dilation", dilation)):
            window.get_by_label(name).fill(str(value))
        picture, weights = PICTURE.clone(), LECTURE.convolution.filters[0, 0].clone()
        picture[1, 2], weights[2, 0] = -12.5, 1.25
        wanted = F.conv2d(picture[None, None], weights[None, None], stride=stride, padding=padding, dilation=dilation)[0, 0]
        assert torch.allclose(torch.tensor(numbers(window, "feature map"), dtype=torch.float64), wanted, rtol=0, atol=1e-8)
        pooled = torch.tensor(numbers(window, "2×2 max pool"), dtype=torch.float64)
        assert torch.allclose(pooled, F.max_pool2d(wanted.clamp(min=0)[None], 2)[0], rtol=0, atol=1e-8)
        window.get_by_role("button", name="Reset").click()
        assert numbers(window, "feature map") == MAP.tolist()


def test_what_is_no_number_changes_nothing(show):
    with show(example("convolution")) as window:
        typed(window, "picture", 0, 0, "abc")
        cell(window, "picture", 0, 1).click()
        window.keyboard.type("9")
        window.keyboard.press("Escape")
        assert numbers(window, "picture") == PICTURE.tolist()
        window.get_by_label("dilation").fill("3")
        assert "does not fit" in window.locator(".sum").inner_text()


def test_the_curve_detector_has_6600_and_0_and_what_is_painted(show):
    with show(example("curve")) as window:
        assert texts(window, "feature map") == [["6600"]]
        window.get_by_role("button", name="another shape").click()
        assert texts(window, "feature map") == [["0"]]
        typed(window, "picture", 2, 3, "50")
        assert texts(window, "feature map") == [["1500"]]


def test_pooling_has_6_8_3_4_and_marks_the_largest(show):
    with show(example("pooling")) as window:
        assert texts(window, "after pooling") == [["6", "8"], ["3", "4"]]
        cell(window, "after pooling", 0, 1).hover()
        assert window.locator(".sum").inner_text() == "max(2, 4, 7, 8) = 8"
        assert window.locator("td.best").inner_text() == "8"
        typed(window, "feature map", 0, 2, "9")
        window.get_by_label("stride").fill("1")
        made = POOLED.picture[0].clone()
        made[0, 2] = 9
        assert numbers(window, "after pooling") == F.max_pool2d(made[None], 2, 1)[0].tolist()
        window.get_by_role("button", name="average").click()
        assert numbers(window, "after pooling") == F.avg_pool2d(made[None], 2, 1)[0].tolist()
