"""The challenges in a browser: the answer under a strength is that of `look challenges`, and the picture too."""

import pytest

from clearsight.look.challenges import challenges
from tests.reports.live.examples import FIRST, VICTIM, example


def test_a_slider_shows_the_answer_of_its_strength(show):
    found = challenges(VICTIM, FIRST)
    with show(example("challenges")) as window:
        for row, panel in zip(found.rows, window.locator(".challenge").all(), strict=True):
            share = panel.locator("figcaption span")
            assert float(share.get_attribute("data-value")) == pytest.approx(found.confidence, abs=1e-6)
            slider = panel.locator("input")
            slider.press("End")
            last = row.trials[-1]
            assert float(share.get_attribute("data-value")) == pytest.approx(last.before, abs=1e-6)
            assert panel.locator("figcaption b").inner_text() == last.label
            assert panel.locator("figcaption b").get_attribute("class") == ("other" if last.changed else "same")
            assert slider.get_attribute("aria-valuetext") == f"{row.means} {last.strength:g}"
