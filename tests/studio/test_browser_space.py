"""Neighbours and the map by a network in a real browser: what the page says is what the command line prints."""

import json
import shlex
import subprocess
import sys

import pytest

from tests.pictures import digit_folder
from tests.studio.browsing import accessible, running, window


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("space")
    root = digit_folder(folder / "scans", per_class=10, classes=3)
    root.joinpath("one").rename(root / "<img src=x onerror=alert(1)>")
    file = folder / "dropped.png"
    file.write_bytes(min((root / "two").iterdir()).read_bytes())
    with running(folder, "lenet5", "scans") as one:
        one.folder, one.file = folder, file
        yield one


def printed(studio, section):
    """What the command that a section shows prints."""
    words = section.locator(".command code").first.inner_text()
    done = subprocess.run([sys.executable, "-m", *shlex.split(words)], cwd=studio.folder, capture_output=True, check=True)
    return json.loads(done.stdout)


def test_neighbours_and_the_map_are_those_of_their_commands(chromium, studio):
    with window(chromium, studio) as page:
        page.set_input_files("input[type=file]", studio.file)
        near = page.locator("section.neighbours")
        near.locator(".near li").nth(10).wait_for()
        found = printed(studio, near)
        assert near.locator(".near bdi.name").all_inner_texts() == [one["name"] for one in found]
        assert near.locator(".near bdi.label").all_inner_texts() == [one["label"] for one in found]
        shown = near.locator(".cosine").evaluate_all("all => all.map(one => Number(one.dataset.value))")
        assert shown == pytest.approx([one["cosine"] for one in found], abs=1e-5) and shown[0] == pytest.approx(1)
        assert "among the 30 pictures." in near.inner_text() and "keeps no vectors" in near.inner_text()
        assert accessible(page) == []
        page.get_by_role("link", name="Data", exact=True).focus()
        page.keyboard.press("Enter")
        page.get_by_text("30 pictures at 16×16 pixels").wait_for()
        page.get_by_label("Placed by").focus()
        page.keyboard.press("ArrowDown")
        page.get_by_text("30 pictures, by the features before the last layer of lenet5").wait_for()
        assert page.evaluate("document.activeElement.tagName") == "SELECT"
        places = page.locator("section", has=page.locator(".points"))
        found = printed(studio, places)
        assert f"{100 * found['purity']:.1f} % have its label" in places.inner_text() and len(found["pictures"]) == 30
        assert accessible(page) == []
        page.reload()  # the address is the state
        page.get_by_text("30 pictures, by the features").wait_for()
