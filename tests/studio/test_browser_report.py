"""The screens Report and Compare as a person uses them, in a real browser: every number is Python's, a slider asks nothing."""

import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits

import clearsight as cs
from clearsight.base.errors import plain
from clearsight.cli import main
from clearsight.evaluation.answers import FILE, read, save
from clearsight.evaluation.deciding import decide
from clearsight.evaluation.evaluate import Evaluation
from clearsight.evaluation.recorded import recorded
from clearsight.metrics.calibration import binned, mean_gap
from clearsight.metrics.intervals import wilson
from clearsight.reports.of_run import report_training
from tests.studio.browsing import accessible, running, until, window

PIXELS = """picture => {
  const pen = document.createElement("canvas").getContext("2d");
  pen.drawImage(picture, 0, 0);
  return [...pen.getImageData(0, 0, 8, 8).data];
}"""
COLOUR = "(canvas, [x, y]) => [...canvas.getContext('2d').getImageData(x, y, 1, 1).data]"
HOSTILE = "<img src=x onerror=alert(1)> \u202eabc"


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """A studio above four runs: two judged, one as an older version left it, one of hostile names whose data are gone."""
    root = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLEARSIGHT_CACHE", str(root / "cache"))
        for name, lr in (("a", 0.001), ("b", 0.02)):
            trained = cs.train("digits", model="pixels", epochs=1, lr=lr, speed="plain", out=str(root / "runs" / name), quiet=True)
            report_training(trained, quiet=True)
            if name == "a":
                shutil.copytree(root / "runs" / "a", root / "runs" / "validated")
            cs.report(trained, quiet=True)
        for name in ("old", "foreign"):
            shutil.copytree(root / "runs" / "a", root / "runs" / name)
        for name in "ab":
            patch.setattr("sys.argv", ["clearsight", "evaluate", str(root / "runs" / name), str(turned(root / "turned.npz")), "--quiet"])
            with pytest.raises(SystemExit):
                main()
    (root / "runs" / "old" / FILE).unlink()
    (root / "runs" / "foreign" / "run.json").write_text(json.dumps({"data": "s3://else/where", "recipe": {"lr": 1}}))
    found = read(root / "runs" / "a")
    classes = (HOSTILE, *found.classes[1:])
    names = found.names.copy()
    names[0] = HOSTILE
    save(root / "runs" / "foreign", replace(found, classes=classes, names=names))
    with running(root) as one:
        one.root = root / "runs"
        yield one


def turned(path):
    """A hundred digits upside down, in a file."""
    digits = load_digits()
    np.savez(path, x=(digits.images[:100, ::-1, ::-1] * 15).astype(np.uint8), y=digits.target[:100])
    return path


@pytest.fixture
def page(chromium, studio):
    with window(chromium, studio) as one:
        yield one


def opened(page, studio, screen: str, name: str = "", query: str = "") -> None:
    """Go to a screen, of a run."""
    ids = {row["name"]: row["id"] for row in page.evaluate("fetch('/api/runs').then(one => one.json())")["runs"]}
    studio.ids = ids
    page.goto(f"{studio.origin}/#/{screen}{'/' + ids[name] if name else ''}{query}")


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def share(hits: int, n: int) -> str:
    low, high = wilson(hits, n)
    return f"{percent(hits / n)} (95 % interval {percent(low)} to {percent(high)})"


def test_the_report_is_that_of_the_evaluation(page, studio):
    stored, found = json.loads((studio.root / "a" / "evaluation.json").read_text()), read(studio.root / "a")
    opened(page, studio, "report", "a")
    page.locator(".summary .label").wait_for()
    hits = int(found.right.sum())
    assert page.locator(".summary .label").inner_text() == f"{percent(stored['top1']['value'])} right"
    assert f"{hits} of {len(found)} pictures: top-1 accuracy {share(hits, len(found))}" in page.locator(".summary").inner_text()
    assert f"{stored['nll']:.4f}" in page.locator(".summary").inner_text()
    assert f"clearsight evaluate {'runs/a'} --json" in page.locator(".command code").last.inner_text()
    cells = page.locator(".confusion tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.querySelectorAll('td')].map(one => one.textContent))"
    )
    assert [[int(one.replace("·", "0")) for one in row] for row in cells] == stored["confusion"]
    pairs = page.locator("ol.pairs li").all_inner_texts()
    assert pairs == [
        f"{one['truth']} answered as {one['prediction']} {one['n']} of {round(one['n'] / one['share'])} ({percent(one['share'])})"
        for one in stored["confused_pairs"]
    ]
    rows = {
        row.split("\t")[0]: row.split("\t")[1:] for row in page.locator("section:has(> h2:text-is('Classes')) tbody tr").all_inner_texts()
    }
    for one in stored["per_class"]:
        assert rows[one["label"]] == [share(round(one["recall"] * one["n"]), one["n"]), percent(one["precision"]), str(one["n"])]
    told = page.locator("section:has(> h2:text-is('Is it as sure as it is right?'))")
    assert f"expected calibration error {percent(stored['ece'])}" in told.inner_text() and stored["ece"] == mean_gap(
        binned(found.confidences, found.right)
    )
    bins = [one for one in stored["reliability"] if one["n"]]
    for row, one in zip(told.locator("tbody tr").all_inner_texts(), bins, strict=True):
        low, high = wilson(round(one["accuracy"] * one["n"]), one["n"])
        wanted = [str(one["n"]), percent(one["confidence"]), f"{percent(one['accuracy'])} ({percent(low)} to {percent(high)})"]
        assert row.strip().split("\t")[1:] == wanted
    assert accessible(page) == []


