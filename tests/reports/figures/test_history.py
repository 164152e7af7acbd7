"""The lecture's tables as figures."""

from clearsight.models.history import DESCENT, ILSVRC
from clearsight.reports.style import Style
from tests.reports.figures.drawn import words
from tests.reports.figures.examples import MAKERS


def test_everything_of_the_tables_is_drawn():
    written = [one.text for one in words(MAKERS["ilsvrc"](Style()))]
    assert {f"{100 * row.error:.3g} %" for row in ILSVRC} <= set(written) and "a person: 5.1 %" in written
    written = [one.text for one in words(MAKERS["descent"](Style()))]
    assert {str(step.year) for step in DESCENT} <= set(written) and {"Neocognitron", "ConvNeXt"} <= set(written)
