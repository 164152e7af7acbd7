"""The settings of a server: ranges, open hosts, tokens."""

from pathlib import Path

import pytest

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.serving.options import Options, is_loopback, read_token


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"queue": -1}, "queue must be at least 0. Got -1"),
        ({"deadline": 0}, "deadline"),
        ({"wait": -1}, "wait"),
        ({"deadline": float("nan")}, "deadline"),
        ({"host": "0.0.0.0"}, "--token-file FILE"),
        ({"pictures": Path("x")}, "--log FILE"),
    ],
)
def test_what_is_wrong_is_said(given, says):
    with pytest.raises(UsageError, match=says):
        Options(**given)


def test_an_open_server_decodes_in_children():
    assert not Options().isolate
    assert Options(host="::", token="x" * 16).isolate
    assert not Options(host="::", token="x" * 16, isolate=False).isolate


@pytest.mark.parametrize(
    ("host", "local"), [("localhost", True), ("127.0.0.2", True), ("::1", True), ("0.0.0.0", False), ("example.org", False), ("", False)]
)
def test_loopback(host, local):
    assert is_loopback(host) is local


def test_tokens_are_read_and_judged(tmp_path):
    path = tmp_path / "token"
    path.write_text(" 0123456789abcdef\n")
    assert read_token(path) == "0123456789abcdef"
    for text in ("", "short", "two words of length", "ümläuts-of-length-16"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ClearsightError, match="16 or more ASCII characters"):
            read_token(path)
    with pytest.raises(ClearsightError, match="cannot read the token"):
        read_token(tmp_path / "none")
