"""The pages of live figures: one file that loads nothing, usable by keyboard, ear and phone, printed as vectors."""

import base64
import hashlib
import re

import pytest
from matplotlib.figure import Figure

from clearsight.reports.live.page import STATIC, Live, bundle, page, source
from tests.browser import violations
from tests.reports.live.examples import LIVE, example

MODULES = sorted(path.name.removesuffix(".js") for path in STATIC.iterdir() if path.name.endswith(".js"))
SHARED = ("axis", "cursor", "grid", "kit", "maths", "picture")
FIGURES = sorted({*MODULES} - {*SHARED})
# what has letters of its own, is shown, and is smaller than 24 points of a slide of 13⅓ inches
SMALL = """() => [...document.querySelectorAll("main *")].filter(node => node.getClientRects().length && !node.closest(".still, .aloud")
  && [...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim())
  && parseFloat(getComputedStyle(node).fontSize) < 32).map(node => node.outerHTML)"""
TOP_LEVEL = re.compile(r"^(?:export )?(?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)


def test_every_module_is_a_figure_or_shared():
    assert sorted([*{LIVE[name]().module for name in LIVE}, *SHARED]) == MODULES
    assert all(f"function {name}(root, data" in source(name) for name in FIGURES)


@pytest.mark.parametrize("name", FIGURES)
def test_a_bundle_is_one_scope_without_imports(name):
    text = bundle(name)
    names = TOP_LEVEL.findall(text)
    assert len(names) == len(set(names)) and name in names
    assert not re.search(r"^(?:import|export)\b|\bimport\(|fetch\(|innerHTML|https?://(?!www\.w3\.org/2000/svg)", text, re.MULTILINE)
    assert not re.search(r"^import .* as ", source(name), re.MULTILINE)


def test_the_policy_allows_this_script_and_this_style_and_no_request():
    text = example("convolution").decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    for tag, kind in (('<script type="module">(.*?)</script>', "script"), ("<style>(.*?)</style>", "style")):
        body = re.search(tag, text, re.DOTALL)[1]
        assert f"{kind}-src 'sha256-{base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy and "connect-src" not in policy


def test_words_of_the_data_cannot_end_it():
    live = Live(
        "softmax", "<b>&", "", {"rows": [{"label": "</script><img src=x onerror=alert(1)>", "logit": 0, "exp": 1, "probability": 1}]}
    )
    text = page(live, Figure()).decode()
    assert "<title>&lt;b&gt;&amp;</title>" in text and text.count("</script>") == 2 and "<img src=x" not in text


@pytest.mark.parametrize("name", LIVE)
def test_axe_finds_nothing_in_light_and_dark_and_it_fits_a_slide_and_a_phone(show, name):
    with show(example(name)) as window:
        for scheme, width, height in (("light", 1920, 1080), ("dark", 390, 5000)):
            window.emulate_media(color_scheme=scheme)
            window.set_viewport_size({"width": width, "height": min(height, 1080)})
            wide, tall = window.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
            assert wide <= width and tall <= height
            assert width < 1920 or window.evaluate(SMALL) == []
            assert violations(window) == []


def test_words_of_the_data_are_shown_and_do_nothing(show):
    label = "<img src=x onerror=document.title=1>"
    rows = [{"label": label, "logit": 0.0, "exp": 1.0, "probability": 1.0}]
    with show(page(Live("softmax", "one", "", {"rows": rows}), Figure())) as window:
        assert window.locator("tbody th").inner_text() == label and window.title() == "one"


def test_the_printed_figure_is_the_vector_one_until_something_is_edited(show):
    with show(example("convolution")) as window:
        window.emulate_media(media="print")
        assert window.locator(".still img").bounding_box()["width"] > 10 and not window.locator("#live").is_visible()
        window.emulate_media(media="screen")
        assert window.locator("#live").is_visible()
        window.get_by_label("stride").fill("2")
        window.emulate_media(media="print")
        assert window.locator("#live").is_visible()


def test_without_scripts_the_figure_is_there(chromium):
    context = chromium.new_context(java_script_enabled=False)
    window = context.new_page()
    window.set_content(example("convolution").decode())
    assert window.locator(".still img").bounding_box()["width"] > 10
    context.close()
