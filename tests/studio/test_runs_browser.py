"""Many runs in one table: found, sorted, laid side by side, and what is wrong with one said in a line."""

import json
import time

import pytest

from clearsight.studio.web.runs import SHARED
from tests.studio.browsing import accessible, running, until, window
from tests.studio.test_runs import written

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    for k in range(60):
        run = written(folder / "runs" / f"run-{k}", top1=0.5 + k / 200, rows=1 + k % 4)
        (run / "evaluation.json").write_text(
            json.dumps({"top1": {"value": 0.5 + k / 200, "low": 0.4, "high": 0.9}, "part": "test", "n": 360})
        )
        (run / "results.csv").write_text(
            "epoch,loss,val_accuracy\n" + "".join(f"{n},{1 / n},{0.5 + n / 10}\n" for n in range(1, 2 + k % 4))
        )
        (run / "recipe.toml").write_text(f'model = "lenet5"\nlr = {0.1 * (1 + k % 2)}\nepochs = 4\n')
    failed = written(folder / "runs" / HOSTILE)
    (failed / "error.json").write_text(json.dumps({"error": f"training stopped: {HOSTILE}"}))
    (folder / "runs" / "foreign").mkdir()
    with running(folder) as one:
        one.runs = folder / "runs"
        yield one


def names(page):
    return page.locator(".runs tbody th").all_inner_texts()


def followed(page, studio):
    """What changes on the disk is seen in the list, which is asked for while it is seen; returns its questions, which go on."""
    asked = []
    page.on("request", lambda one: asked.append(one.url) if "/api/runs?" in one.url else None)
    box, order = page.get_by_label("run-11 side by side"), names(page)
    box.focus()
    page.locator(".runs tbody tr").evaluate_all("rows => rows.forEach(one => { one.kept = true; })")
    page.locator("main p.counts").evaluate("one => { one.firstChild.kept = true; }")
    with open(studio.runs / "run-10" / "results.csv", "a") as rows:
        rows.write("4,0.25,0.95\n")
    page.locator("tr", has_text="run-10").get_by_role("cell", name="4", exact=True).wait_for()
    drawn = "run-10 from 60 % to 95 % at epoch 4; run-11 from 60 % to 90 % at epoch 4"
    until(page, lambda: drawn in page.locator(".curves svg[role=img]").get_attribute("aria-label"))
    assert page.locator("main p.counts").evaluate("one => one.firstChild.kept")  # the same words are not said again
    seen(page, False)
    before = len(asked)
    written(studio.runs / "run-1-more", top1=0.5)
    page.wait_for_timeout(1000 * SHARED + 100)
    seen(page, False)  # which wakes it as its clock does
    assert len(asked) == before and names(page) == order
    seen(page, True)
    page.get_by_text("12 of 62 runs").wait_for()
    assert names(page) == [*order, "run-1-more"]
    kept = [bool(one) for one in page.locator(".runs tbody tr").evaluate_all("rows => rows.map(one => one.kept)")]
    assert kept == [True] * 11 + [False]
    assert box.evaluate("one => one === document.activeElement && one.checked")
    return asked


def seen(page, visible):
    """The page is hidden, as behind another tab, or seen."""
    script = """hidden => {
        Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(script, not visible)


def test_runs_are_found_sorted_and_laid_side_by_side_by_keys(chromium, studio):
    with window(chromium, studio) as page:
        page.keyboard.press("g")
        page.keyboard.press("r")
        page.get_by_text("61 runs", exact=True).wait_for()
        assert HOSTILE in names(page) and f"training stopped: {HOSTILE}" in page.locator("td.failed").inner_text()
        page.get_by_role("button", name="Accuracy").focus()
        page.keyboard.press("Enter")
        assert names(page)[:2] == [HOSTILE, "run-59"]
        row = page.locator("tr", has_text="run-59").inner_text()
        assert "79.5 % (40.0 % to 90.0 %), n = 360, test" in row and "‖ stopped" in row
        page.get_by_role("searchbox").fill("RUN-1")
        page.get_by_text("11 of 61 runs").wait_for()
        assert set(names(page)) == {"run-1", *(f"run-{k}" for k in range(10, 20))}
        for name in ("run-10", "run-11"):
            page.get_by_label(f"{name} side by side").focus()
            page.keyboard.press("Space")
        table = page.locator("table.differing")
        table.wait_for()
        assert table.locator("tbody tr").all_inner_texts() == ["lr\t0.1\t0.2"]
        drawing = page.locator(".curves svg[role=img]")
        assert drawing.get_attribute("aria-label") == (
            "Validation accuracy: run-10 from 60 % to 80 % at epoch 3; run-11 from 60 % to 90 % at epoch 4"
        )
        assert accessible(page) == []
        page.reload()
        page.get_by_text("11 of 61 runs").wait_for()
        table.wait_for()
        assert page.get_by_label("run-11 side by side").is_checked() and names(page)[0] == "run-19"
        asked = followed(page, studio)
        page.get_by_label("run-19 side by side").click()  # by mouse: no other box lies over it
        page.get_by_role("columnheader", name="run-19").wait_for()
        page.get_by_role("link", name="run-11", exact=True).click()
        page.get_by_role("button", name="Go on").wait_for()
        before = len(asked)
        assert page.locator(".command code").inner_text() == "clearsight train --resume runs/run-11"
        delays = []
        for epoch in (5, 6, 7):
            with page.expect_response(lambda found: "/rows?" in found.url):
                pass  # the longest wait: the page has just asked
            written = time.monotonic()
            with open(studio.runs / "run-11" / "results.csv", "a") as rows:
                rows.write(f"{epoch},0.1,0.9\n")
            page.locator(f"tr[data-epoch='{epoch}']").wait_for(state="attached")
            delays.append(time.monotonic() - written)
        assert min(delays) < 1.5, delays  # 0.5 s on an idle machine, also of a run that goes on without the studio's knowledge
        assert len(asked) == before  # the list is followed on its own screen only
