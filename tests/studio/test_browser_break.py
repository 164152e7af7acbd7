"""The screen Break as a person uses it, in a real browser: what the page shows is what torch computes, and the slider asks for nothing."""

from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from clearsight.attacks.quantization import levels
from clearsight.attacks.slider import LEVELS, saved_answers, slider
from clearsight.classifier import load
from clearsight.look.challenges import combined
from tests.studio.browsing import accessible, running, until, window
from tests.studio.nearest import NAMES, nearest

HOSTILE = "a <img src=x onerror=alert(1)>.png"
PIXELS = """k => {
  const one = document.querySelectorAll('figure.panel canvas')[k];
  return [...one.getContext('2d').getImageData(0, 0, one.width, one.height).data];
}"""
TOLD = """async address => {
  const [network] = address.match(/m_\\w+/);
  const [data] = address.match(/d_\\w+/);
  return (await fetch(`/api/networks/${network}/job/attack?data=${data}&n=30&method=pgd&epsilon=8/255`)).json();
}"""
DRAG = """() => {
  const range = document.querySelector('.eps input[type=range]');
  let least = 1e9;
  for (let k = 0; k <= 32; k++) {
    const start = performance.now();
    range.value = k;
    range.dispatchEvent(new Event('input'));
    least = Math.min(least, performance.now() - start);
  }
  return least;
}"""


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("break")
    nearest(folder)
    Image.open(next((folder / "scans" / "one").iterdir())).save(folder / HOSTILE)
    with running(folder, "run", "lenet5", "scans") as one:
        one.folder = folder
        yield one


def opened(page, studio):
    """The screen with a picture, by keyboard."""
    page.locator("main").focus()
    page.keyboard.press("g")
    page.keyboard.press("b")
    page.set_input_files("input[type=file]", studio.folder / HOSTILE)
    page.locator(".eps").wait_for()


def number(place) -> float:
    return float(place.get_attribute("data-value"))


def test_the_slider_has_the_answers_of_torch_and_asks_for_nothing(chromium, studio):
    known = load(studio.folder / "run")
    found = slider(known, studio.folder / HOSTILE, layers=["linear"])
    saved, changed, shape = saved_answers(known, found), levels(found.pictures()), found.picture.shape[1:]
    with window(chromium, studio) as page:
        opened(page, studio)
        page.locator("table[aria-label='Does it survive saving?'] tr").nth(2).wait_for()
        asked = []
        # the browser itself fetches the icon again where the address has changed
        page.on("request", lambda one: asked.append(one.url) if not one.url.endswith("/static/icon.svg") else None)
        range_ = page.locator(".eps input[type=range]")
        answer = page.locator("figure.panel[data-panel='2'] .label")
        assert page.get_by_role("button", name=f"First ε that fools: {LEVELS[found.first()]}/255").is_visible()
        range_.focus()
        for key, place in (("Home", 0), ("ArrowRight", 1), ("End", 32), ("ArrowLeft", 31), ("", found.first())):
            if key:
                page.keyboard.press(key)
            else:
                page.get_by_role("button", name="First ε that fools").press("Enter")
            best = int(found.probabilities[place].argmax())
            assert NAMES[best] in answer.inner_text()
            assert number(answer) == pytest.approx(float(found.probabilities[place, best]), abs=1e-5)
            drawn = np.array(page.evaluate(PIXELS, 2), np.uint8).reshape(*shape, 4)
            assert np.array_equal(drawn[..., 0], changed[place, 0].numpy()) and (drawn[..., 3] == 255).all()
            for row, kind in ((1, "png"), (2, "jpeg")):
                cell = page.locator("table[aria-label='Does it survive saving?'] tr").nth(row)
                assert number(cell.locator("td[data-value]")) == pytest.approx(float(saved[kind][place].max()), abs=1e-5)
                assert ("✗" in cell.inner_text()) == (int(saved[kind][place].argmax()) != found.label)
            moved = page.locator("table[aria-label='How far the layers move'] td[data-value]").first
            assert number(moved) == pytest.approx(float(found.drift["linear"][place]), abs=1e-5)
        assert page.evaluate(DRAG) < 16, "milliseconds of script for a frame"
        assert asked == []
        until(page, lambda: "at=32" in page.url)
        assert "--epsilon 64/255 --json" in page.locator(".command code").inner_text()
        canvas = page.locator("figure.panel[data-panel='2'] canvas")
        canvas.focus()
        page.keyboard.press("ArrowLeft")
        assert page.get_by_text("row 8, column 7: grey").first.is_visible()
        assert accessible(page) == []
        page.reload()  # the address is the state
        answer.wait_for()
        assert number(answer) == pytest.approx(float(found.probabilities[32].max()), abs=1e-5)
        page.get_by_role("combobox", name="Towards").select_option(label=NAMES[2])
        page.get_by_text("First ε for").or_(page.get_by_text("No ε of these makes it")).wait_for()
        towards = slider(known, studio.folder / HOSTILE, target=2)
        wanted = float(towards.probabilities[32].max())
        until(page, lambda: abs(number(answer) - wanted) < 1e-5)


