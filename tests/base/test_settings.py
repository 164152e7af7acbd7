"""Settings: TOML gives back what it was given, and what cannot be meant is said."""

import dataclasses
import random
import tomllib
from dataclasses import dataclass

import pytest

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.base.settings import from_dict, read_toml, sections, setting, to_toml
from clearsight.recipes.recipe import Recipe


@dataclass(frozen=True)
class Example:
    name: str = setting("a", "what it is called # or not")
    count: int = setting(1, "how many", low=-9, high=9)
    share: float = setting(0.5, "which part", low=0, high=1e300)
    on: bool = setting(False, "whether")


def back(example: Example, title: str = "") -> Example:
    return from_dict(Example, tomllib.loads(to_toml(example, title)))


@pytest.mark.parametrize(
    "name",
    ['"', '"""', "'''", "\\", "\\n", "\n", "\r\n", "\r", "a\n\n# b = 1\n[c]", " spaced ", "a = 1  # x", "ü ☂ 🐈", "\u2028\x85\ufeff",
     "e\u0301", "".join(map(chr, range(32))), "\x7f", "".join(map(chr, range(0x80, 0xA0))), "\ud7ff\ue000\uffff\U0010ffff", "x" * 10_000],
)  # fmt: skip
def test_any_text_comes_back(name):
    assert back(Example(name=name)).name == name


def test_random_text_comes_back():
    draw = random.Random(0)
    for _ in range(300):
        name = "".join(chr(draw.choice([draw.randrange(0x100), draw.randrange(0xD800)])) for _ in range(20))
        assert back(Example(name=name)).name == name


@pytest.mark.parametrize("share", [0.0, 0.1, 1 / 3, 1e-7, 5e-324, 1e22, 1e300, 123456789.123456789])
@pytest.mark.parametrize("count", [-9, 0, 9])
def test_numbers_come_back_bit_for_bit(share, count):
    example = back(Example(share=share, count=count, on=True))
    assert (example.share, example.count, example.on) == (share, count, True)
    assert type(example.count) is int and type(example.share) is float


@pytest.mark.parametrize("title", ["a\nb", "a\x0bb\x0cc\x85d\u2028e", "\x07 \x00 \x1b \x7f \udce9", "\n\n", "name = 'b'", "ü\r\nb\rc"])
def test_a_title_is_only_a_comment(title):
    assert back(Example(), title) == Example()
    assert to_toml(Example(), title).startswith("#")


def test_each_line_carries_its_meaning():
    assert to_toml(Example()).splitlines()[1].split("  #") == ["count = 1".ljust(34), " how many"]


def test_values_are_laid_over_a_base_that_stays():
    base = Example(count=5)
    assert from_dict(Example, {"name": "b"}, base) == Example("b", 5)
    assert from_dict(Example, {}, base) == base == Example(count=5)
    assert dataclasses.asdict(from_dict(Example, {})) == {"name": "a", "count": 1, "share": 0.5, "on": False}


def test_a_choice_is_read_without_regard_to_case():
    assert from_dict(Recipe, {"optimizer": "AdamW"}).optimizer == "adamw"
    with pytest.raises(UsageError, match="no value of optimizer is called 'adamax'"):
        from_dict(Recipe, {"optimizer": "adamax"})


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"share": 10**400}, "share must be a number below 1e308. Got inf"),
        ({"share": float("inf")}, "share must be at most 1e"),
        ({"share": float("nan")}, "share must be a number. Got nan"),
        ({"share": True}, "share must be a number. Got True"),
        ({"count": 1.0}, "count must be a whole number. Got 1.0"),
        ({"count": -10}, "count must be at least -9. Got -10"),
        ({"name": None}, "name must be text. Got None"),
        ({"name": "caf\udce9"}, "name must be text that UTF-8 can write. Got 'caf\\udce9'"),
        ({"name": ["a"]}, "name must be text. Got ['a']"),
        ({"name": from_dict}, "name must be text; a function is named, as @mymodule:name. Got <function from_dict"),
        ({"on": "true"}, "on must be true or false. Got 'true'"),
        ({"Count": 1}, "no setting is called 'Count'. Did you mean count"),
        ({"__class__": 1}, "no setting is called '__class__'"),
    ],
)
def test_what_cannot_be_meant(values, says):
    with pytest.raises(UsageError) as caught:
        from_dict(Example, values)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "content", [b"a", b"a = 1\na = 2", b"\xff", b'a = "\\ud800"', b"a = " + b"[" * 100_000, b"a = " + b"9" * 5000, b"a = 'b\nc'"]
)
def test_what_is_no_toml_is_said(tmp_path, content):
    (tmp_path / "x.toml").write_bytes(content)
    with pytest.raises(UsageError, match=r"x\.toml is not valid TOML: "):
        read_toml(tmp_path / "x.toml")


def test_a_file_that_is_missing_is_said(tmp_path):
    with pytest.raises(ClearsightError, match=r"cannot read .*none\.toml: No such file"):
        read_toml(tmp_path / "none.toml")
    (tmp_path / "x.toml").write_text("", encoding="utf-8")
    assert read_toml(tmp_path / "x.toml") == {}


def test_a_section_lasts_until_the_next():
    @dataclass(frozen=True)
    class Sectioned:
        a: int = setting(1, "first", section="One")
        b: int = setting(2, "second")
        c: int = setting(3, "third", section="Two")

    assert {title: [field.name for field in fields] for title, fields in sections(Sectioned).items()} == {"One": ["a", "b"], "Two": ["c"]}
    assert list(sections(Example)) == [""]
