"""What is said in several files of the project's root is said alike: version, bounds of dependencies, Pythons, make's targets."""

import re
import tomllib
from pathlib import Path

from clearsight.cli.serve import serve
from tests.test_floors import FLOORS

ROOT = Path(__file__).parents[1]
PARENTS = [ROOT / "src" / "clearsight" / name for name in ("models", "training", "base", "attacks", "augment", "serving", "studio")]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOWER = re.compile(r"^([\w-]+)>=([\d.]+)")


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _padded(version: str) -> list[int]:
    numbers = [int(part) for part in version.split(".")]
    return numbers + [0] * (3 - len(numbers))


def test_changelog_and_citation_know_the_version():
    newest = re.search(r"^## \[(?:Unreleased\] )?([\d.]+)", _text("CHANGELOG.md"), re.MULTILINE)
    assert newest and newest[1] == PROJECT["version"]
    assert f"\nversion: {PROJECT['version']}\n" in _text("CITATION.cff")


def test_lowest_constraints_are_the_bounds_of_the_dependencies():
    pinned = dict(line.partition(";")[0].split("==") for line in _text("constraints-lowest.txt").splitlines() if "==" in line)
    needed = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["parquet"]]
    bounds = dict(found.groups() for line in needed if (found := LOWER.match(line)))
    assert len(bounds) == len(needed)
    assert {name: _padded(version) for name, version in pinned.items()} == {name: _padded(low) for name, low in bounds.items()}


def test_the_matrix_has_every_python_that_is_claimed():
    claimed = {line.rpartition(" ")[2] for line in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", line)}
    matrix = re.search(r"python: \[(.*)\]", _text(".github/workflows/ci.yml"))
    assert matrix and set(re.findall(r'"([\d.]+)"', matrix[1])) == claimed
    assert PROJECT["requires-python"] == f">={min(claimed, key=_padded)}"


def test_make_help_names_every_target():
    text = _text("Makefile")
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony and re.findall(r"^([a-z]+):.*## ", text, re.MULTILINE) == phony[1].split()
    assert set(re.findall(r"make ([a-z]+)", _text(".github/workflows/ci.yml"))) <= {*phony[1].split(), "targets"}


def test_the_image_copies_what_is_there():
    copied = {name for line in re.findall(r"^COPY (?!--)(.*) \S+$", _text("Dockerfile"), re.MULTILINE) for name in line.split()}
    assert copied == set(re.findall(r"^!(.*)$", _text(".dockerignore"), re.MULTILINE))
    assert all((ROOT / name).exists() for name in copied)


def test_the_image_is_built_and_run_as_its_page_says():
    """What a linter of Dockerfiles would say, and that extras, command and options exist."""
    text, page = _text("Dockerfile"), _text("docs/how-to/serve.md")
    stages = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert all(":" in stage and not stage.endswith(":latest") for stage in stages) and not re.search(
        "^ADD|sudo|apt-get", text, re.MULTILINE
    )
    assert re.search(r"^USER clearsight$", text.rpartition("FROM ")[2], re.MULTILINE) and 'ENTRYPOINT ["clearsight"]' in text
    given = [*re.findall(r"^ARG EXTRAS=(\S+)", text, re.MULTILINE), *re.findall(r"--build-arg EXTRAS=(\S+)", page)]
    assert len(given) == 2 and {extra for line in given for extra in line.split(",")} <= PROJECT["optional-dependencies"].keys()
    (args,) = re.findall(r"args: \[(.*)\]", page)
    (run,) = re.findall(r"clearsight-serve (serve .*)", page)
    known = {name for option in serve.params for name in option.opts}
    for words in (args.replace(",", "").split(), run.split()):
        assert words[0] == "serve" and {word for word in words if word.startswith("--")} <= known


def test_the_map_of_the_house_has_every_folder_on_its_floor():
    rows = re.findall(r"^\| *(\d*) *\| `(\w+)/` \|", _text("CONTRIBUTING.md"), re.MULTILINE)
    folders = {path.name for path in (ROOT / "src" / "clearsight").iterdir() if path.is_dir() and not path.name.startswith("__")}
    assert {name for _, name in rows} == folders
    assert {name: int(floor) for floor, name in rows if floor} == {name: floor for name, floor in FLOORS.items() if name in folders}


def test_paths_in_the_guide_exist():
    for path in re.findall(r"`((?:\w+/)*[\w.-]+/|(?:[\w.-]+/)+[\w.]+\.\w+)`", _text("CONTRIBUTING.md")):
        if "x.py" not in path and not path.startswith("build/"):
            assert any((base / path).exists() for base in (ROOT, ROOT / "src" / "clearsight", *PARENTS)), path
