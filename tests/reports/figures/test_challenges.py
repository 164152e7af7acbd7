"""The challenges as pictures: every strength with its label, and on a slide five rows of them."""

from clearsight.reports.style import Style
from tests.reports.figures.drawn import words
from tests.reports.figures.examples import MAKERS


def test_every_strength_has_its_label_and_confidence():
    written = [one.text for one in words(MAKERS["challenges"](Style()))]
    assert sum(text.startswith("80 % at") for text in written) == 5 and written.count("Trouser") == 5
    slide = [one.text for one in words(MAKERS["challenges"](Style("slide")))]
    assert [slide.count(name) for name in ("surround", "gamma", "patch", "elastic", "gaussian noise")] == [1] * 5
    assert slide.count("Trouser") == written.count("Trouser") and sum(text.endswith(" %") for text in slide) == 25
