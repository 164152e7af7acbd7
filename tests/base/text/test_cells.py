"""Cells of CSV files that no spreadsheet runs."""

import csv
import io
import random

import pytest

from clearsight.base.text.cells import cell, cells, uncell

FORMULAS = ["=1+1|cmd", "+1", "-1", "@sum", "\t=1", "\r=1", "'=1", "''-x", "\uff1d1"]


@pytest.mark.parametrize("text", [*FORMULAS, "cat", "'quoted'", "", "a=b", "don't"])
def test_a_cell_is_no_formula_and_comes_back(text):
    written = cell(text)
    assert written[:1] not in tuple("=+-@\t\r\n") and (written == text or text in FORMULAS)
    assert uncell(written) == text
    stream = io.StringIO()
    csv.writer(stream).writerow(cells([text, 1, -0.5]))
    assert [uncell(value) for value in next(csv.reader(io.StringIO(stream.getvalue(), newline="")))] == [text, "1", "-0.5"]


def test_any_text_comes_back():
    draw = random.Random(0)
    for _ in range(2000):
        text = "".join(draw.choice("'=+-@\t\ra 1") for _ in range(draw.randint(0, 5)))
        assert uncell(cell(text)) == text and not cell(text).startswith(("=", "+", "-", "@", "\t", "\r"))
