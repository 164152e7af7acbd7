"""Would the tests notice? One small change at a time is made to the code, and the tests that reach it are run.

python tests/mutation.py                     # which tests reach which line (once), then 320 changes drawn by seed 0
python tests/mutation.py --only metrics -n 40 --seed 1

Reached lines are found by coverage, one context a test. Each mutant is tried in a fork of a process that has imported everything: a
function's changed code takes the place of its own, wherever it has been imported to. What runs at the import is changed when its file is
imported, in a fork that has forgotten Clearsight. The tests that lie where the code does come first, of each test function one
case, the quickest first, until their time is spent. Messages are not changed: what is raised, f-strings, docstrings, the digits of a
rounded number, lines of a log; nor `strict` of a zip, which guards against mistakes in the code itself. `mutation.toml` beside this
file names mutants that no test can tell from the code, each with the reason.
"""

import argparse
import ast
import contextlib
import copy
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import CodeType, FunctionType

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "clearsight"
PARTED = ("recipes", "runs", "heads")  # once within training
FOLDERS = ("training", *PARTED, "classifier", "datasets", "images", "augment", "corruptions", "metrics")
TESTS = (*FOLDERS, "evaluation", "labels", "sklearn", "attacks")
SPENT = 20.0  # seconds of tests, as they were measured, for a mutant
FIRST = 0.75  # share of these seconds in which a second case of a test function must wait for the first of all others
CONTROL = 25  # before each so many mutants the code is tried as it is
COMPARED = {
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq},
    **{ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is},
}
COMPUTED = {
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult},
    **{ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd},
}
SAYING = ("say", "print", "warn", "simplefilter", "update", "skip")  # a statement that only shows something


@dataclass(frozen=True)
class Mutant:
    """The `number`-th node of a file, walked breadth first, changed."""

    file: str
    number: int
    line: int
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.before}  →  {self.after}"


def changed(node: ast.AST) -> ast.AST | None:
    """The node with one mistake in it, None where there is none to make."""
    made = copy.deepcopy(node)
    match made:
        case ast.Compare(ops=[op, *_]) if type(op) in COMPARED:
            made.ops[0] = COMPARED[type(op)]()
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in COMPUTED and not _text(made):
            made.op = COMPUTED[type(op)]()
        case ast.BoolOp():
            made.op = ast.Or() if isinstance(made.op, ast.And) else ast.And()
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            made = made.operand
        case ast.Constant(value=bool()):
            made.value = not made.value
        case ast.Constant(value=int() | float()):
            made.value = made.value + 1 if isinstance(made.value, int) else 2 * made.value or 1.0
        case ast.If() | ast.While() | ast.IfExp():
            made.test = ast.UnaryOp(ast.Not(), made.test)
        case ast.Expr(value=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name))) if name not in SAYING:
            made = ast.Pass()
        case ast.Break():
            made = ast.Pass()
        case _:
            return None
    return ast.copy_location(made, node)


