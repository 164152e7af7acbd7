"""The screen Data as a person uses it, in a real browser: by mouse, by keyboard, with hostile names and files."""

import numpy as np
import pytest
from PIL import Image

from clearsight.base.errors import plain
from clearsight.datasets.decisions.journal import Journal
from clearsight.datasets.open import open_dataset
from tests.studio.browsing import accessible, running, until, window

HOSTILE = "<img src=x onerror=alert(1)> \u202eabc"


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """A studio with a folder of 42 pictures: one twice under two labels, and one that cannot be read."""
    root, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    for label in ("cat", HOSTILE):
        (root / "mine" / label).mkdir(parents=True)
        for k in range(20):
            Image.fromarray(rng.integers(0, 256, (16, 16, 3), np.uint8)).save(root / "mine" / label / f"{k:02}.png")
    Image.open(root / "mine" / "cat" / "00.png").save(root / "mine" / HOSTILE / "copy.png")
    (root / "mine" / "cat" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with running(root, "mine") as one:
        one.root = root
        yield one


@pytest.fixture
def screen(chromium, studio):
    """The screen Data, with its map."""
    with window(chromium, studio) as page:
        page.get_by_role("link", name="Data", exact=True).click()
        page.locator(".mapped").wait_for()
        yield page


def chosen(screen, words: str) -> None:
    """Wait until the grid has so many pictures."""
    screen.locator(".pictures .hint").get_by_text(words, exact=True).wait_for()


def test_every_picture_is_shown_with_its_own_pixels_and_opened_by_keyboard(screen, studio):
    names = open_dataset(studio.root / "mine")["all"].names.tolist()
    chosen(screen, "42 pictures")
    screen.locator(".grid").focus()
    for key in ("End", "Home", "ArrowRight", "ArrowLeft"):
        screen.keyboard.press(key)
    screen.locator(".grid [aria-selected=true]").filter(has_text=plain(names[0])).wait_for(state="attached")
    read = "() => [...document.querySelector('.grid canvas').getContext('2d').getImageData(0, 0, 80, 80).data]"
    cell = np.array(screen.evaluate(read), np.uint8).reshape(80, 80, 4)
    first = np.asarray(Image.open(studio.root / "mine" / names[0]).convert("RGB"))
    left = int(np.flatnonzero((cell[6::4, :, :3][:16] == first[:, :1]).all((0, 2)))[0])
    assert np.array_equal(cell[6 : 6 + 64 : 4, left + 2 : left + 66 : 4, :3], first)
    screen.keyboard.press("Enter")
    screen.locator("dialog img").wait_for()
    assert "open=0" in screen.url and screen.locator("dialog[open] h2").inner_text() == plain(names[0])
    assert accessible(screen) == []
    screen.keyboard.press("ArrowLeft")  # there is none before the first
    screen.keyboard.press("ArrowRight")
    screen.locator("dialog[open] h2").filter(has_text=plain(names[1])).wait_for()
    screen.keyboard.press("Escape")
    until(screen, lambda: "open" not in screen.url)
    broken = names.index("cat/broken.png")
    screen.goto(f"{screen.url}?open={broken}")  # the address is the state
    screen.reload()
    screen.locator("dialog .error").wait_for()
    assert "cannot be read" in screen.locator("dialog .error").inner_text()


def test_facets_the_map_and_problems_choose_pictures(screen, studio):
    assert accessible(screen) == []
    screen.set_viewport_size({"width": 390, "height": 844})
    screen.get_by_role("checkbox", name="cat").focus()
    screen.keyboard.press("Space")
    chosen(screen, "21 of 42 pictures")
    screen.set_viewport_size({"width": 1280, "height": 900})
    screen.reload()
    chosen(screen, "21 of 42 pictures")
    screen.locator(".mapped").wait_for()
    screen.get_by_role("button", name="Show all").click()
    chosen(screen, "42 pictures")
    screen.locator(".points").focus()
    for key in ("-", "Enter", *["ArrowRight"] * 40, *["ArrowDown"] * 40, "Enter"):  # a quarter of the map
        screen.keyboard.press(key)
    screen.locator(".pictures .hint").get_by_text(" of 42 pictures").wait_for()
    screen.keyboard.press("Escape")
    chosen(screen, "42 pictures")
    screen.get_by_role("button", name="Look for problems").click()
    screen.get_by_text("The same picture with different labels: 1 group").wait_for()
    assert screen.get_by_text("clearsight check mine --json").is_visible()
    assert "<img src=x onerror=alert(1)>" in screen.locator(".groups").nth(1).inner_text()  # shown literally
    screen.get_by_role("button", name="All are cat").click()
    screen.get_by_text("✓ All are cat.").wait_for()
    journal = Journal(studio.root / "runs" / "mine-labels" / "journal.db")
    assert sorted((one.kind, one.name, one.label) for one in journal.standing().values()) == [
        ("keep", "cat/00.png", ""), ("label", f"{HOSTILE}/copy.png", "cat"),
    ]  # fmt: skip
    screen.reload()  # the journal is the truth
    screen.get_by_text("✓ All are cat.").wait_for()
    screen.get_by_role("button", name="Undo").click()
    screen.get_by_role("button", name="All are cat").wait_for()
    assert journal.standing() == {}
    screen.get_by_role("button", name="Show them above").nth(1).click()
    chosen(screen, "2 of 42 pictures")
    assert accessible(screen) == []
