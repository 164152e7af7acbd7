"""Without the extra there is one line that says how to install it."""

import pytest

from clearsight.base.errors import MissingExtra
from clearsight.serving import extra


def test_what_is_missing_is_said_with_its_command(monkeypatch):
    extra.require()
    monkeypatch.setattr(extra, "LIBRARIES", ("uvicorn", "a_library"))
    with pytest.raises(MissingExtra, match=r"serving needs a-library: pip install 'clearsight\[serve\]'"):
        extra.require()
