"""The screen Networks in a real browser: what is typed, what is wrong with it, the registry, by mouse and by keyboard."""

import json
import shlex
from urllib.parse import unquote

import pytest
from click.testing import CliRunner

from clearsight.cli import clearsight
from clearsight.models import facts, names
from clearsight.models.sketch import sketch
from tests.models.formulas import ALEXNET_LECTURE, LECTURE
from tests.studio import browsing
from tests.studio.browsing import accessible, running, window

FORMULAS = {
    LECTURE: (1, 28, 28),
    ALEXNET_LECTURE: (3, 227, 227),
    "conv6-5x5p2 tanh avgpool conv16-5x5 tanh avgpool fc120 tanh fc84 tanh softmax": (1, 28, 28),
    "conv8-3x5/2d2 bn relu (conv8g8p1 conv16-1x1 relu)*2 globalpool softmax": (3, 40, 30),
    "fc32 relu dropout0.25 softmax": (2, 5, 7),
}
BROKEN = {
    "[(conv32 relu)*2 pool]*3 (fc128 relu)*N softmax": "N",
    "[(conv32 relu*2 pool]*3 softmax": "]",
    "conv32q relu": "q",
    "conv32 foo softmax": "foo",
    "fc relu": "fc",
    "conv8 (softmax relu)": "relu",
    "conv5-5x5 (pool)*9 softmax": "pool",
    "conv8 relu*1000000000 softmax": "1000000000",
    "\N{COLLISION SYMBOL}conv8 \N{COLLISION SYMBOL} pool": "\N{COLLISION SYMBOL}conv8",
    "conv8 <img src=x onerror=alert(1)>": "<img",
}


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with running(tmp_path_factory.mktemp("studio")) as one:
        yield one


@pytest.fixture
def page(chromium, studio):
    with window(chromium, studio) as one:
        one.keyboard.press("g")
        one.keyboard.press("n")
        one.locator("#a-text").wait_for()
        yield one


def until(page, what: str, value: int, which: int = 0) -> None:
    page.locator(".editor").nth(which).locator(f"dd[data-fact={what}][data-value='{value}']").wait_for()


def layers(summary) -> list[list[str]]:
    """Output, parameters, sum, multiply-adds and field of each layer, as the page writes them."""
    rows, total = [], 0
    for layer in (one for one in summary.rows if one.listed):
        total += layer.parameters
        seen, out = layer.receptive_field(), layer.output
        box = "" if not seen else "all" if seen["status"] == "whole input" else "×".join(map(str, seen["size"]))
        shape = "×".join(map(str, (*out[1:], out[0]) if len(out) == 3 else out))
        rows.append([shape, f"{layer.parameters:,}", f"{total:,}", f"{layer.macs:,}", box])
    return rows


def test_without_a_network_each_screen_has_a_way_on(page):
    for screen, way in (
        ("", "The lecture"),
        ("pictures", "Train one on the digits"),
        ("inside", "Train one on the digits"),
        ("break", "Train one on the digits"),
    ):
        page.evaluate("screen => { location.hash = `#/${screen}`; }", screen)
        page.locator("main").get_by_role("link", name=way, exact=True).wait_for()
    page.locator("main").get_by_role("link").press("Enter")
    page.get_by_role("heading", name="Train", exact=True).wait_for()


def test_what_is_typed_has_pythons_numbers(page):
    for text, (channels, height, width) in FORMULAS.items():
        wanted = sketch(text, (channels, height, width), 10).summary
        page.get_by_label("Input").fill(f"{height}×{width}×{channels}")
        page.locator("#a-text").fill(text)
        until(page, "parameters", wanted.parameters)
        for what, value in {"macs": wanted.macs, "depth": wanted.depth, "field": wanted.largest_field}.items():
            until(page, what, value)
        cells = (
            page.locator(".editor")
            .first.locator("table.layers tbody tr")
            .evaluate_all("all => all.map(row => [...row.querySelectorAll('td:not(.bar)')].map(cell => cell.textContent))")
        )
        assert cells == layers(wanted)
        train = page.locator(".editor").first.get_by_role("link", name="Train this", exact=True)
        assert unquote(train.get_attribute("href")) == f"#/train?model={text}"
    browsing.until(page, lambda: "fc32" in page.url)  # the address is the state
    page.reload()
    until(page, "parameters", wanted.parameters)
    train.click()
    page.locator(".command code", has_text=f"clearsight train --model '{text}'").wait_for()


