"""How smoothly the slider of ε moves: a step at every frame, and what a frame takes."""

from pathlib import Path
from statistics import quantiles
from typing import Any

from common import Row, alone

FRAME = 1000 / 60  # ms
STEPS = 132  # four times over the slider
# resolves with the milliseconds from each frame to the next
MOVED = """(steps) => new Promise((done) => {
  const [slider, times] = [document.querySelector("input[type=range]"), []];
  let last = 0;
  const step = (now) => {
    if (last) times.push(now - last);
    last = now;
    if (times.length === steps) return done(times);
    slider.value = String((times.length + 1) % (Number(slider.max) + 1));
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})"""


def slider_rows(window: Any, address: str, file: Path, rest: int) -> list[Row]:
    """The ε slider of a photograph, once the page has computed all that it asks by itself."""
    window.goto(address)
    window.get_by_text("Ready.").wait_for()
    window.set_input_files("input[type=file]", file)
    window.locator(".said .label").wait_for()
    window.wait_for_timeout(rest)
    window.get_by_role("link", name="Break", exact=True).click()
    window.locator("input[type=range]").first.wait_for()
    window.wait_for_timeout(rest)
    times = window.evaluate(MOVED, STEPS)
    within = sum(one < 1.5 * FRAME for one in times) / len(times)
    return [
        alone(f"ε slider moved at every frame: a frame (limit {FRAME:.1f} ms)", times, "ms"),
        alone("ε slider: frames of which none was left out", [100 * within], "%"),
        alone("ε slider: the slowest of twenty frames", [quantiles(times, n=20)[-1]], "ms"),
    ]
