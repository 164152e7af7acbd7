"""The floors of the house: a module imports its own folder or a lower floor, and inside a folder there are no circles."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import clearsight

SRC = Path(__file__).parent.parent / "src" / "clearsight"
FLOORS = {
    "base": 0, "heads": 1, "images": 1, "layers": 1, "metrics": 1, "augment": 2, "datasets": 2, "models": 2, "corruptions": 3,
    "recipes": 3, "weights": 3, "classifier": 4, "attacks": 5, "look": 5, "runs": 5, "exports": 5, "training": 6, "evaluation": 7,
    "labels": 7, "sklearn": 7, "exercises": 8, "experiments": 8, "reports": 9, "api": 10, "testing": 11, "serving": 11, "studio": 11,
    "batch": 11, "cli": 12,
}  # fmt: skip
# modules on a circle of imports inside their folder. Take a name away when its circle is ended; add none.
CIRCLES: set[str] = set()
# all that the modules outside of training use of it
TRAINING = {
    "training.api": {
        "Diagnosis", "Interrupted", "Loss", "Objective", "Paused", "RangeTest", "designed", "doctor", "join_runs",
        "lend_objective", "logger", "per_picture", "pretrain", "resume", "resume_pretraining", "train",
    }
}  # fmt: skip
FREE = {"__init__.py", "__main__.py"}  # at the top of the package: they only list and forward


def named(node: ast.AST, module: tuple[str, ...]) -> list[str]:
    """The full names that an import of any kind in `module` (a path such as ("training", "loop")) asks for."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        above = ["clearsight", *module][: -node.level] if node.level else []
        base = [*above, node.module] if node.module else above
        return [".".join([*base, alias.name]) for alias in node.names]
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
        return [word.value for word in node.args if isinstance(word, ast.Constant)]
    return []


def folders_imported(source: str, module: tuple[str, ...]) -> Iterator[str]:
    """The folders of clearsight that `source` imports, wherever in it; a public name counts as the folder that has it."""
    for node in ast.walk(ast.parse(source)):
        for name in named(node, module):
            if name.partition(".")[0] != "clearsight" or name == "clearsight.__version__":
                continue
            within = name.partition(".")[2]
            home = clearsight._PUBLIC.get(within, name).partition(".")[2]
            yield home.partition(".")[0] or "*"  # the whole package: every folder is in reach of it


def violations(source: str, module: tuple[str, ...]) -> list[str]:
    own = module[0]
    return [
        f"{'.'.join(module)} (floor {FLOORS[own]}) imports {other} (floor {FLOORS.get(other, 'none')})"
        for other in folders_imported(source, module)
        if other != own and FLOORS.get(other, 99) >= FLOORS[own]
    ]


@cache
def modules() -> list[tuple[str, ...]]:
    files = sorted(path.relative_to(SRC) for path in SRC.rglob("*.py"))
    return [(*path.parent.parts, path.stem) for path in files if str(path) not in FREE]


def siblings(source: str, module: tuple[str, ...], known: set[str]) -> set[str]:
    """The modules of its own folder that `module` imports, wherever in it: at the top, in a function, for types only."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        for name in named(node, module):
            within = name.removeprefix("clearsight.")
            home = next((home for home in (within, within.rpartition(".")[0], within + ".__init__") if home in known), "")
            home = home or f"{within.rpartition('.')[0]}.__init__"
            if home in known and home.partition(".")[0] == module[0] and home != ".".join(module):
                found.add(home)
    return found


def on_circles(graph: dict[str, set[str]]) -> set[str]:
    """The nodes from which some way leads back to themselves."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        ahead = [*graph[start]]
        while ahead:
            name = ahead.pop()
            if name not in seen:
                seen.add(name)
                ahead += graph[name]
        return seen

    return {name for name in graph if name in reached(name)}


def test_every_folder_has_a_floor():
    assert len(modules()) > 50
    assert {module[0] for module in modules()} <= set(FLOORS)


def test_imports_go_down_the_floors():
    found = [line for module in modules() for line in violations(SRC.joinpath(*module).with_suffix(".py").read_text(), module)]
    assert not found, "\n".join(found)


def test_no_circles_inside_a_folder():
    known = {".".join(module) for module in modules()}
    graph = {
        ".".join(module): siblings(SRC.joinpath(*module).with_suffix(".py").read_text(encoding="utf-8"), module, known)
        for module in modules()
    }
    found = on_circles(graph)
    new = {name: sorted(graph[name] & found) for name in sorted(found - CIRCLES)}
    assert not new, f"on a circle of imports: {new}"
    assert found == CIRCLES, f"no longer on a circle, take away from CIRCLES: {sorted(CIRCLES - found)}"


def taken(source: str, module: tuple[str, ...], folder: str) -> set[tuple[str, str]]:
    """(module, name) of what `source` imports from `folder`; a module that is imported whole stands for the names read from it."""
    tree, found = ast.parse(source), set()
    known = {".".join(name) for name in modules()}
    for node in ast.walk(tree):
        for name, alias in zip(named(node, module), getattr(node, "names", []), strict=False):
            home, _, last = (within := name.removeprefix("clearsight.")).rpartition(".")
            if within in known and within.startswith(f"{folder}."):
                found |= {(within, name) for name in read_from(alias.asname or last, tree)}
            elif f"{home}.".startswith(f"{folder}."):
                found.add((home, last))
    return found


