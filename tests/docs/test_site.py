"""The site's navigation and the pages are the same set. mkdocs itself is not needed here: `make site` checks the rest."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ENTRY = re.compile(r"^ +- ([^:]+): (\S+\.md)$", re.MULTILINE)


def _nav() -> list[tuple[str, str]]:
    return ENTRY.findall((ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2])


def test_navigation_names_every_page_once():
    pages = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
    assert sorted(page for _, page in _nav()) == pages, "mkdocs.yml: nav names every page of docs/, once"


def test_titles_differ():
    titles = [title for title, _ in _nav()]
    assert len(set(titles)) == len(titles)


def test_api_pages_have_an_entry_for_every_public_name():
    import clearsight

    index = (DOCS / "api" / "index.md").read_text(encoding="utf-8")
    entries = "".join((DOCS / "api" / name).read_text(encoding="utf-8") for name in ("functions.md", "classes.md"))
    names = [name for name in clearsight.__all__ if not name.startswith("_")]
    assert [name for name in names if f"`{name}`" not in index] == []
    modules = [name for name in names if f"| `{name}` |" in index]
    assert sorted(re.findall(r"heading: clearsight\.(\w+)$", entries, re.MULTILINE)) == sorted(set(names) - set(modules))
