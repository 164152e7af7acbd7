"""Code named in text: its form, who may have it imported, and what is said where it cannot be."""

import sys

import pytest

from clearsight.base import code
from clearsight.base.errors import UsageError


@pytest.fixture(autouse=True)
def nothing_allowed(monkeypatch, tmp_path):
    monkeypatch.setattr(code, "_ALLOWED", set())
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "theirs.py").write_text("raise RuntimeError('run')\n")
    (tmp_path / "ours.py").write_text("def change(picture):\n    return picture\n\n\nnumber = 3\n")
    yield
    sys.modules.pop("ours", None)


@pytest.mark.parametrize("word", ["theirs:x", "@theirs", "@theirs:", "@:x", "@a b:c", "@a:b.c()", "@../theirs:x"])
def test_the_form(word):
    with pytest.raises(UsageError, match=r"a loss of your own is written @package\.module:name"):
        code.checked(word, "a loss")
    assert code.checked("@package.module:Class.method", "a loss") == "@package.module:Class.method"


def test_what_a_file_names_is_refused_until_it_is_allowed():
    with pytest.raises(UsageError, match=r"recipe\.toml names code to run: @ours:change.*--allow-code \(allow_code=True in Python\)"):
        code.require_allowed(["@ours:change"], "recipe.toml")
    with pytest.raises(UsageError, match="names code to run: @ours:change"):
        code.imported("@ours:change", "a loss")
    assert "ours" not in sys.modules
    code.require_allowed(["@ours:change"], "recipe.toml", allow_code=True)
    code.require_allowed(["@ours:change"], "another.toml")  # this process has allowed it, and goes on
    assert code.imported("@ours:change", "a loss")(1) == 1
    with pytest.raises(UsageError, match="names code to run: @theirs:x"):  # but no other code
        code.require_allowed(["@ours:change", "@theirs:x"], "recipe.toml")


def test_what_is_allowed_for_one_command_is_taken_back():
    code.allow_all()
    code.require_allowed(["@theirs:x"], "recipe.toml")
    code.forbid_all()
    with pytest.raises(UsageError, match="names code to run"):
        code.require_allowed(["@theirs:x"], "recipe.toml")


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("@theirs:x", r"cannot be imported \(RuntimeError: run\).*PYTHONPATH"),
        ("@ours:missing", r"cannot be imported \(AttributeError.*missing"),
        ("@ours:number", "must be something to call. It is of type int"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(word, says):
    code.allow([word])
    with pytest.raises(UsageError, match=says):
        code.imported(word, "a loss")