def read_from(name: str, tree: ast.AST) -> set[str]:
    """The attributes that the code reads from what is called `name`."""
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and ast.unparse(node.value) == name}


def test_training_is_used_through_its_api():
    found: dict[str, set[str]] = {}
    for module in modules():
        if module[0] != "training":
            source = SRC.joinpath(*module).with_suffix(".py").read_text(encoding="utf-8")
            for home, name in taken(source, module, "training"):
                found.setdefault(home, set()).add(name)
    assert found == TRAINING


@pytest.mark.parametrize(
    ("source", "module", "names"),
    [
        ("from ..training.api import train", ("labels", "a"), {("training.api", "train")}),
        ("def f():\n    from ..training.loop import fit as g", ("labels", "a"), {("training.loop", "fit")}),
        ("from ..training import api\napi.train(); api.resume", ("api", "a"), {("training.api", "train"), ("training.api", "resume")}),
        ("from clearsight.training import loop as l\nl.fit()", ("api", "a"), {("training.loop", "fit")}),
        ("from ..recipes import recipe\nrecipe.compose()", ("api", "a"), set()),
    ],
)
def test_a_name_taken_is_noticed(source, module, names):
    assert taken(source, module, "training") == names


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("from .b import f", ("x", "a")),
        ("from . import b", ("x", "a")),
        ("from ..b import f", ("x", "y", "c")),
        ("def f():\n    from .b import g", ("x", "a")),
        ("if TYPE_CHECKING:\n    from ..b import Row", ("x", "y", "c")),
        ("import_module('clearsight.x.b')", ("x", "a")),
        ("import clearsight.x.b", ("x", "a")),
    ],
)
def test_a_sibling_is_noticed(source, module):
    assert siblings(source, module, {"x.a", "x.b", "x.y.c", "x.y.__init__"}) == {"x.b"}


def test_a_folder_stands_for_its_init_and_other_floors_are_none():
    known = {"x.a", "x.y.__init__", "z.a"}
    assert siblings("from . import y\nfrom .y import f\nfrom ..z import a\nimport torch\nfrom .a import me", ("x", "a"), known) == {
        "x.y.__init__"
    }


def test_a_circle_is_found_and_what_leads_to_it_is_not_on_it():
    assert on_circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == {"b", "c"}


def test_the_top_of_the_package_lists_and_forwards():
    for name in FREE:
        tree = ast.parse((SRC / name).read_text())
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level and node.module != "cli"], name
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.For | ast.While)], name


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("from ..cli import main", ("training", "loop")),
        ("from .. import evaluation", ("classifier", "classifier")),
        ("from .. import base, evaluation as e", ("classifier", "classifier")),
        ("from .. import Classifier", ("datasets", "open")),  # through the list of public names
        ("from clearsight import Recipe", ("models", "base")),
        ("import clearsight", ("models", "base")),
        ("from ..models import build", ("datasets", "open")),  # one floor
        ("from ..metrics.accuracy import top_k", ("images", "decode")),
        ("import clearsight.training.loop", ("models", "base")),
        ("import os, clearsight.training.loop as loop", ("models", "base")),
        ("from clearsight.reports.figures.canvas import *", ("training", "loop")),
        ("def f():\n    from clearsight.reports import report", ("training", "loop")),
        ("class A:\n    async def f(self):\n        if x:\n            from ..reports import report", ("training", "loop")),
        ("if TYPE_CHECKING:\n    from ...training.loop import fit", ("models", "convnets", "resnet")),
        ("from ..training import loop", ("models", "__init__")),
        ("from ...training import loop", ("models", "convnets", "__init__")),
        ("try:\n    import_module('clearsight.training.loop')\nexcept ImportError:\n    pass", ("models", "base")),
        ("importlib.import_module('clearsight.training')", ("models", "base")),
        ("from ..nowhere import x", ("cli", "train")),  # a folder without a floor
        ("from .. import errors", ("cli", "train")),
    ],
)
def test_a_way_up_is_noticed(source, module):
    assert len(violations(source, module)) == 1


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("from .schedule import factor", ("training", "loop")),
        ("from . import schedule", ("training", "loop")),
        ("from ..base import errors", ("training", "loop")),
        ("import torch, torch.nn.functional as F", ("training", "loop")),
        ("from .. import models", ("training", "loop")),
        ("from .. import __version__", ("base", "files")),
        ("from clearsight import __version__", ("base", "files")),
        ("from .. import Classifier", ("training", "loop")),
        ("from ..base import Model", ("models", "convnets", "swift")),  # models/base.py, not the ground floor
        ("from ...base.errors import wrong", ("models", "convnets", "swift")),
        ("from .base import Model", ("models", "__init__")),
        ("from copy import copy as check", ("base", "files")),
        ("import save", ("base", "files")),  # another package that is called like a public name
    ],
)
def test_a_way_down_is_not(source, module):
    assert violations(source, module) == []
