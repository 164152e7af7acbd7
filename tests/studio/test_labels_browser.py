"""Labels as a person uses it, by keys alone: the planted label is first, decisions are durable, undone, and merged from two windows."""

import re

import pytest

from clearsight.datasets.decisions.journal import Journal, journal_of
from clearsight.datasets.open import open_dataset
from tests.pictures import digit_folder
from tests.studio.browsing import accessible, running, until, window

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labels")
    root = digit_folder(folder / "scans", per_class=10, classes=3)
    (root / "zero" / "0001.png").rename(root / "two" / f"{HOSTILE}.png")
    (root / "one").rename(root / HOSTILE)
    with running(folder, "scans") as one:
        one.folder = folder
        yield one


def counts(page, words):
    page.locator(".counts", has_text=re.compile(words)).wait_for()


def wrong_left(page) -> float:
    """The estimate of wrong labels that are left; infinite where there is none."""
    found = re.search(r"about (\S+) wrong", page.locator(".counts").inner_text())
    return float(found.group(1)) if found else float("inf")


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def test_labels_by_keys(chromium, studio, monkeypatch):
    monkeypatch.chdir(studio.folder)
    journal = Journal(journal_of("scans"))
    with window(chromium, studio, 409) as page:
        page.get_by_role("link", name="Labels", exact=True).focus()
        press(page, "Enter")
        counts(page, "0 decided · 30 left · about")
        first = wrong_left(page)
        assert page.locator(".subject .hint").inner_text() == f"two/{HOSTILE}.png, 16×16 pixels"  # the planted label, shown literally
        assert "labelled two" in page.locator(".desk").inner_text() and "likely zero" in page.locator(".desk").inner_text()
        page.locator(".evidence canvas").nth(5).wait_for()
        assert accessible(page) == []
        press(page, "Enter")
        counts(page, "1 decided")
        assert [(entry.name, entry.was, entry.label) for entry in journal.entries()] == [(f"two/{HOSTILE}.png", "two", "zero")]
        for _ in range(9):  # a key that is held down repeats itself
            page.keyboard.down("s")
        page.keyboard.up("s")
        press(page, "ArrowRight", "ArrowLeft", " ")
        until(page, lambda: wrong_left(page) < first)  # it has learnt from three decisions, and no button was pressed
        press(page, "n")
        page.keyboard.type("2 new")  # no key of it decides anything
        press(page, "Enter")
        counts(page, "^4 decided · 26 left · about [^·]+$")
        assert [entry.kind for entry in journal.entries()] == ["label", "unsure", "keep", "label"]
        press(page, "z", "z")
        counts(page, "^2 decided · 28 left · about [^·]+$")
        assert "Undone" in page.locator("main p.hint[role=status]").inner_text()
        page.reload()
        other = page.context.new_page()
        other.goto(page.url)
        for one in (page, other):
            counts(one, "^2 decided · 28 left · about [^·]+$")
        names = [one.locator(".subject .hint").inner_text() for one in (page, other)]
        assert names[0] == names[1]
        press(page, "1")
        counts(page, "^3 decided")
        press(other, "1")
        counts(other, "^3 decided · 27 left · about [^·]+$")
        assert "another decision" in other.locator("main p.hint[role=status]").inner_text()
        assert [entry.undoes for entry in journal.entries()] == [None] * 4 + [4, 3, None]
    data = open_dataset("scans", labels=journal.path)["all"]
    assert dict(zip(map(str, data.names), map(data.label, range(30)), strict=True))[f"two/{HOSTILE}.png"] == "zero"
