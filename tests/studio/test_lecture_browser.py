"""The lecture as a teacher and a student use it: every slide opens, the lecture's numbers stand in the page, answers are graded."""

import json

import pytest

from clearsight.exercises.table import generate
from clearsight.reports.live.lecture import LECTURE
from clearsight.studio.lecture.slides import slides
from tests.browser import opened as opened_file
from tests.reports.live.examples import numbers
from tests.studio.browsing import accessible, running, until, window
from tests.studio.lecture_numbers import CHECKS

SEED = 7


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with running(tmp_path_factory.mktemp("lecture"), "lenet5") as one:
        yield one


def opened(page, slide="", **state):
    """A slide by its number in the table's order, or another part of the lecture."""
    words = "&".join(f"{name}={value}" for name, value in ({"slide": slide} if slide else state).items())
    page.evaluate("words => { location.hash = `#/lecture?${words}`; }", words)
    page.locator(".slide h2, .words td").first.wait_for()


def test_every_slide_opens_with_its_figures_its_commands_and_the_lectures_numbers(chromium, studio):
    assert set(CHECKS) >= set(LECTURE)
    with window(chromium, studio) as page:
        for at, one in enumerate(slides(), 1):
            opened(page, one.id)
            page.get_by_text(f"Slide {at} of {len(slides())}").wait_for()
            assert page.locator(".slide > h2").inner_text() == one.title
            page.locator(".slide:not(:has(.busy))").wait_for()
            assert page.locator(".slide .error").count() == 0, one.title
            assert page.locator(".slide section").count() == page.locator(".living").count() == len(one.figures) > 0
            assert page.locator(".slide .command code").count() == len(one.runs) and page.locator(".slide .plain a").count() >= 1
            for name, section in zip(one.figures, page.locator(".slide section").all(), strict=True):
                CHECKS.get(name, lambda shown: None)(section)
            if "members" in one.figures:
                assert accessible(page) == []


def test_by_keys_from_slide_to_slide_and_to_a_word(chromium, studio):
    with window(chromium, studio) as page:
        page.keyboard.press("g")
        page.keyboard.press("e")
        page.locator(".slide h2").first.wait_for()
        for key, at in (("n", 2), ("n", 3), ("p", 2)):
            page.keyboard.press(key)
            page.get_by_text(f"Slide {at} of").wait_for()
        assert page.locator(".index a[aria-current]").inner_text() == slides()[1].title
        assert accessible(page) == []
        page.locator(".slide .plain a").first.press("Enter")
        assert page.locator(".words tr.best th").inner_text() == slides()[1].words[0]
        assert accessible(page) == []


def test_a_lesson_is_of_chosen_slides_in_ones_own_order_and_handed_on_as_one_file(chromium, studio, tmp_path):
    curve, pooling = (next(one for one in slides() if name in one.figures) for name in ("curve", "pooling"))
    with window(chromium, studio) as page:
        opened(page, tab="words")
        page.get_by_role("link", name="Lesson", exact=True).press("Enter")
        for one in (curve, pooling):
            page.get_by_label(one.title, exact=True).press("Space")
        until(page, lambda: page.locator(".page .living").count() == 2)
        page.get_by_label(slides()[-1].title, exact=True).press("Space")
        page.get_by_role("button", name=f"Remove: {slides()[-1].title}").press("Enter")
        page.get_by_role("button", name=f"Later: {curve.title}").press("Enter")
        assert page.locator(".page h2").all_inner_texts() == [pooling.title, curve.title]
        assert page.url.endswith(f"slides={pooling.id}%2C{curve.id}")
        assert numbers(page.locator(".page").first, "after pooling") == [[6, 8], [3, 4]]
        kinds = pooling.exercises + curve.exercises
        until(page, lambda: page.locator(".tasks h3").all_inner_texts() == [generate(kind, SEED).title for kind in kinds])
        assert f"--only {','.join(kinds)} --seed" in page.locator("main > div > div > section code").first.inner_text()
        assert accessible(page) == []
        first = page.locator(".page").first
        first.get_by_role("gridcell").first.click()
        page.keyboard.type("9")
        page.keyboard.press("Enter")
        first.get_by_role("slider", name="stride").press("ArrowLeft")
        wanted = numbers(first, "after pooling")
        assert wanted[0][0] == 9 and len(wanted) == 3
        page.reload()  # keeps what was changed in a figure
        until(page, lambda: page.locator(".page .living").count() == 2 and numbers(first, "after pooling") == wanted)
        page.get_by_label("Name of the lesson").fill("From pixels <b>")
        with page.expect_download() as coming:
            page.get_by_role("button", name="Export", exact=True).click()
        assert coming.value.suggested_filename == "from-pixels-b.html"
        text = coming.value.path().read_text(encoding="utf-8")
        assert text.index(f"<h2>{pooling.title}") < text.index(f"<h2>{curve.title}") and "<input" not in text
        assert (
            "From pixels &lt;b&gt;</h2>" in text
            and generate(kinds[0], SEED).question[0] in text
            and ">Lesson<" not in text
            and "--key" not in text
        )
        assert [one["module"] for one in json.loads(text.partition('id="figures">')[2].partition("</script>")[0])] == [
            "pooling",
            "convolution",
        ]
        first.get_by_role("button", name="Reset", exact=True).press("Enter")
        page.reload()
        until(page, lambda: page.locator(".page .living").count() == 2 and numbers(first, "after pooling") == [[6, 8], [3, 4]])
    with opened_file(chromium.new_page(), text.encode(), tmp_path) as alone:  # it begins as it was left
        until(alone, lambda: numbers(alone.locator(".page").first, "after pooling") == wanted)
        alone.close()