def test_what_is_wrong_is_underlined_where_it_is(page):
    field, mark = page.locator("#a-text"), page.locator(".editor").first.locator("mark")
    for text, wrong in BROKEN.items():
        field.fill(text)
        mark.wait_for()
        assert mark.inner_text() == wrong and page.locator(".copy").first.inner_text().rstrip() == text
        assert field.get_attribute("aria-invalid") == "true"
        assert page.locator(".editor .sum").first.inner_text() == sketch(text).reason
        assert page.locator(".editor").first.get_by_role("link", name="Train this", exact=True).count() == 0
        field.fill("")
        mark.wait_for(state="detached")
    # the copy below the field has the same letters at the same places
    same = "one => { const s = getComputedStyle(one); return [s.font, s.padding, s.letterSpacing, one.clientWidth, one.clientHeight] }"
    assert field.evaluate(same) == page.locator(".copy").first.evaluate(same)
    field.fill("conv8 relu")
    page.get_by_text("It has no classes yet: end it with softmax").first.wait_for()
    page.get_by_role("button", name="softmax").first.click()
    until(page, "parameters", sketch("conv8 relu softmax", (1, 28, 28)).summary.parameters)
    assert field.input_value() == "conv8 relu softmax" and field.get_attribute("aria-invalid") == "false"


def test_hostile_and_hasty_typing(page):
    field = page.locator("#a-text")
    for text, says in {"conv8 " * 10**5: "600,000 characters; 20,000 are allowed", "(" * 19_000: "this bracket is never closed"}.items():
        field.evaluate("(one, text) => { one.value = text; one.dispatchEvent(new Event('input')) }", text)
        page.locator(".editor .sum").first.get_by_text(says).wait_for()
    field.fill("")
    sent = []
    page.on("request", lambda asked: sent.append(asked.url) if "formula" in asked.url else None)
    field.press_sequentially(LECTURE)
    assert field.input_value() == LECTURE
    until(page, "parameters", sketch(LECTURE, (1, 28, 28)).summary.parameters)
    assert 0 < len(sent) <= len(LECTURE)
    page.get_by_label("Input").fill("0×5×1")
    page.locator(".editor .sum").first.get_by_text("input must be 1 to 10,000 rows and columns").wait_for()
    page.get_by_label("Input").fill("much")
    page.get_by_text("Input: much is not a size such as 32×32×3").wait_for()


