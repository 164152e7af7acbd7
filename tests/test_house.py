"""The house rules: files and functions stay small, nothing unsafe is called, stdout belongs to the command line, tests mirror modules."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SRC = TESTS.parent / "src" / "clearsight"
FILES = sorted(SRC.rglob("*.py"))
UNSAFE_MODULES = {"pickle", "_pickle", "cloudpickle", "dill", "joblib", "jsonpickle", "marshal", "shelve", "yaml"}
UNSAFE_CALLS = {"eval", "exec", "builtins.eval", "builtins.exec", "torch.load", "os.system", "__import__"}
UNSAFE_WORDS = {"allow_pickle": True, "weights_only": False, "shell": True}


# modules without a test file of their path: tested by others; the list only becomes shorter
WITHOUT_MIRROR = {
    "api": ("files", "inside", "judging", "labels", "learning", "settings", "sources"),
    "augment": ("op",),
    "cli": ("pretrain",),
    "reports/figures": ("augmented", "explanation", "label_curve", "label_sheet", "maps", "page",
        "preprocessing", "receptive_field", "scorecard", "sheet", "triptych", "unit"),
    "reports": ("of_run",),
    "training": ("api",),
    "weights": ("contents",),
}  # fmt: skip


def mirror(module: Path) -> Path:
    """The test file of a module: `training/loop.py` is tested in `tests/training/test_loop.py`."""
    return TESTS / module.relative_to(SRC).with_name(f"test_{module.name}")


def unsafe(source: str) -> Iterator[str]:
    """What in `source` could run somebody else's code."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.partition(".")[0] in UNSAFE_MODULES)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            if str(node.module).partition(".")[0] in UNSAFE_MODULES:
                yield str(node.module)
            yield from (f"{node.module}.{a.name}" for a in node.names if f"{node.module}.{a.name}" in UNSAFE_CALLS)
        elif isinstance(node, ast.Call):
            words = {word.arg: ast.unparse(word.value) for word in node.keywords}
            if ast.unparse(node.func) in UNSAFE_CALLS and not (
                ast.unparse(node.func) == "torch.load" and words.get("weights_only") == "True"
            ):
                yield ast.unparse(node.func)
            for word in node.keywords:
                if word.arg in UNSAFE_WORDS and ast.unparse(word.value) == str(UNSAFE_WORDS[word.arg]):
                    yield f"{word.arg}={ast.unparse(word.value)}"


def timed(source: str) -> Iterator[int]:
    """The lines of `source` that assert something about a clock: a busy machine fails them."""
    clocks = ("perf_counter", "process_time", "thread_time", "monotonic", "getrusage")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assert) and any(isinstance(part, ast.Attribute) and part.attr in clocks for part in ast.walk(node.test)):
            yield node.lineno


def spoken(source: str) -> Iterator[int]:
    """The lines of `source` that write to stdout."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "click.echo", "pprint", "pprint.pprint"):
            words = {word.arg: ast.unparse(word.value) for word in node.keywords}
            if words.get("file", "sys.stdout") == "sys.stdout" and words.get("err") != "True":
                yield node.lineno
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.stdout", "sys.__stdout__"):
            yield node.lineno


def long_functions(source: str, most: int = 60) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno + 1 > most:
            yield node.name


def test_files_and_functions_stay_small():
    assert len(FILES) > 50
    assert not [path for path in FILES if len(path.read_text().splitlines()) > 400]
    assert not [f"{path}: {name}" for path in FILES for name in long_functions(path.read_text())]


def test_tests_mirror_the_modules():
    modules = [path for path in FILES if path.name not in ("__init__.py", "__main__.py")]
    without = {path.relative_to(SRC).with_suffix("").as_posix() for path in modules if not mirror(path).exists()}
    listed = {f"{folder}/{name}" for folder, names in WITHOUT_MIRROR.items() for name in names}
    assert without - listed == set(), "give each a test file of its path"
    assert listed - without == set(), "they have a test file now: take them off the list"


def test_nothing_unsafe_is_called():
    assert not [f"{path}: {what}" for path in FILES for what in unsafe(path.read_text())]


def test_no_test_asserts_what_a_clock_says():
    assert not [f"{path}:{line}" for path in sorted(TESTS.rglob("*.py")) for line in timed(path.read_text())]
    assert list(timed("assert time.process_time() - start < 0.5\nassert clock.now() < 1")) == [1]


def test_only_the_command_line_writes_to_stdout():
    assert not [f"{path}:{line}" for path in FILES if SRC / "cli" not in path.parents for line in spoken(path.read_text())]


@pytest.mark.parametrize(
    "source",
    [
        "import pickle", "import os, pickle as p", "from pickle import loads", "def f():\n    import dill", "eval('1')", "x = exec(y)",
        "torch.load(path)", "torch.load(path, weights_only=safe)",
        "from torch import load", "np.load(path, allow_pickle=True)", "read(path, weights_only=False)",
        "subprocess.run(line, shell=True)", "from os import system",
    ],
)  # fmt: skip
def test_what_is_unsafe_is_noticed(source):
    assert len(list(unsafe(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "model.eval()",
        "torch.load(path, weights_only=True)",
        "np.load(path, allow_pickle=False)",
        "from .load import load",
        "re.compile(x)",
        "# eval(",
        "'pickle'",
    ],
)
def test_what_is_safe_is_not(source):
    assert not list(unsafe(source))


def test_speech_and_length_are_noticed():
    assert list(spoken("print(1)\nprint(2, file=sys.stderr)\nclick.echo(3, err=True)\nclick.echo(4)\nsys.stdout.write(x)")) == [1, 4, 5]
    body = "\n    x = 1"
    assert list(long_functions("def f():" + body * 59 + "\nasync def g():" + body * 60)) == ["g"]