def test_a_figure_is_kept_as_it_was_left_and_only_this_figure(chromium, studio):
    network, other = (next(one for one in slides() if name in one.figures).id for name in ("alexnet", "zfnet"))
    first, second = (one.id for one in slides() if "regression" in one.figures)
    with window(chromium, studio) as page:
        slider, reset = page.locator(".living input[type=range]").first, page.get_by_role("button", name="Reset", exact=True)
        logit = page.get_by_label("logit of cat")
        opened(page, network)
        before = slider.input_value()
        slider.press("ArrowRight")
        left = slider.input_value()
        assert left != before and reset.count() == 1
        opened(page, other)  # another network: the figure of the same module begins as it is
        page.get_by_role("heading", name="ZFNet").first.wait_for()
        page.locator(".slide:not(:has(.busy))").wait_for()
        assert slider.input_value() == before and reset.count() == 0
        opened(page, network)
        page.reload()
        until(page, lambda: slider.count() == 1 and slider.input_value() == left)
        reset.press("Enter")
        assert slider.input_value() == before and reset.count() == 0 and page.locator(".living :focus").count() == 1
        page.reload()
        page.locator(".slide:not(:has(.busy)) .living").wait_for()
        assert slider.input_value() == before and page.evaluate("sessionStorage.getItem('figures')") == "[]"
        opened(page, first)
        logit.fill("7")
        slider.press("ArrowRight")
        opened(page, second)  # the same data on another slide
        until(page, lambda: slider.count() == 1 and slider.input_value() == "1")
        page.go_back()
        page.reload()
        until(page, lambda: logit.count() == 1 and logit.input_value() == "7" and slider.input_value() == "2")
        steps = "JSON.stringify(JSON.parse(sessionStorage.figures).map(([name]) => [name, [{ k: 99, value: 1 }]]))"
        page.evaluate(f"sessionStorage.figures = {steps}")  # what does not fit is left
        for slide in (second, first):
            opened(page, slide)
            until(page, lambda: slider.count() == 1 and slider.input_value() == "1")
        until(page, lambda: logit.count() == 1 and logit.input_value() == "3", 20)


def ask(page, kind, seed=SEED):
    opened(page, tab="exercises", kind=kind, seed=seed)
    page.locator(".ask").first.wait_for()
    return generate(kind, seed)


@pytest.mark.parametrize("kind", ["cell", "pooling", "softmax"])
def test_an_exercise_is_graded_with_its_reason(chromium, studio, kind):
    with window(chromium, studio) as page:
        one = ask(page, kind)
        assert page.locator(".slide > h2").inner_text() == one.title
        assert page.locator(".sheet").count() == len(one.grids)
        content = page.content()
        assert not any(line in content for line in one.solution)
        for form, part in zip(page.locator("form.ask").all(), one.parts, strict=True):
            slip = part.slips[0]
            for given, comment in ((slip.answer, slip.comment), (part.answer, "Right.")):
                if part.options:
                    form.get_by_label(given, exact=True).check()
                else:
                    form.locator("input, textarea").first.fill(given)
                form.get_by_role("button", name="Check").press("Enter")
                form.get_by_text(comment).wait_for()
                assert ("Read again" in form.inner_text()) == (comment == slip.comment)
                said, own = form.locator(".graded").bounding_box(), form.bounding_box()
                assert own["y"] < said["y"] and said["y"] + said["height"] <= own["y"] + own["height"]  # not over the next question
            assert "2 tries" in form.inner_text() and one.solution[0].replace("`", "") in form.locator(".solution").inner_text()
        assert f"{one.points} of {one.points}" in page.locator(".index a[aria-current]").inner_text()
        assert f"Seed {SEED}: {one.points} of" in page.locator(".total").inner_text()
        if kind == "cell":
            page.locator("main").focus()
            for key in (*["Tab"] * 5, "Enter", *["Tab"] * 3):  # the parts of the lecture, past the list, the seed
                page.keyboard.press(key)
            assert page.locator(".ask input").first.evaluate("one => one === document.activeElement")
            assert accessible(page) == []
            page.reload()  # keeps what was answered and reached
            page.locator(".ask").first.wait_for()
            assert page.locator(".ask input").first.input_value() == one.parts[0].answer
            assert f"{one.points} of {one.points}" in page.locator(".index a[aria-current]").inner_text()
            page.get_by_role("button", name="Other numbers").click()
            page.wait_for_url("**seed=8")
