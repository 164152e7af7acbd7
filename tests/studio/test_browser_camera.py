"""Classes by camera in a browser of its own, whose camera is the browser's moving test picture; and a browser without one."""

import pytest
from PIL import Image

from clearsight.datasets.open import open_dataset
from tests.browser import flagged
from tests.studio.browsing import accessible, running, until, window

FAKE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("camera")
    with running(folder, "lenet5") as one:
        one.folder = folder
        yield one


def counts(page):
    """The pictures of each class."""
    return [int(one.split()[0]) for one in page.locator(".classes li .count:nth-of-type(1)").all_inner_texts()]


def held(page, key, count):
    """Hold a key until its class has so many pictures."""
    page.keyboard.down(key)
    until(page, lambda: counts(page)[int(key) - 1] >= count)
    page.keyboard.up(key)


def test_a_class_by_camera_by_keys_alone(chromium, studio):
    with flagged(chromium, *FAKE) as browser, window(browser, studio, 422) as page:
        page.get_by_role("link", name="Camera", exact=True).focus()
        page.keyboard.press("Enter")
        page.get_by_label("Name of the set").fill("../My toys")
        page.get_by_label("Name of the set").press("Enter")
        page.get_by_role("button", name="Use the camera").press("Enter")
        page.get_by_role("button", name="Use the camera").wait_for(state="hidden")
        for name in ("cat", "../x", "Tür 2"):
            page.get_by_label("Name of a class").fill(name)
            page.keyboard.press("Enter")
        page.keyboard.down("2")  # a name that is no folder's is one line
        page.locator("main .error").filter(has_text="the name of a class has").wait_for()
        page.keyboard.up("2")
        held(page, "1", 3)
        held(page, "3", 3)
        page.locator(".camera .said .label").filter(has_text="%").wait_for()
        shares = page.locator(".classes li .count:nth-of-type(2)").all_inner_texts()
        assert sum(float(one.removesuffix(" %")) for one in shares if one) == pytest.approx(100, abs=0.2)
        data = open_dataset(studio.folder / "runs" / "camera-my-toys")["all"]
        shown = counts(page)
        assert data.classes == ("Tür 2", "cat") and [shown[2], shown[0]] == [int((data.labels == k).sum()) for k in (0, 1)]
        with Image.open(studio.folder / "runs" / "camera-my-toys" / "cat" / "00001.png") as one:
            assert one.size == (224, 224) and one.getextrema() != ((0, 0),) * 3
        assert page.get_by_text("clearsight train runs/camera-my-toys").is_visible()
        assert accessible(page) == []
        page.keyboard.press("z")
        until(page, lambda: counts(page)[2] < shown[2])
        page.reload()  # the folder is the truth
        page.get_by_text(f"{shown[0]} pictures", exact=True).first.wait_for()
    assert not (studio.folder / "My toys").exists() and sorted(one.name for one in (studio.folder / "runs").iterdir()) == ["camera-my-toys"]


def test_a_camera_that_is_not_there_is_one_line(chromium, studio):
    with window(chromium, studio) as page:
        page.keyboard.press("g")
        page.keyboard.press("c")
        page.get_by_role("button", name="Use the camera").press("Enter")
        page.locator("main .error").wait_for()
        assert page.locator("main .error").inner_text() in (
            "There is no camera on this machine.",
            "The browser did not allow the camera. Allow it next to the address of this page, and try again.",
        )
        assert accessible(page) == []
