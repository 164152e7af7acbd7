"""A training as a person starts, stops and continues it; the studio is killed meanwhile, and all is found where it was."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from clearsight.base.lock import holder
from clearsight.runs.state import rows_of, state_of
from clearsight.runs.watched import lines_of, watched_in
from tests.studio.browsing import accessible, running, window

EPOCHS = 12
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")


def held(run):
    """The process that trains, as soon as it does; it is stopped, so that it waits for the test."""
    while (process := holder(run)) is None:
        assert state_of(run) != "finished"
        time.sleep(0.02)
    os.kill(process, signal.SIGSTOP)
    return process


def until(condition, seconds=240):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            pytest.fail("it takes too long")
        time.sleep(0.1)


def begun(page):
    """Fill in the form by keys alone."""
    page.get_by_role("link", name="Train", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_text("Time I have").wait_for()
    page.get_by_text("All settings").focus()
    page.keyboard.press("Enter")
    page.get_by_label("epochs", exact=True).focus()
    page.keyboard.type("0")
    page.keyboard.press("Tab")
    page.get_by_text("epochs must be at least 1. Got 0.").wait_for()
    for name, value in (("epochs", str(EPOCHS)), ("model", "lenet5")):
        page.get_by_label(name, exact=True).focus()
        page.keyboard.press("Control+a")
        page.keyboard.type(value)
        page.keyboard.press("Tab")
    page.locator(".command code", has_text=f"clearsight train --epochs {EPOCHS} --model lenet5 digits").wait_for()
    assert accessible(page) == []
    page.get_by_role("button", name="Train", exact=True).focus()
    page.keyboard.press("Enter")


def shown_answers(page, run):
    """The pictures of the page are those that the network of the last epoch has right."""
    page.locator(".where", has_text="Finished").wait_for()
    page.locator(".sum", has_text=f"After epoch {EPOCHS}, ").wait_for()
    found = watched_in(run, EPOCHS).probabilities
    labels = [one["label"] for one in json.loads((run / "watch" / "pictures.json").read_text())["pictures"]]
    right = found.argmax(1) == np.array(labels)
    assert page.locator(".watched li").evaluate_all("all => all.map(one => one.dataset.right)") == [str(bool(one)).lower() for one in right]
    assert f"{right.sum()} of 24 validation pictures are right" in page.locator(".sum").inner_text()


def test_it_is_stopped_goes_on_outlives_the_studio_and_is_found_again(chromium, tmp_path, monkeypatch):
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "cache"))
    words = ["train", "--epochs", str(EPOCHS), "--model", "lenet5", "--out", "undisturbed", "-q", "digits"]
    undisturbed = subprocess.Popen([sys.executable, "-m", "clearsight", *words], cwd=tmp_path, stdout=subprocess.DEVNULL)
    run = tmp_path / "runs" / "digits-lenet5"
    with running(tmp_path) as studio, window(chromium, studio, "net::ERR_", 422) as page:
        begun(page)
        page.locator(".watched li").first.wait_for()
        process = held(run)
        page.get_by_role("button", name="Stop").click()
        os.kill(process, signal.SIGCONT)
        page.locator(".where", has_text="Stopped; everything is saved").wait_for()
        assert state_of(run) == "interrupted"
        page.get_by_role("button", name="Go on").click()
        process = held(run)
        page.get_by_role("button", name="Stop").wait_for()
        studio.process.kill()
        os.kill(process, signal.SIGCONT)
        page.locator(".where", has_text="The studio does not answer").wait_for()
    until(lambda: state_of(run) == "finished")
    assert undisturbed.wait(240) == 0
    assert (run / "model.safetensors").read_bytes() == (tmp_path / "runs" / "undisturbed" / "model.safetensors").read_bytes()
    with running(tmp_path) as studio, window(chromium, studio) as page:
        page.get_by_role("link", name="Runs", exact=True).click()
        page.get_by_role("link", name="digits-lenet5", exact=True).click()
        shown_answers(page, run)
        page.get_by_text("Numbers of each epoch").click()
        epochs = page.locator("tr[data-epoch]").evaluate_all("all => all.map(one => Number(one.dataset.epoch))")
        assert epochs == [row["epoch"] for row in rows_of(run)] == list(range(1, EPOCHS + 1))
        steps = [line["epoch"] + line["step"] / line["steps"] for line in lines_of(run)[0]]
        assert len(steps) > 0
        page.get_by_role("slider", name="Epoch").focus()
        page.keyboard.press("Home")
        page.locator(".sum", has_text="After epoch 1, ").wait_for()
        assert page.url.endswith("?epoch=1")
        assert accessible(page) == []
        page.get_by_role("link", name="See inside", exact=True).click()
        page.get_by_text(re.compile("^digits-lenet5: ")).wait_for()  # the network is known without a restart
