"""Start and the palette: the newest runs with their accuracy, the digits to begin with, and any place by its name."""

import json

import pytest

from tests.browser import violations
from tests.studio.browsing import accessible, running, until, window
from tests.studio.test_runs import written

HOSTILE = "<img src=x onerror=alert(1)>"
TOP1 = [{"value": 0.9, "low": 0.8, "high": 0.95}, {"value": 0.7, "low": None, "high": None, "reason": "these pictures chose the epoch"}]


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("start")
    for name, top1 in zip((HOSTILE, "second"), TOP1, strict=True):
        run = written(folder / "runs" / name)
        (run / "evaluation.json").write_text(json.dumps({"top1": top1, "part": "test", "n": 1360}))
    with running(folder) as one:
        yield one


@pytest.fixture
def page(chromium, studio):
    with window(chromium, studio) as one:
        yield one


SCREENS = (
    "Start", "Pictures", "Inside", "Break", "Data", "Labels", "Camera", "Train", "Runs", "Report", "Compare", "Networks", "Lecture",
)  # fmt: skip


def test_the_screens_are_a_column_and_in_a_narrow_window_a_list_behind_a_button(page):
    rail = page.get_by_role("navigation", name="Screens")
    links, top = rail.get_by_role("listitem").get_by_role("link"), page.locator(".top")
    assert links.all_inner_texts() == list(SCREENS)
    assert rail.locator("[aria-current=page]").all_inner_texts() == ["Start"]
    assert rail.get_by_role("list", name="Training").get_by_role("link").count() == 4
    assert top.bounding_box()["height"] < 60  # one row
    page.set_viewport_size({"width": 390, "height": 844})
    assert rail.bounding_box()["height"] == top.bounding_box()["height"] < 60
    menu = page.get_by_role("button", name="Start", exact=True)
    assert links.count() == 0  # they are hidden from the keyboard and the screen reader too
    menu.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Start" and menu.get_attribute("aria-expanded") == "true"
    assert violations(page) == []
    page.keyboard.press("Escape")
    assert links.count() == 0 and menu.evaluate("one => one === document.activeElement")
    menu.press("Enter")
    links.filter(has_text="Runs").press("Enter")
    page.get_by_role("button", name="Runs", exact=True).and_(page.locator("[aria-expanded=false]")).wait_for()
    page.get_by_role("heading", name="Runs", level=1).wait_for()


def test_the_newest_runs_are_cards_and_the_digits_are_one_click_away(page):
    cards = page.locator(".card")
    until(page, lambda: cards.count() == 2)
    words = {one.split("\n")[0]: one for one in cards.all_inner_texts()}
    assert "90.0 % (80.0 % to 95.0 %), n = 1,360, test" in words[HOSTILE] and "‖ stopped" in words[HOSTILE]
    assert "70.0 %, n = 1,360, test; no interval: these pictures chose the epoch" in words["second"]
    assert accessible(page) == []
    page.get_by_role("link", name="Try the digits", exact=True).click()
    page.get_by_label("Data").locator("option:checked", has_text="digits").wait_for(state="attached")
    page.locator(".command code", has_text="digits").wait_for()


def test_a_few_letters_and_enter_go_to_a_place(page):
    page.keyboard.press("/")
    field = page.get_by_role("combobox", name="Go to")
    options = page.get_by_role("listbox", name="Places").get_by_role("option")
    until(page, lambda: options.count() == 12)
    assert accessible(page) == []
    field.fill("img")
    until(page, lambda: options.all_inner_texts() == [f"{HOSTILE}\nrun"])
    field.fill("resnet 18")
    until(page, lambda: options.count() > 0 and all("resnet" in one and "18" in one for one in options.all_inner_texts()))
    field.fill("net")
    until(page, lambda: options.count() > 2)
    assert options.first.get_attribute("aria-selected") == "true"
    assert options.first.inner_text().startswith("Networks")  # names that begin with it come first
    page.keyboard.press("ArrowUp")
    assert options.last.get_attribute("aria-selected") == "true"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Networks", level=1).wait_for()
    page.keyboard.press("/")
    field.fill("second")
    until(page, lambda: options.count() == 1)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="second", level=1).wait_for()
    page.keyboard.press("/")
    field.fill("no place has this name")
    page.get_by_text("Nothing here has this name.").wait_for()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    until(page, lambda: not field.is_visible())
    page.get_by_role("heading", name="second", level=1).wait_for()
