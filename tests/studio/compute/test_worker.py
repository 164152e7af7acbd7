"""The loop of the compute process: every question has one line for an answer."""

import io
import json

from clearsight.base.errors import ClearsightError
from clearsight.studio.compute import worker


def test_answers_errors_and_bugs_are_a_line_each(monkeypatch, capsys):
    def no(session):
        raise ClearsightError("no picture\nhere.")

    def bug(session):
        raise KeyError("x")

    table = {"yes": lambda session, a: {"a": a, "bad": float("nan")}, "no": no, "bug": bug}
    monkeypatch.setattr(worker, "FUNCTIONS", table)
    asked = [{"what": "yes", "arguments": {"a": "ü"}}, {"what": "no", "arguments": {}}, {"what": "bug", "arguments": {}}]
    told = io.BytesIO()
    worker.run(io.BytesIO(b"".join(json.dumps(one).encode() + b"\n" for one in asked)), told)
    lines = [json.loads(line) for line in told.getvalue().splitlines()]
    assert lines[0] == {"result": {"a": "ü", "bad": None}}
    assert lines[1] == {"error": "no picture\\nhere."}
    assert lines[2] == {"error": "unexpected KeyError: a bug in Clearsight. The terminal of the studio has more.", "status": 500}
    assert "KeyError" in capsys.readouterr().err
