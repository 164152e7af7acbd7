"""Files of figures: their kinds, their ids in a page, and the error for another kind."""

import io
import re

import pytest
from PIL import Image

from clearsight.base.errors import UsageError
from clearsight.look.convolution import calculate
from clearsight.reports.figures import charts
from clearsight.reports.figures.convolution import frames
from clearsight.reports.figures.page import Page
from clearsight.reports.saving import inline, pixels, require_suffix, saved
from clearsight.reports.style import PRINT
from tests.reports.figures.examples import MAKERS


def test_a_gif_has_a_frame_for_each_figure_and_a_page_holds_it():
    shown = frames(calculate(), "filter")[:3]
    with Image.open(io.BytesIO(saved(shown, ".gif"))) as image:
        assert image.n_frames == 3 and image.size == pixels(shown[0]).size
    assert b'src="data:image/gif;base64,' in saved(shown, ".html")
    assert b"<svg" in saved(shown[:1], ".html") and b"http://www.w3.org/1999/xlink" in saved(shown[:1], ".html")


def test_another_suffix_is_one_clear_error():
    for call in (lambda: saved([], ".bmp"), lambda: require_suffix("")):
        with pytest.raises(UsageError, match=r"--out must be a name that ends in \.png, \.svg, \.pdf") as error:
            call()
        assert len(str(error.value).splitlines()) == 1


def test_letters_that_the_font_lacks_and_words_that_look_like_formulas_are_no_error():
    page = Page(PRINT, "$x^2$ 猫 \N{OLD PERSIAN SIGN A} line\nbreak \udcff")
    figure = page.finish()
    assert saved([figure], ".png")[:4] == b"\x89PNG"
    text = saved([figure], ".svg").decode()
    assert "$x^2$ 猫" in text and r"line\nbreak \udcff" in text


def test_inside_a_page_colours_are_its_own_ids_are_unique_and_there_are_tooltips():
    made = [charts.lines([("a <b>", [0.1, 0.2 * k], "accent")], [1, 2], best=2) for k in (1, 2)]
    one, other = (chart.svg() for chart in made)
    assert "var(--blue)" in one and "#1f5fc4" not in one and "font-family" not in one and "<style" not in one
    assert "<title>a &lt;b&gt;, epoch 2: 0.2</title>" in one and 'class="best"' in one
    ids = [re.findall(r' id="([^"]+)"', text) for text in (one, other)]
    assert len(set(ids[0])) == len(ids[0]) and not set(ids[0]) & set(ids[1])
    assert set(re.findall(r'(?:url\(#|href="#)([^")]+)', one)) <= set(ids[0])
    assert one == charts.lines([("a <b>", [0.1, 0.2], "accent")], [1, 2], best=2).svg()
    assert inline(MAKERS["unit"](PRINT), "a & b").startswith("<svg") and 'aria-label="a &amp; b"' in inline(MAKERS["unit"](PRINT), "a & b")
