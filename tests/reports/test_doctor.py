"""A diagnosis on a terminal: every check has its line, and the option to change is in it."""

import io

from rich.console import Console

from clearsight.reports.doctor import table
from clearsight.training.api import Diagnosis
from clearsight.training.doctor.diagnosis import Finding


def test_every_check_has_its_line():
    findings = (
        Finding("inputs", "good", "mean 0.01"),
        Finding("learning rate", "stop", "too large", "--lr 0.02"),
        Finding("layers", "look at this", "no gradient in [bold]a\x1b[2J"),
    )
    out = io.StringIO()
    Console(file=out, width=100).print(table(Diagnosis("digits", "lenet5", "quick", findings, 1.0)))
    lines = out.getvalue().splitlines()
    assert len(lines) == 4 and lines[2].split() == ["stop", "learning", "rate", "too", "large", "→", "--lr", "0.02"]
    assert "look at this" in lines[3] and "[bold]a\\x1b" in lines[3]
