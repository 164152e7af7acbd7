"""The command line as its user has it: words in; exit code, stdout and stderr out."""

import sys
from dataclasses import dataclass

import pytest

from clearsight.cli import main


@dataclass
class Said:
    code: int
    out: str
    err: str


@pytest.fixture
def clearsight(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["clearsight", *map(str, words)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as left:
            code = int(left.code or 0)
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return run