def _text(node: ast.BinOp | ast.AugAssign) -> bool:
    """Whether strings or types are joined, not numbers."""
    parts = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.value,)
    return any(
        isinstance(part, ast.JoinedStr) or (isinstance(part, ast.Constant) and not isinstance(part.value, int | float)) for part in parts
    )


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node that may be changed, in a fixed order; what is raised, said, annotated or decorated is left out."""
    waiting = [tree]
    while waiting:
        node = waiting.pop(0)
        yield node
        skipped: list[ast.AST] = []
        if isinstance(node, ast.Raise | ast.JoinedStr | ast.Assert):
            continue
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            skipped += node.decorator_list
        for name in ("annotation", "returns"):
            skipped += [value for value in [getattr(node, name, None)] if value is not None]
        waiting += [child for child in ast.iter_child_nodes(node) if child not in skipped]


def aside(tree: ast.AST) -> set[int]:
    """The numbers of the nodes that are drawn and not tried: `strict` of a zip, how many digits of a number are shown, lines of a log."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Call(func=ast.Name(id="log") | ast.Attribute(attr="log"))):
                found.add(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found |= {word.value for word in node.keywords if node.func.id == "zip"}
            found |= {value for value in node.args[1:] if node.func.id == "round"}
    return {number for number, node in enumerate(nodes(tree)) if node in found}


def mutants(path: Path) -> list[Mutant]:
    """All mutants of a file."""
    source, found = path.read_text(encoding="utf-8"), []
    for number, node in enumerate(nodes(ast.parse(source))):
        made = changed(node)
        if made is not None:
            shown = [_short(value) for value in (node, made)]
            found.append(Mutant(str(path.relative_to(PACKAGE)), number, node.lineno, *shown))  # type: ignore[attr-defined]
    return found


def _short(node: ast.AST) -> str:
    if isinstance(node, ast.If | ast.While):
        return f"{type(node).__name__.lower()} {ast.unparse(node.test)}:"
    return ast.unparse(node).partition("\n")[0]


def mutated(mutant: Mutant) -> ast.Module:
    """The file with the mistake in it, as it is if the mutant says that nothing changes."""
    tree = ast.parse((PACKAGE / mutant.file).read_text(encoding="utf-8"))
    if mutant.before == mutant.after:
        return tree
    target = list(nodes(tree))[mutant.number]

    class Swap(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return changed(node) or node if node is target else self.generic_visit(node)

    return ast.fix_missing_locations(Swap().visit(tree))


class Changed(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Imports one module from a changed tree, all others as ever."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant, file = mutant, PACKAGE / mutant.file
        words = ("clearsight", *Path(mutant.file).with_suffix("").parts)
        super().__init__(".".join(words).removesuffix(".__init__"), str(file))

    def find_spec(self, fullname, path=None, target=None):
        if fullname != self.name:
            return None
        inside = [str(Path(self.path).parent)] if self.path.endswith("__init__.py") else None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self, submodule_search_locations=inside)

    def get_code(self, fullname):
        return compile(mutated(self.mutant), self.path, "exec")


class Contexts:
    """A plugin that tells coverage which test runs, and keeps how long each took."""

    def __init__(self, coverage) -> None:
        self.coverage, self.seconds = coverage, {}
        self.failed: set[str] = set()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.coverage.switch_context(nodeid)

    def pytest_runtest_logreport(self, report) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if report.outcome != "passed":
            self.failed.add(report.nodeid)


def reach(tests: list[str], kept: Path) -> None:
    """Run the tests once and write which reach which line, and how long they take, to `kept`; what fails or is skipped is left out."""
    import pytest
    from coverage import Coverage

    covered = Coverage(data_file=None, source=[str(PACKAGE / folder) for folder in FOLDERS], config_file=False)
    contexts = Contexts(covered)
    covered.start()
    pytest.main(["-q", "-p", "no:cacheprovider", "--rootdir", str(ROOT), *tests], plugins=[contexts])
    covered.stop()
    data, lines = covered.get_data(), {}
    for file in data.measured_files():
        found = {line: [c for c in names if c and c not in contexts.failed] for line, names in data.contexts_by_lineno(file).items()}
        lines[str(Path(file).relative_to(PACKAGE))] = found
    seconds = {name: spent for name, spent in contexts.seconds.items() if name not in contexts.failed}
    kept.write_text(json.dumps({"seconds": seconds, "lines": lines}), encoding="utf-8")


class Reached:
    """Which tests are worth running for a mutant."""

    def __init__(self, kept: Path, spent: float = SPENT) -> None:
        self.spent = spent
        told = json.loads(kept.read_text(encoding="utf-8"))
        self.seconds: dict[str, float] = told["seconds"]
        self.lines: dict[str, dict[str, list[str]]] = told["lines"]

    def tests(self, mutant: Mutant) -> list[str]:
        """The tests that reach its line or, where the import alone runs that, its file or lie near: of each function one first."""
        near, lines = f"tests/{Path(mutant.file).parent}/", self.lines.get(mutant.file, {})
        found = lines.get(str(mutant.line))
        if not found:  # what a table is made of may be read through any other file
            found = [name for names in lines.values() for name in names] + [name for name in self.seconds if name.startswith(near)]
        return self._within(sorted(set(found), key=lambda name: (not name.startswith(near), self.seconds[name], name)))

    def _within(self, names: list[str]) -> list[str]:
        chosen: dict[str, None] = {}
        spent, had = 0.0, set()
        for again, limit in ((False, FIRST * self.spent), (True, self.spent)):  # first one case of each function
            for name in names:
                function = name.partition("[")[0]
                if name in chosen or (function in had and not again) or spent + self.seconds[name] > limit:
                    continue
                had.add(function)
                chosen[name] = None
                spent += self.seconds[name]
        return list(chosen)

    def at_import(self, mutant: Mutant) -> bool:
        """Whether no test reaches its line itself: it runs when its file is imported, as may a function that makes a table."""
        return not self.lines.get(mutant.file, {}).get(str(mutant.line))

    def limit(self, tests: list[str]) -> float:
        """Seconds that a mutant may take: several times what the tests took, on a machine that others use too."""
        return 30 + 5 * sum(self.seconds[name] for name in tests)


def survives(mutant: Mutant, tests: list[str], limit: float, at_import: bool = False) -> str:
    """`killed`, `timeout`, `crashed` or `survived`, found in a fork of this process."""
    if not tests:
        return "survived"
    child = os.fork()
    if child == 0:
        _attempt(mutant, tests, at_import)
    end = time.monotonic() + limit
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            _end(child)
            return {0: "survived", 1: "killed", 2: "killed"}.get(os.waitstatus_to_exitcode(status), "crashed")
        time.sleep(0.05)
    _end(child)
    os.waitpid(child, 0)
    return "timeout"


def _attempt(mutant: Mutant, tests: list[str], at_import: bool) -> None:
    """In the fork: exit 0 if all tests pass with the mistake in."""
    code = 3
    try:
        os.setpgrp()
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        if at_import or not swapped(mutant):
            for name in [name for name in sys.modules if name.partition(".")[0] in ("clearsight", "tests")]:
                del sys.modules[name]
            sys.meta_path.insert(0, Changed(mutant))
        import pytest

        code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--rootdir", str(ROOT), *tests]))
    finally:
        os._exit(code)


def swapped(mutant: Mutant) -> bool:
    """Give the function that the mutant is in the changed code; whether it is in one that can be found."""
    tree = mutated(mutant)
    module = importlib.import_module(Changed(mutant).name)
    bodies = [("", node) for node in tree.body]
    bodies += [(node.name, inner) for node in tree.body if isinstance(node, ast.ClassDef) for inner in node.body]
    for owner, node in bodies:
        if isinstance(node, ast.FunctionDef) and node.body[0].lineno <= mutant.line <= (node.end_lineno or 0):
            place = vars(getattr(module, owner)) if owner else vars(module)
            function = _inside(place.get(node.name))
            code = _code(compile(tree, str(PACKAGE / mutant.file), "exec"), owner, node.name)
            if function is None or code is None or function.__code__.co_freevars != code.co_freevars:
                return False
            function.__code__ = code
            return True
    return False


def _inside(made: object) -> FunctionType | None:
    """The function within a property, a method of the class, or what a decorator has made of it."""
    made = getattr(made, "fget", made)
    made = getattr(made, "__func__", made)
    while hasattr(made, "__wrapped__"):
        made = made.__wrapped__
    return made if isinstance(made, FunctionType) else None


def _code(code: CodeType, *names: str) -> CodeType | None:
    """The code of a function, of a class or not, in that of its module."""
    for name in names:
        if name:
            found = [c for c in code.co_consts if isinstance(c, CodeType) and c.co_name == name]
            if len(found) != 1:
                return None
            code = found[0]
    return code


def _end(child: int) -> None:
    """End what the tests of a mutant have left running."""
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        return


def warm_up(files: set[str]) -> None:
    """Import the tests, and with them all of what they test; a file that cannot be is left to its fork."""
    import pytest

    with contextlib.redirect_stdout(io.StringIO()):
        pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", "--rootdir", str(ROOT), *sorted(files)])


def drawn(only: list[str], n: int, seed: int) -> list[Mutant]:
    """`n` mutants of all, less those that are known to change nothing, or only what is shown."""
    known = tomllib.loads((ROOT / "tests" / "mutation.toml").read_text(encoding="utf-8"))["equivalent"]
    same = {(row["file"], row["code"], row["before"], row["after"]) for row in known}
    paths = [path for folder in only for path in sorted((PACKAGE / folder).rglob("*.py"))]
    every = [m for path in paths for m in mutants(path)]
    chosen = random.Random(seed).sample(every, min(n, len(every)))
    left = {m.file: aside(ast.parse((PACKAGE / m.file).read_text(encoding="utf-8"))) for m in chosen}
    return [m for m in chosen if m.number not in left[m.file] and (m.file, _line(m), m.before, m.after) not in same]


def _line(mutant: Mutant) -> str:
    return (PACKAGE / mutant.file).read_text(encoding="utf-8").splitlines()[mutant.line - 1].strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=320, help="mutants to draw")
    parser.add_argument("--seed", type=int, default=0, help="the draw follows from it")
    parser.add_argument("--only", nargs="+", default=FOLDERS, choices=FOLDERS, help="folders of the package")
    parser.add_argument("--reach", type=Path, default=ROOT / ".reach.json", help="file that keeps which tests reach which line")
    parser.add_argument("--tests", nargs="+", default=[f"tests/{name}" for name in TESTS], help="tests to run when that is found out")
    parser.add_argument("--spent", type=float, default=SPENT, help="seconds of tests for a mutant (default: 20)")
    parser.add_argument("--list", type=Path, help="run again the mutants that survived an earlier run, whose output this is")
    given = parser.parse_args()
    os.chdir(ROOT)
    sys.path[0] = str(ROOT)  # in place of this folder, whose names are those of libraries
    if not given.reach.exists():  # in a process of its own, which imports Clearsight
        code = f"from tests.mutation import reach; from pathlib import Path; reach({given.tests!r}, Path({str(given.reach)!r}))"
        subprocess.run([sys.executable, "-c", code], check=True)
    reached, chosen = Reached(given.reach, given.spent), drawn(given.only, given.n, given.seed)
    if given.list:
        lines = {
            line.partition("  ")[2].strip() for line in given.list.read_text(encoding="utf-8").splitlines() if line.startswith("survived")
        }
        chosen = [mutant for mutant in chosen if str(mutant) in lines]
    warm_up({name.partition("::")[0] for mutant in chosen for name in reached.tests(mutant)})
    counts, start = {"killed": 0, "timeout": 0, "crashed": 0, "survived": 0}, time.monotonic()
    for number, mutant in enumerate(chosen):
        tests = reached.tests(mutant)
        how_tried = (tests, reached.limit(tests), reached.at_import(mutant))
        if number % CONTROL == 0 and survives(replace(mutant, after=mutant.before), *how_tried) != "survived":
            raise SystemExit(f"without any mistake the tests do not pass: pytest {' '.join(tests)}")
        found = survives(mutant, *how_tried)
        counts[found] += 1
        print(f"{found:8}  {mutant}" + ("" if tests else "  (no test reaches it)"), flush=True)
    n = sum(counts.values())
    killed = n - counts["survived"]
    how = f"{counts['timeout']} of them by the time limit, {counts['crashed']} by a crash"
    print(f"{n} mutants: {killed} killed ({killed / max(n, 1):.1%}), {how}; {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