def test_the_slider_asks_nothing_and_says_what_python_says(page, studio):
    found = read(studio.root / "a")
    with page.expect_response(lambda one: "/pictures?" in one.url):  # the last that the screen asks for where no picture is shown
        opened(page, studio, "report", "a", "?show=bin.99")
    page.get_by_text("There is none.").wait_for()
    asked: list[str] = []
    page.on("request", lambda one: None if one.url.endswith("icon.svg") else asked.append(one.url))  # the browser's, of any new address
    handle = page.get_by_role("slider", name="Answer when at least this sure")
    evaluation = Evaluation(found.classes, found.names, found.labels, found.logits, found.temperature)
    for value in (0, 333, 500, 871, 990, 1000):
        handle.fill(str(value))
        n, accuracy = evaluation.accepted(value / 1000)
        wrong = 0 if accuracy is None else n - round(accuracy * n)
        error = share(wrong, n) if n else "–"
        wanted = (
            f"At least {percent(value / 1000)} sure: {n} of {len(found)} pictures are answered ({percent(n / len(found))}), "
            f"{wrong} of them wrong: error {error}."
        )
        assert page.locator(".threshold .sum").inner_text() == wanted
    handle.press("ArrowLeft")
    page.wait_for_url(re.compile("at=999"))
    assert asked == []
    handle.fill("500")
    page.get_by_role("button", name="wrong", exact=False).first.press("Enter")
    n, accuracy = evaluation.accepted(0.5)
    page.locator(".chosen h2").get_by_text(f"Wrong, and at least 50.0 % sure: {n - round(accuracy * n)}").wait_for()
    page.reload()  # the address is the state
    page.locator(".chosen h2").get_by_text("Wrong, and at least 50.0 % sure").wait_for()


