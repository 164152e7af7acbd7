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


@pytest.mark.parametrize("word", ["@nets:Tiny", "@my.nets:Outer.inner"])
def test_words_of_the_form(word):
    assert code.is_code(word) and code.checked(word, "a network") == word


def test_leave_for_one_file_is_for_its_words():
    with pytest.raises(UsageError, match=r"r\.toml names code to run: @a:b, @c:d\. .*--allow-code"):
        code.require_allowed(["@a:b", "@c:d"], "r.toml")
    code.require_allowed(["@a:b"], "r.toml", allow_code=True)
    code.require_allowed(["@a:b"], "other.toml")
    with pytest.raises(UsageError, match="@c:d"):
        code.require_allowed(["@a:b", "@c:d"], "r.toml")


def test_leave_for_everything_is_taken_back():
    code.allow_all()
    assert code.imported("@math:exp", "a loss")(0) == 1
    code.forbid_all()
    with pytest.raises(UsageError):
        code.imported("@math:log", "a loss")


class Outer:
    class Inner:
        pass


def test_a_thing_is_named_by_where_it_is_imported_from():
    word = code.word_of(Outer.Inner, "a network")
    assert word == f"@{__name__}:Outer.Inner"
    code.allow([word])
    assert code.imported(word, "a network") is Outer.Inner
    with pytest.raises(UsageError, match="at the top of a module"):
        code.word_of(lambda x: x, "a loss")
