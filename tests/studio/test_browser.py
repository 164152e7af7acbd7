"""The studio as a person uses it, in a real browser: from a dropped picture to one multiplication, by mouse and by keyboard."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from clearsight.look.capture import captured
from clearsight.look.preprocessing_steps import answers
from clearsight.look.target import subject
from clearsight.look.unit import recompute_unit
from tests.browser import opened, violations
from tests.studio.browsing import accessible, running, window

MODEL = "lenet5"


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """A studio in a process of its own: its address, its origin and a picture."""
    folder = tmp_path_factory.mktemp("studio")
    file = folder / "a <img src=x onerror=alert(1)>.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 30), np.uint8)).save(file)
    with running(folder, MODEL) as one:
        one.file = file
        yield one


# a map of 600×600 values: its range, and its first and last pixel; as many arguments of one call would be too many
LARGE = """async () => {
  const { heated, range } = await import("/static/live/cursor.js");
  const values = new Float32Array(600 * 600);
  [values[0], values[values.length - 1]] = [-1, 2];
  const { data } = heated(values, 600, 600, 0, 2);
  return [...range(values), [...data.slice(0, 4)], [...data.slice(-4)]];
}"""


@pytest.fixture
def page(chromium, studio):
    """A page of its own; an answer of 422 is a line of it."""
    with window(chromium, studio, 422) as one:
        yield one


def test_from_a_dropped_picture_to_one_multiplication(page, studio):
    assert accessible(page) == []
    page.set_input_files("input[type=file]", studio.file)
    page.locator(".said .label").wait_for()
    assert studio.file.name in page.locator("main").inner_text()  # shown literally
    assert "Random weights" in page.locator(".said").first.inner_text()
    assert "token" not in page.url
    first = page.locator(".wall canvas").first
    first.wait_for()
    first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator(".scope .verdict").wait_for()
    title = page.locator(".scope h2").first.inner_text()
    layer, channel, y, x = re.fullmatch(r"The number at (\S+), channel (\d+) at (\d+),(\d+)", title).groups()
    found = subject(MODEL)
    rows = page.locator("table.mistakes tbody tr")
    rows.first.wait_for()
    mistakes = answers(found, str(studio.file))[1:]
    assert [one.split("\t") for one in rows.all_inner_texts()] == [
        [one.says, f"{'✗' if one.changed else '✓'} {one.label}", f"{100 * one.probability:.1f} %"] for one in mistakes
    ]
    model, given = found.model.eval(), found.inputs(str(studio.file))
    wanted = recompute_unit(model, given, layer, int(channel), (int(y), int(x)))
    assert "✓ equal" in page.locator(".scope .verdict").inner_text()
    shown = [float(one) for one in page.locator(".scope .terms td[data-value]").evaluate_all("all => all.map(one => one.dataset.value)")]
    assert sum(shown) == pytest.approx(wanted.steps[0]["value"], rel=1e-4)
    page.locator(".scope table[aria-label=products] td").nth(3).hover()
    assert page.evaluate(LARGE) == [-1, 2, [68, 1, 84, 255], [253, 231, 37, 255]]
    a, b, product = (float(one.replace("−", "-")) for one in re.split(" [×=] ", page.locator(".product").inner_text()))
    assert a * b == pytest.approx(product, rel=1e-2, abs=1e-3)
    assert accessible(page) == []
    page.keyboard.press("Escape")
    page.locator(".bars5 th button").first.press("Enter")  # from the score of a class, by keyboard alone
    with torch.no_grad():
        logits = model(given)[0]
    current = page.locator(".descent [aria-current]")
    current.wait_for()
    assert float(current.get_attribute("data-value")) == pytest.approx(float(logits.max()), rel=1e-5)
    for depth, layer in enumerate(("fc2", "fc1", "pool2", "conv2", "pool1", "conv1", "input"), 2):
        cell = page.locator(".scope table[aria-label=products] td").nth(12)
        step = page.locator(".scope .terms th button").first if depth < 5 else page.get_by_role("button", name="Where it came from")
        (cell if cell.count() else step).press("Enter")
        page.locator(".descent li").nth(depth - 1).wait_for()
        assert layer in current.inner_text() and "✓" in current.inner_text()
    assert "✓ equal to the network’s own input" in page.locator(".scope .verdict").inner_text()
    assert accessible(page) == []
    page.reload()  # the address is the state
    page.locator(".descent li").nth(7).wait_for()
    for left in range(7, -1, -1):  # up by one each time, and out
        page.locator(".scope h2").first.press("Escape")
        page.locator(".descent li").nth(left).wait_for(state="detached")
    page.go_back()  # the address is the state
    page.locator(".drop .big").wait_for()
    page.go_forward()
    page.locator(".said .label").wait_for()


def test_a_part_is_erased_by_keyboard_and_the_screen_becomes_a_file(chromium, page, studio, tmp_path):
    page.set_input_files("input[type=file]", studio.file)
    brush = page.locator(".erase canvas")
    brush.wait_for()
    brush.press("ArrowLeft")
    brush.press("Space")
    after = page.locator("table[aria-label='The answer to the picture as it is now'] td[data-value]")
    after.first.wait_for()
    found = subject(MODEL)
    changed = found.preprocessing.load(str(studio.file))
    rows, columns = (slice(k * changed.shape[1] // 14, (k + 1) * changed.shape[1] // 14) for k in (7, 6))
    changed[:, rows, columns] = changed.float().mean((1, 2)).round().to(torch.uint8)[:, None, None]
    with torch.no_grad():
        wanted = torch.softmax(found.model.eval()(found.preprocessing.normalise(changed[None]))[0], 0).max()
    assert float(after.first.get_attribute("data-value")) == pytest.approx(float(wanted), rel=1e-5)
    assert "erased=7.6" in page.url
    page.keyboard.press("?")
    page.get_by_role("heading", name="Keys").wait_for()
    assert accessible(page) == []
    page.keyboard.press("Escape")
    with page.expect_download() as loading:
        page.get_by_role("button", name="Export").click()
    loading.value.save_as(tmp_path / "screen.html")
    text = (tmp_path / "screen.html").read_text("utf-8")
    assert text.count("<script") == 2 and "http:" not in text.replace("http://www.w3.org", "") and "token" not in text
    with opened(chromium.new_page(), text.encode(), tmp_path) as alone:  # it asks for nothing, and its own policy finds nothing wrong
        assert studio.file.name in alone.locator("main").inner_text()
        assert alone.locator("img").evaluate_all("all => all.every(one => one.naturalWidth > 0)")
        stage = alone.get_by_role("slider", name="stage")  # its figures live
        stage.press("ArrowRight")
        alone.get_by_role("heading", name="pool1: ").wait_for()
        values = captured(found.model, found.inputs(str(studio.file)), ["pool1"])["pool1"][0]
        first = alone.locator(".wall figure").first
        first.locator("canvas").press("ArrowDown")
        channel, rows = int(first.inner_text().split()[1].rstrip(":")), values.shape[1]
        shown = float(first.locator("b").get_attribute("data-value"))
        assert shown == pytest.approx(float(values[channel, rows // 2 + 1, values.shape[2] // 2]), rel=1e-5)
        places = [alone.locator(one).bounding_box() for one in (".erase img:not(.drawn)", ".erase img.drawn")]
        assert places[0] == pytest.approx(places[1], abs=1)  # what was drawn over a picture still is
        assert alone.locator("section", has_text="Another picture").count() == alone.get_by_text("Restore the picture").count() == 0
        assert alone.locator(".bars5 .length").first.evaluate("one => one.getBoundingClientRect().width") > 10
        assert violations(alone) == []
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.get_by_text("6 filters of 5×5 px and 1 input channel").wait_for()
    page.get_by_text("parameters, input").wait_for()
    page.get_by_role("slider").first.wait_for()
    assert accessible(page) == []


def test_rubbish_is_one_line_and_the_page_lives(page, studio, tmp_path):
    files = {
        "empty.png": b"",
        "text.png": b"hello",
        "cut.png": Path(studio.file).read_bytes()[:60],
        "page.html": b"<script>alert(1)</script>",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    page.set_input_files("input[type=file]", [tmp_path / name for name in files])
    page.locator(".error").nth(len(files) - 1).wait_for()
    assert page.locator(".error").count() == len(files)
    page.set_input_files("input[type=file]", studio.file)
    page.locator(".said .label").wait_for()


def test_a_killed_computation_starts_again(page, studio):
    children = Path(f"/proc/{studio.process.pid}/task/{studio.process.pid}/children")
    if not children.exists():
        pytest.skip("only Linux tells the children of a process")
    for child in children.read_text().split():
        subprocess.run(["kill", "-9", child], check=True)
    page.get_by_role("link", name="Inside", exact=True).click()
    page.get_by_text("parameters, input").wait_for()
