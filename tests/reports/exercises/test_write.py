"""The format of a sheet follows from the name of its file."""

import pytest

from clearsight.base.errors import UsageError
from clearsight.reports.exercises.write import rendered


def test_formats(hostile):
    beginnings = {".HTML": b"<!doctype", ".md": b"# Exercises", ".xml": b"<?xml", ".pdf": b"%PDF"}
    for suffix, beginning in beginnings.items():
        assert rendered(hostile, suffix).startswith(beginning)
    with pytest.raises(UsageError, match=r"\.docx"):
        rendered(hostile, ".docx")
