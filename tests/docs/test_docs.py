"""The documentation says what the code does: reference pages are current, commands and options exist, links resolve."""

import importlib.util
import re
import shlex
import types
from pathlib import Path

import click
import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
GUIDES = [ROOT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"(!?)\[[^\]\n]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?<!import)(?:^|[\s(;&|]|-m )clearsight (.*)$")


def _named(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in pages]


def _module(name: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / "docs" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def generate() -> types.ModuleType:
    return _module("generate")


@pytest.fixture(scope="module")
def options(generate: types.ModuleType) -> dict[str, set[str]]:
    """verb → its options, from the live command line; '' is `clearsight` itself."""
    return {
        name.removeprefix("clearsight").strip(): {
            word for p in command.params if isinstance(p, click.Option) for word in (*p.opts, *p.secondary_opts)
        } | {"-h", "--help"}
        for name, _, command in generate.helps()
    }  # fmt: skip


DOCS = ROOT / "docs"
GENERATED = sorted(
    [
        "glossary.md",
        "lecture.md",
        *(path.relative_to(DOCS).as_posix() for folder in ("reference", "api") for path in (DOCS / folder).glob("*.md")),
    ]
)


@pytest.mark.parametrize("name", GENERATED)
def test_generated_page_is_current(generate: types.ModuleType, name: str) -> None:
    assert sorted(generate.PAGES) == GENERATED
    written = (generate.DOCS / name).read_text(encoding="utf-8")
    assert written == generate.PAGES[name](), f"docs/{name} is out of date: run python docs/generate.py"


def test_gallery_is_current() -> None:
    gallery = _module("gallery")
    page = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    shown = [gallery.section(*row) for row in gallery.ROWS]
    assert page == "\n".join([gallery.LEAD, *shown]), "docs/gallery.md is out of date: run python docs/gallery.py"


def commands(text: str) -> list[str]:
    """What follows `clearsight ` in fenced blocks of shell and in inline code; continued lines are joined."""
    blocks = FENCE.findall(text)
    lines = [line for kind, block in blocks if kind in ("", "sh", "toml") for line in block.replace("\\\n", " ").splitlines()]
    lines += INLINE.findall(FENCE.sub("", text))
    return [found[1] for line in lines if (found := COMMAND.search(line))]


@pytest.mark.parametrize("page", PAGES, ids=_named(PAGES))
def test_every_command_named_exists(page: Path, options: dict[str, set[str]]) -> None:
    for rest in commands(page.read_text(encoding="utf-8")):
        words = shlex.split(rest, comments=True)
        if not words or words[0] == "VERB":
            continue
        verb = "" if words[0].startswith("-") else " ".join(words[:2]) if " ".join(words[:2]) in options else words[0]
        assert verb in options, f"clearsight {rest}: no verb {verb!r}"
        named = {word.split("=")[0] for word in words if re.match(r"--?[a-zA-Z]", word)}
        assert named <= options[verb], f"clearsight {rest}: {verb} has no {sorted(named - options[verb])}"


@pytest.mark.parametrize("page", PAGES, ids=_named(PAGES))
def test_every_option_named_exists(page: Path, options: dict[str, set[str]]) -> None:
    """An option named alone, in inline code, belongs to some verb."""
    every = set().union(*options.values())
    for code in INLINE.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if code.startswith("--"):
            assert code.split()[0].split("=")[0] in every, f"no verb has {code}"


@pytest.mark.parametrize("page", [*PAGES, *GUIDES], ids=_named([*PAGES, *GUIDES]))
def test_links_resolve(page: Path) -> None:
    for _, target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{target} leads nowhere"
        if anchor:
            assert anchor in _anchors(file), f"{target}: no such heading"


def _anchors(file: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", file.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_commands_are_found_where_they_stand() -> None:
    shell = "```sh\nOMP=1 clearsight check D\npython -m clearsight models  # all\n```\n"
    text = f"say `clearsight train X --seed 1`.\n{shell}```python\nclearsight no\n```\n"
    assert commands(text) == ["check D", "models  # all", "train X --seed 1"]
