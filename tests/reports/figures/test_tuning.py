"""Counts of parameters as they are written into blocks."""

from clearsight.reports.figures.tuning import short_count


def test_counts_are_short():
    assert [short_count(n) for n in (850, 9408, 11_176_512)] == ["850", "9.41k", "11.2M"]
