"""The studio says what is missing, and the command that installs it."""

import pytest

from clearsight.base.errors import MissingExtra
from clearsight.studio import extra


def test_a_missing_library_is_named_with_the_command(monkeypatch):
    monkeypatch.setattr(extra, "find_spec", lambda name: None if name == "uvicorn" else object())
    with pytest.raises(MissingExtra, match=r"the studio needs uvicorn: pip install 'clearsight\[studio\]'\."):
        extra.require()
