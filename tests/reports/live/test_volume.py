"""Filters on a photograph in a browser: 28×28×6 from 456 parameters, and edits computed again by torch."""

import pytest
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure

from clearsight.look import convolution as on_paper
from clearsight.reports.live.convolution import MOST_NUMBERS, live
from clearsight.reports.live.page import page
from tests.reports.live.examples import VOLUME, example, numbers, typed

DONE = VOLUME.convolution


def value(window) -> float:
    return float(window.locator("[data-value]:has(> .sum)").get_attribute("data-value"))


def test_the_number_at_a_place_is_the_sum_of_the_products_of_all_channels(show):
    with show(example("volume")) as window:
        assert window.locator("figcaption", has_text="28×28×6, 456 parameters").count() == 1
        for f in (0, 3):
            window.locator(".wall canvas").nth(f).focus()
            window.keyboard.press("ArrowRight")
            assert window.evaluate("document.activeElement.getAttribute('aria-label')").startswith(DONE.names[f])
            y, x = 14, 15 + (f > 0)
            step = DONE.step(f, y, x)
            assert value(window) == float(DONE.maps[f, y, x]) == pytest.approx(step.sum)
            said = window.locator(".sum").inner_text()
            assert said.startswith(f"{DONE.names[f]} at {y},{x}: red ") and "bias 1 = " in said
            window.get_by_role("button", name="blue", exact=True).click()
            assert numbers(window, "pixels") == step.patch[2].tolist() and numbers(window, "weights") == DONE.filters[f, 2].tolist()
            assert numbers(window, "products") == step.products[2].tolist()


def test_edits_of_a_pixel_a_weight_and_the_geometry_are_torchs(show):
    with show(example("volume")) as window:
        window.get_by_role("button", name="green", exact=True).click()
        typed(window, "pixels", 1, 2, "250")
        typed(window, "weights", 0, 4, "-1.5")
        picture, filters = VOLUME.picture.clone(), DONE.filters.clone()
        picture[1, 15, 16], filters[0, 1, 0, 4] = 250, -1.5
        for stride, padding, dilation in ((1, 0, 1), (2, 3, 2)):
            for name, wanted in (("stride", stride), ("padding", padding), ("dilation", dilation)):
                window.get_by_label(name).fill(str(wanted))
            maps = F.conv2d(picture[None], filters, torch.ones(6, dtype=torch.float64), stride, padding, dilation)[0]
            window.locator(".wall canvas").first.focus()
            window.keyboard.press("ArrowLeft")
            y, x = map(int, window.locator(".sum").inner_text().split(":5 at ")[1].split(":")[0].split(","))
            assert value(window) == pytest.approx(float(maps[0, y, x]), abs=1e-8)
            assert window.locator(".wall canvas").first.get_attribute("width") == str(maps.shape[2])
        window.get_by_role("button", name="Reset").click()
        assert not window.evaluate("document.documentElement.classList.contains('edited')")


def test_a_stage_names_the_window_that_it_took(show):
    found = on_paper.calculate(through="avgpool", filters=["sobel-x", "1"])
    with show(page(live(found, "own"), Figure())) as window:
        window.locator(".wall canvas").last.focus()
        window.keyboard.press("ArrowUp")
        window.keyboard.press("ArrowLeft")
        seen = found.stages[0].window(0, 0, 0)
        said = window.locator(".sum").inner_text()
        assert said.startswith("after 2×2 average pooling, stride 2, row 0, column 0: the mean of ")
        assert said.replace("−", "-").endswith(f" is {seen.value:.6g}")


def test_a_page_has_cells_for_little_pictures_for_more_and_an_animation_beyond():
    pages = {
        "convolution": on_paper.calculate(),
        "pooling": on_paper.calculate("avgpool"),
        "volume": on_paper.calculate(through="relu,avgpool"),
    }
    assert {name: live(found, "").module for name, found in pages.items()} == {name: name for name in pages}
    large = on_paper.calculate(picture=torch.zeros(400, 400))
    assert large.picture.numel() + large.convolution.maps.numel() > MOST_NUMBERS and live(large, "") is None
