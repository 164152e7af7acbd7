"""What holds for every figure: type that can be read, nothing cut or covered, files that open, and the same bytes again."""

import io
import re
import xml.etree.ElementTree as ET

import pytest
from PIL import Image

from clearsight.reports.saving import saved
from clearsight.reports.style import PRINT, Style
from tests.reports.figures.drawn import cut_off, overlapping, words
from tests.reports.figures.examples import MAKERS


@pytest.mark.parametrize("name", MAKERS)
def test_a_slide_is_16_to_9_with_large_type_and_nothing_is_cut_or_covered(name):
    figure = MAKERS[name](Style("slide", "dark"))
    written = words(figure)
    assert figure.get_figwidth() / figure.get_figheight() == pytest.approx(16 / 9)
    assert [one.text for one in written if one.size < 24] == []
    assert cut_off(figure, written) == [] and overlapping(written) == []


@pytest.mark.parametrize("name", MAKERS)
def test_in_print_nothing_is_cut_or_covered_and_no_type_is_tiny(name):
    figure = MAKERS[name](PRINT)
    written = words(figure)
    assert [one.text for one in written if one.size < 6] == []
    assert cut_off(figure, written) == [] and overlapping(written) == []


@pytest.mark.parametrize("name", ["unit", "features, one scale", "label curve"])
def test_vectors_have_text_and_the_same_figure_has_the_same_bytes(name):
    figure = MAKERS[name](PRINT)
    for suffix in (".png", ".svg", ".pdf"):
        data = saved([figure], suffix)
        assert data == saved([MAKERS[name](PRINT)], suffix), suffix
        assert b"Matplotlib" not in data, "a file does not depend on the version that wrote it"
    assert saved([figure], ".pdf").startswith(b"%PDF")
    root = ET.fromstring(saved([figure], ".svg"))
    written = {"".join(one.itertext()).strip() for one in root.iter("{http://www.w3.org/2000/svg}text")}
    missing = {one.text for one in words(figure)} - written
    assert all(re.fullmatch(r"[−\d.]+", text) for text in missing), "only numbers of an axis beyond its end"
    with Image.open(io.BytesIO(saved([figure], ".png"))) as image:
        assert image.width == round(figure.get_figwidth() * 150)


def test_a_theme_changes_colours_and_not_what_is_written():
    light, dark = (MAKERS["unit"](Style("print", theme)) for theme in ("light", "dark"))
    assert [one.text for one in words(light)] == [one.text for one in words(dark)]
    assert light.get_facecolor() == (1, 1, 1, 1) and sum(dark.get_facecolor()[:3]) < 0.3