def test_other_methods_and_random_weights(chromium, studio):
    with window(chromium, studio) as page:
        opened(page, studio)
        page.get_by_role("button", name="noise", exact=True).press("Enter")
        page.get_by_text("Black box: no gradient").wait_for()
        page.get_by_role("textbox", name="ε").fill("x")
        page.keyboard.press("Enter")
        page.get_by_text("ε is a number above 0").wait_for()
        page.get_by_role("textbox", name="ε").fill("64/255")
        page.keyboard.press("Enter")
        page.get_by_text("--method noise --epsilon 0.250980392 --json").wait_for()
        assert accessible(page) == []
        page.get_by_role("combobox", name="Network").select_option(label="lenet5")
        page.get_by_text("Random weights").wait_for()
        page.get_by_text("On the command line this takes a trained network.").wait_for()
        page.get_by_role("button", name="The whole set").press("Enter")
        page.get_by_text("no accuracy to lose").wait_for()


def test_every_corruption_is_answered_and_two_are_mixed(chromium, studio):
    known = load(studio.folder / "run")
    with window(chromium, studio) as page:
        opened(page, studio)
        page.get_by_role("button", name="Stress one picture").press("Enter")
        cells = page.locator(".panel5 td button")
        cells.nth(33 * 5 - 1).wait_for()
        for name, step in (("gaussian_noise", 1), ("fog", 5), ("surround", 3)):
            _, shares = combined(known, studio.folder / HOSTILE, [(name, step)])
            cell = page.locator(f".panel5 button[aria-label^='{name} {step}:']")
            assert number(cell) == pytest.approx(float(shares.max()), abs=1e-5) and NAMES[int(shares.argmax())] in cell.inner_text()
        cells.first.focus()
        for key in ("ArrowDown", "ArrowRight", "ArrowRight", "Enter"):  # shot noise, 3
            page.keyboard.press(key)
        page.get_by_text("shot noise:3").first.wait_for()
        page.get_by_role("combobox", name="then: the change").select_option("contrast")
        page.get_by_text("shot noise:3, then contrast:1").first.wait_for()
        best = page.locator("table[aria-label='The answer to the mixed picture'] td[data-value]").first
        _, shares = combined(known, studio.folder / HOSTILE, [("shot_noise", 3), ("contrast", 1)])
        assert number(best) == pytest.approx(float(shares.max()), abs=1e-5)
        until(page, lambda: "mix=shot_noise:3,contrast:1" in unquote(page.url))
        assert accessible(page) == []


def test_a_whole_set_is_attacked_as_a_job(chromium, studio):
    with window(chromium, studio) as page:
        page.goto(f"{studio.origin}/#/break?view=whole&n=30")
        page.get_by_role("main").get_by_role("combobox", name="Data").select_option(label="scans")
        page.get_by_role("button", name="Attack the set").press("Enter")
        page.get_by_text("of this measurement hold").or_(page.get_by_text("checks fail")).wait_for()
        told = page.evaluate(TOLD, page.url)
        assert told["state"] == "done" and told["result"]["n"] == 30
        page.get_by_text("The numbers").click()
        shown = page.locator("figure.accuracy td[data-value]").evaluate_all("all => all.map(one => Number(one.dataset.value))")
        assert shown == [point["value"] for point in told["result"]["curve"]]
        assert "n = 30" in page.locator("main").inner_text() and "pictures it has learnt from" in page.locator("main").inner_text()
        assert accessible(page) == []
