"""A sheet as PDF."""

import re

from clearsight.exercises.sheet import sheet
from clearsight.reports.exercises.pdf import pdf


def test_pages_are_a4_and_the_same_each_time():
    made = sheet(7, only=("pooling", "relu-pooling", "confusion"))
    first = pdf(made, key=True)
    assert first.startswith(b"%PDF") and first == pdf(made, key=True)
    boxes = set(re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", first))
    assert [(round(float(w)), round(float(h))) for w, h in boxes] == [(595, 842)]
    assert len(re.findall(rb"/Type /Page\b", first)) > 1


def test_any_text_is_drawn(hostile):
    assert pdf(hostile).startswith(b"%PDF")