def test_a_cell_a_class_and_a_bin_open_their_pictures_by_keyboard(page, studio):
    stored, found = json.loads((studio.root / "a" / "evaluation.json").read_text()), read(studio.root / "a")
    opened(page, studio, "report", "a")
    page.locator(".confusion").wait_for()
    names = page.locator(".answers .name").all_inner_texts()
    assert names[:24] == [one["source"] for one in stored["mistakes"]][: len(names)]  # at first the mistakes, the most confident first
    page.locator(".confusion td[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    rows = [row for row in np.argsort(-found.confidences, kind="stable") if found.labels[row] == 1 == found.predictions[row]]
    page.locator(".chosen h2").get_by_text(f"1 answered as 1: {len(rows)} of {int((found.labels == 1).sum())}").wait_for()
    assert page.evaluate("document.activeElement.matches('.chosen h2')") and "show=cell.1.1" in page.url
    assert page.locator(".answers .name").all_inner_texts() == [found.names[row] for row in rows[:24]]
    page.locator(".answers button.member").first.wait_for()
    page.get_by_role("button", name="Show more of").press("Enter")
    assert page.locator(".answers li").count() == min(48, len(rows))
    page.locator(".answers button.member").first.press("Enter")
    page.locator("dialog[open] img").wait_for()
    data = cs.open_dataset("digits")["test"]
    place = list(data.names).index(found.names[rows[0]])
    shown = page.locator("dialog[open] img").evaluate(PIXELS)
    assert np.array_equal(np.array(shown, np.uint8).reshape(8, 8, 4)[..., 0], data.source(place))  # its own pixels
    page.keyboard.press("Escape")
    page.get_by_role("button", name="3", exact=True).press("Enter")
    wrong = sorted(
        np.flatnonzero(found.labels == 3),
        key=lambda row: float(Evaluation(found.classes, found.names, found.labels, found.logits, found.temperature).probabilities[row, 3]),
    )
    page.locator(".chosen h2").get_by_text("the least probable first").wait_for()
    assert page.locator(".answers .name").first.inner_text() == found.names[wrong[0]]


def test_why_the_answer_and_not_the_truth(chromium, studio):
    with window(chromium, studio, 422) as page:  # softmax regression has no maps, as Pictures says of it
        why_not_the_truth(page, studio)


def why_not_the_truth(page, studio) -> None:
    """The map of a confused picture, its checks, and the way to Pictures."""
    stored, found = json.loads((studio.root / "a" / "evaluation.json").read_text()), read(studio.root / "a")
    pair = stored["confused_pairs"][0]
    truth, answer = (found.classes.index(pair[name]) for name in ("truth", "prediction"))
    opened(page, studio, "report", "a", f"?show=cell.{truth}.{answer}")
    page.locator(".answers button.member").first.press("Enter")
    dialog = page.locator("dialog[open]")
    dialog.get_by_role("heading", name=f"Why {pair['prediction']} and not {pair['truth']}", exact=True).wait_for()
    rows = [row for row in np.argsort(-found.confidences, kind="stable") if (found.labels[row], found.predictions[row]) == (truth, answer)]
    data = cs.open_dataset("digits")["test"]
    picture = data.source(list(data.names).index(found.names[rows[0]]))
    for method in ("occlusion", "input-x-gradient"):
        wanted = cs.explain(studio.root / "a", picture, method, label=pair["prediction"], against=pair["truth"])
        dialog.get_by_role("button", name=method, exact=True).press("Enter")
        checks = [f"{'✓' if one.ok else '✗'} {one.check}" for one in wanted.verdict.checks]
        until(page, lambda checks=checks: dialog.locator(".said li").all_inner_texts() == checks)
        name = dialog.locator(".said .label")
        assert name.inner_text() == f"{method}: {pair['prediction']}, not {pair['truth']}"
        assert ("struck" in name.get_attribute("class")) == bool(wanted.failed)  # a map that fails confesses
        heat, canvas = wanted.heat.numpy(), dialog.locator(".heat canvas")
        place = np.unravel_index(heat.argmax(), heat.shape)
        assert len(np.unique(heat)) > 2 and canvas.evaluate(COLOUR, [int(one) for one in reversed(place)]) == [253, 231, 37, 255]
    assert f"--class={pair['prediction']} --against={pair['truth']} --json" in dialog.locator(".command code").inner_text()
    assert accessible(page) == []
    dialog.get_by_role("button", name="Open in Pictures", exact=True).press("Enter")
    page.locator(".said .label").first.wait_for()
    assert page.locator(".said .label").first.inner_text() == f"{pair['prediction']}, {percent(float(found.confidences[rows[0]]))}"


def test_b_against_a_is_a_sentence_and_the_pictures_that_decide(page, studio):
    decision = decide(studio.root / "a", studio.root / "b")
    wanted = decision.comparison
    opened(page, studio, "report")
    opened(page, studio, "compare")
    rows = [row for row in page.evaluate("fetch('/api/runs').then(one => one.json())")["runs"] if row["top1"]]  # the newest first
    alike = ((one, row) for row in rows for one in rows if one is not row and all(one[what] == row[what] for what in ("data", "part", "n")))
    page.get_by_label("B", exact=True).wait_for()
    assert [page.get_by_label(side, exact=True).input_value() for side in "AB"] == [row["id"] for row in next(alike)]
    opened(page, studio, "compare", query=f"?a={studio.ids['a']}&b={studio.ids['b']}")
    page.locator(".compared > .label").wait_for()
    words = page.locator(".compared > .label").inner_text()
    assert words.startswith(f"B is better on {wanted.only_b}, worse on {wanted.only_a}: p ")
    assert page.locator(".compared > p").nth(1).inner_text() == wanted.sentence
    for title, rows in (("B", decision.only_b), ("A", decision.only_a)):
        some = page.locator(f"section:has(> h2:text-is('Right with {title} alone: {len(rows)}'))")
        assert some.locator(".name").all_inner_texts() == [decision.a.names[row] for row in rows[:24]]
    assert page.locator(".differing tbody tr").all_inner_texts() == ["lr\t0.001\t0.02"]
    page.locator(".answers button.member").first.wait_for()
    assert accessible(page) == []
    [folder] = (studio.root / "a" / "judged").iterdir()
    other = decide(studio.root / "a", studio.root / "b", (folder, studio.root / "b" / "judged" / folder.name)).comparison
    judged = page.get_by_role("combobox", name="Judged on")
    assert [words.partition(":")[0] for words in judged.locator("option").all_inner_texts()] == ["digits, test", "turned, all"]
    judged.select_option(index=1)
    page.locator(".compared > p", has_text=other.sentence).wait_for()
    assert page.locator(".compared > .label").inner_text().startswith(f"B is better on {other.only_b}, worse on {other.only_a}: p ")
    assert page.locator(".command code").inner_text() == "clearsight compare runs/a runs/b turned --part all --json"
    page.get_by_label("B", exact=True).select_option(studio.ids["validated"])
    page.get_by_text("a comparison needs the same pictures on both sides").wait_for()
    assert page.get_by_text("clearsight evaluate runs/validated").is_visible()
    page.get_by_label("A", exact=True).select_option(studio.ids["validated"])
    page.get_by_text("none is left to judge on").wait_for()
    page.get_by_label("B", exact=True).select_option(studio.ids["old"])
    page.get_by_text("has no answers.safetensors").wait_for()
    assert page.get_by_role("link", name="Evaluate old", exact=True).get_attribute("href") == f"#/report/{studio.ids['old']}"


def test_older_runs_and_strangers_names_are_shown_as_they_are(page, studio):
    opened(page, studio, "report", "old")
    page.locator(".error").get_by_text("runs/old has no answers.safetensors: make it with clearsight evaluate runs/old").wait_for()
    page.locator(".command code").wait_for()
    assert page.locator(".command code").inner_text() == "clearsight evaluate --part val --json runs/old"  # what may choose between runs
    page.get_by_role("combobox", name="Pictures").select_option("test")
    page.locator(".command code", has_text="--part test").wait_for()
    page.get_by_role("combobox", name="Pictures").select_option("val")
    assert accessible(page) == []
    page.get_by_role("button", name="Evaluate", exact=True).press("Enter")
    page.get_by_role("link", name="Show these answers", exact=True).press("Enter", timeout=600_000)  # a job of low priority
    page.locator(".summary .label").wait_for()
    [folder] = (studio.root / "old" / "judged").iterdir()
    judged = read(folder)
    hits = int(judged.right.sum())
    assert judged.part == "val" and "of=j_" in page.url
    assert f"{hits} of {len(judged)} pictures: top-1 accuracy {percent(hits / len(judged))}" in page.locator(".summary").inner_text()
    assert "val part" in page.locator(".summary").inner_text()
    page.locator(".answers button.member").first.wait_for()  # its pictures are found
    shutil.copy(studio.root / "a" / FILE, studio.root / "old" / FILE)
    page.reload()
    choice = page.get_by_role("combobox", name="Judged on")
    choice.wait_for()
    assert choice.locator("option:checked").inner_text() == f"digits, val: {percent(hits / len(judged))}, n = {len(judged)}"
    choice.select_option("own")
    page.locator(".summary", has_text="test part").wait_for()
    (studio.root / "old" / FILE).unlink()
    opened(page, studio, "report", "foreign", "?show=class.0")
    page.get_by_text("The pictures are not shown: its data, where, are not on this machine.").wait_for()
    assert plain(HOSTILE) in page.locator(".confusion").inner_text() and plain(HOSTILE) in page.locator(".chosen").inner_text()
    assert page.locator(".answers button").count() == 0
    assert accessible(page) == []


def test_a_thousand_classes_are_the_twenty_with_the_most_mistakes(page, studio):
    rng, k, n = np.random.default_rng(0), 1000, 3000
    logits = rng.normal(0, 1, (n, k)).astype(np.float32)
    labels = rng.integers(0, k, n)
    logits[np.arange(n), labels] += 3
    names = np.array([f"{row}.png" for row in range(n)], object)
    evaluation = Evaluation(tuple(f"class {i}" for i in range(k)), names, labels, logits)
    (studio.root / "wide").mkdir()
    (studio.root / "wide" / "evaluation.json").write_text(json.dumps({"part": "test", "n": n, "top1": evaluation.top(1)}))
    save(studio.root / "wide", recorded(evaluation, "test"))
    opened(page, studio, "report", "wide")
    page.locator(".confusion").wait_for()
    assert page.locator(".confusion tbody tr").count() == 20
    assert page.locator(".summary .label").inner_text() == f"{percent(evaluation.top(1)['value'])} right"
    wanted = [f"{evaluation.classes[a]} answered as {evaluation.classes[b]}" for a, b, _ in evaluation.confused_pairs()]
    assert [
        one.split(" answered")[0] + " answered" + one.split(" answered")[1].rsplit(" ", 5)[0]
        for one in page.locator("ol.pairs li").all_inner_texts()
    ] == wanted
    page.get_by_role("searchbox", name="Find a class").fill("class 77")
    there = sum("class 77" in evaluation.classes[label] for label in set(labels.tolist()))
    assert page.locator("section:has(> h2:text-is('Classes')) tbody tr").count() == there
