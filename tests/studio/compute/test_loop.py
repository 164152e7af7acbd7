"""The loop of a process that computes: every question has one line for an answer."""

import io
import json

from clearsight.base.errors import ClearsightError
from clearsight.studio.compute import loop


def test_answers_errors_and_bugs_are_a_line_each(capsys):
    def no(kept):
        raise ClearsightError("no picture\nhere.")

    def bug(kept):
        raise KeyError("x")

    table = {"yes": lambda kept, a: {"a": a, "kept": kept, "bad": float("nan")}, "no": no, "bug": bug}
    asked = [{"what": "yes", "arguments": {"a": "ü"}}, {"what": "no", "arguments": {}}, {"what": "bug", "arguments": {}}]
    told = io.BytesIO()
    loop.run(table, 3, io.BytesIO(b"".join(json.dumps(one).encode() + b"\n" for one in asked)), told)
    lines = [json.loads(line) for line in told.getvalue().splitlines()]
    assert lines[0] == {"result": {"a": "ü", "kept": 3, "bad": None}}
    assert lines[1] == {"error": "no picture\\nhere."}
    assert lines[2] == {"error": "unexpected KeyError: a bug in Clearsight. The terminal of the studio has more.", "status": 500}
    assert "KeyError" in capsys.readouterr().err
