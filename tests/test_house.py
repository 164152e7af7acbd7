"""The house rules: imports go down the floors, files and functions stay small, nothing unsafe is called, start-up is light."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parent.parent / "src" / "clearsight"
FLOORS = {
    "base": 0, "images": 1, "layers": 1, "metrics": 1, "datasets": 2, "models": 2, "weights": 3, "classifier": 4, "train": 5,
    "attacks": 5, "look": 5, "selfsup": 6, "evaluate": 6, "ship": 6, "studio": 7, "cli": 8,
}  # fmt: skip
FREE = {"__init__.py", "__main__.py"}  # at the top of the package: they only list and forward


def folders_imported(source: str, module: tuple[str, ...]) -> Iterator[str]:
    """The folders of clearsight that the source of `module` (a path such as ("train", "loop")) imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            here = ["clearsight", *module][: -node.level] if node.level else []
            base = here + (node.module.split(".") if node.module else [])
            names = [[*base, alias.name] for alias in node.names]
        else:
            continue
        yield from (name[1] for name in names if name[0] == "clearsight" and len(name) > 1 and name[1] in FLOORS)


def violations(source: str, module: tuple[str, ...]) -> list[str]:
    own = module[0]
    return [
        f"{'.'.join(module)} (floor {FLOORS[own]}) imports {other} (floor {FLOORS[other]})"
        for other in folders_imported(source, module)
        if other != own and FLOORS[other] >= FLOORS[own]
    ]


def modules() -> list[tuple[str, ...]]:
    files = sorted(path.relative_to(SRC) for path in SRC.rglob("*.py"))
    return [(*path.parent.parts, path.stem) for path in files if str(path) not in FREE]


def test_every_folder_has_a_floor():
    assert {module[0] for module in modules()} <= set(FLOORS)


def test_imports_go_down_the_floors():
    found = [line for module in modules() for line in violations(SRC.joinpath(*module).with_suffix(".py").read_text(), module)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("from ..cli import main", ("train", "loop")),
        ("from .. import evaluate", ("classifier", "classifier")),
        ("from ..models import build", ("datasets", "open")),
        ("import clearsight.train.loop", ("models", "base")),
        ("def f():\n    from clearsight.look import draw", ("train", "loop")),
        ("if TYPE_CHECKING:\n    from ...train.loop import fit", ("models", "convnets", "resnet")),
    ],
)
def test_a_way_up_is_noticed(source, module):
    assert violations(source, module)


@pytest.mark.parametrize("source", ["from .schedule import factor", "from ..base import errors", "import torch", "from .. import models"])
def test_a_way_down_is_not(source):
    assert not violations(source, ("train", "loop"))


def test_files_and_functions_stay_small():
    for path in SRC.rglob("*.py"):
        text = path.read_text()
        assert len(text.splitlines()) <= 400, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno <= 60, f"{path}: {node.name}"


def test_nothing_unsafe_is_called():
    for path in SRC.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
                assert not names & {"pickle", "dill", "marshal", "shelve", "yaml"}, path
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in ("eval", "exec", "torch.load", "os.system"), f"{path}: {called}"
                assert not any(word.arg == "allow_pickle" and ast.unparse(word.value) == "True" for word in node.keywords), path


@pytest.mark.parametrize("command", ["-m clearsight --help", "-c import_clearsight"])
def test_start_up_waits_for_nothing_heavy(command):
    code = (
        "import clearsight"
        if "import" in command
        else "import sys; sys.argv = ['clearsight', '--help']; from clearsight.cli import main; main()"
    )
    script = f"import atexit, sys\natexit.register(lambda: print('loaded', *sorted(sys.modules), file=sys.stderr))\n{code}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert "clearsight" in loaded
    assert not loaded & {"torch", "numpy", "PIL", "rich", "sklearn"}
