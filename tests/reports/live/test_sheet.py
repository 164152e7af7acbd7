"""The sheet of exercises in a browser: its points, and a command that is the verb's."""

import shlex

from click.testing import CliRunner

from clearsight.cli.exercises import exercises
from clearsight.exercises.sheet import sheet
from clearsight.exercises.table import GENERATORS, generate
from clearsight.reports.live.sheet import SEED, live_sheet
from tests.reports.live.examples import example


def test_points_do_not_depend_on_the_seed():
    points = [row["points"] for row in live_sheet().data["exercises"]]
    for seed in (0, 31):
        assert [generate(name, seed).points for name in GENERATORS] == points


def test_the_chosen_ones_are_those_of_the_command(show, tmp_path):
    points = "node => Number(node.dataset.value)"
    with show(example("sheet")) as window:
        assert window.locator(".facts b").last.evaluate(points) == sheet(SEED).points
        window.get_by_role("button", name="None").click()
        assert window.locator(".facts b").last.evaluate(points) == 0 and window.locator("code").first.inner_text() == ""
        for title in ("Max and average pooling", "FGSM on a linear model"):
            window.get_by_label(title).press("Space")
        window.get_by_label("seed").press("ArrowRight")
        chosen = sheet(SEED + 1, only=("pooling", "fgsm"))
        assert window.locator(".facts b").last.evaluate(points) == chosen.points
        command = shlex.split(window.locator("code").first.inner_text())
    program, verb, *words, out = command
    done = CliRunner().invoke(exercises, [*words, str(tmp_path / out)])
    text = (tmp_path / out).read_text(encoding="utf-8")
    assert (program, verb, done.exit_code) == ("clearsight", "exercises", 0) and all(one.title in text for one in chosen.exercises)