def test_the_registry_is_all_there_by_points_and_rows(page):
    points = page.locator(".point")
    points.first.wait_for(state="attached")
    every = {one.name: one for one in facts.every()}
    assert sorted(points.evaluate_all("all => all.map(one => one.dataset.name)")) == sorted(names())
    rows = page.locator("table[aria-label=Networks] tbody tr")
    for name in ("lenet5", "vgg16", "resnet50.keras", "efficientnet_b0", "vit_b_16"):
        one, cells = every[name], rows.locator(f"xpath=self::tr[@data-name='{name}']/td").all_inner_texts()
        assert cells[:5] == [one.family, str(one.year), f"{one.parameters:,}", f"{one.macs:,}", str(one.depth)]
        label = page.locator(f".point[data-name='{name}']").get_attribute("aria-label")
        assert label == f"{name}, {one.year}, {one.parameters:,} parameters"
    page.get_by_label("Name, family or paper").fill("resnet")
    page.get_by_label("At most parameters").fill("30M")
    page.get_by_label("From year").select_option("2016")
    wanted = [
        one.name for one in every.values()
        if "resnet" in f"{one.name} {one.family} {one.paper}".lower() and one.parameters <= 30e6 and one.year >= 2016
    ]  # fmt: skip
    page.get_by_role("button", name="multiply-adds").click()
    shown = rows.evaluate_all("all => all.map(one => one.dataset.name)")
    assert shown == sorted(wanted, key=lambda name: (every[name].macs, name)) and 0 < len(shown) < 50
    assert page.locator(".point:not(.out)").count() == len(wanted)
    assert page.locator("th[data-column=macs]").get_attribute("aria-sort") == "ascending"
    page.get_by_label("At most parameters").fill("<b>")
    page.get_by_text("At most parameters: <b> is not a number such as 25000000 or 25M.").wait_for()
    page.reload()
    rows.first.wait_for()
    assert rows.evaluate_all("all => all.map(one => one.dataset.name)") == shown  # the address is the state
    page.get_by_label("From year").select_option("")
    _, *words = shlex.split(page.locator(".command code", has_text="--match").inner_text())
    said = json.loads(CliRunner().invoke(clearsight, words).stdout)
    assert rows.evaluate_all("all => all.map(one => one.dataset.name)") == [one["name"] for one in said] and len(said) > len(shown)
    keras = page.locator("table[aria-label='The lecture’s 26 models'] tbody tr")
    assert keras.count() == 26 and keras.nth(1).locator("td").nth(4).inner_text() == "138,357,544"


def test_by_keyboard_alone_a_network_is_opened_compared_and_seen_inside(page):
    page.locator(".point").first.wait_for(state="attached")
    shown = page.locator("table[aria-label=Networks] tbody tr")
    search = page.get_by_label("Name, family or paper")
    search.press_sequentially("lenet5")  # axe looks at each cell: of hundreds of equal rows, at one
    browsing.until(page, lambda: shown.count() == 1)
    assert accessible(page) == []
    search.press("Control+a")
    search.press("Delete")
    browsing.until(page, lambda: shown.count() == len(names()))
    present = page.locator(".point[tabindex='0']")
    assert present.count() == 1
    present.focus()
    page.keyboard.press("End")
    order = sorted(facts.every(), key=lambda one: (one.year, one.parameters, one.name))
    assert page.evaluate("document.activeElement.dataset.name") == order[-1].name
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.dataset.name") == order[-2].name
    page.keyboard.press("Home")
    page.keyboard.press("ArrowUp")
    by_size = sorted(facts.every(), key=lambda one: (one.parameters, one.name))
    above = by_size[[one.name for one in by_size].index(order[0].name) + 1]
    assert page.evaluate("document.activeElement.dataset.name") == above.name
    row = page.locator("table[aria-label=Networks] tbody button[tabindex='0']")
    row.focus()
    while page.evaluate("document.activeElement.textContent") != "lenet5":
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator(".one dd").first.wait_for()
    one = facts.facts("lenet5")
    assert [int(value) for value in page.locator(".one dd[data-value]").evaluate_all("all => all.map(one => one.dataset.value)")] == [
        one.parameters, one.macs, one.depth, one.residual_sums,
    ]  # fmt: skip
    assert one.paper in page.locator(".one").inner_text() and "one=lenet5" in page.url
    page.get_by_role("button", name="Compare with what is typed").press("Enter")
    page.locator(".sides").wait_for()
    two = [sketch(text, (1, 28, 28), 10).summary for text in (LECTURE, "lenet5")]
    for what, count in {"parameters": "parameters", "macs": "macs", "field": "largest_field"}.items():
        told = page.locator(f".sides td[data-fact={what}]").evaluate_all("all => all.map(one => Number(one.dataset.value))")
        assert told == [getattr(one, count) for one in two]
    search.press_sequentially("lenet5")
    browsing.until(page, lambda: shown.count() == 1)
    assert accessible(page) == []
    page.get_by_role("link", name="Open in Inside", exact=True).press("Enter")
    page.get_by_text("61,706 parameters, input").wait_for()
    assert page.locator("#network option:checked").inner_text() == "lenet5"
