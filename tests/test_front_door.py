"""`import clearsight as cs`: names, types and start-up of the front door, and the examples in its docstrings."""

import ast
import dataclasses
import doctest
import importlib
import inspect
import os
import pkgutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import get_type_hints

import pytest

import clearsight
from clearsight.api.settings import PretrainSettings, TrainSettings
from clearsight.attacks.attack import attack as attack_pictures
from clearsight.attacks.options import AttackKeywords, AttackOptions, AttackSettings
from clearsight.attacks.table import ATTACKS
from clearsight.base.result import Result
from clearsight.models.own import REGISTERED
from clearsight.recipes.recipe import WITHOUT_LABELS, Pretraining, Recipe

SRC = Path(clearsight.__file__).parent
ROOT = SRC.parents[1]
RESULTS = (
    "AttackResult", "CheckResult", "Comparison", "Diagnosis", "Evaluation", "Explanation", "ExportResult", "LabelErrors",
    "LabelSuggestions", "LadderResult", "Packed", "Recomputation", "ShardsCheck", "StressResult", "SweepResult", "Timings", "Trained",
    "Verification",
)  # fmt: skip
VERBS = [name for name in clearsight._PUBLIC if name.islower() and clearsight._PUBLIC[name].startswith("clearsight.api.")]


def test_the_stub_has_the_same_names_from_the_same_modules():
    stub = ast.parse((SRC / "__init__.pyi").read_text(encoding="utf-8"))
    found = {}
    for node in stub.body:
        if isinstance(node, ast.ImportFrom):
            assert all(alias.name == alias.asname for alias in node.names)  # `X as X`: what is public to a type checker
            found |= {alias.name: node.module for alias in node.names}
    modules = dict.fromkeys(clearsight._MODULES)
    assert found == {name: home.removeprefix("clearsight.") for name, home in clearsight._PUBLIC.items()} | modules
    assert (SRC / "py.typed").is_file()


def test_every_name_is_there_and_is_listed():
    assert dir(clearsight) == sorted(["__version__", *clearsight._PUBLIC, *clearsight._MODULES])
    for name in clearsight.__all__:
        assert getattr(clearsight, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = clearsight.trian


def test_the_package_is_imported_without_torch():
    code = "import sys, clearsight as cs; dir(cs); cs.Recipe; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "clearsight" in loaded and not {"torch", "numpy", "PIL", "sklearn", "rich"} & set(loaded)


@pytest.mark.parametrize("package", [name for _, name, is_package in pkgutil.walk_packages([str(SRC)], "clearsight.") if is_package])
def test_no_module_is_hidden_by_a_function_of_its_name(package):
    """`import clearsight.look.unit as u` gives the module."""
    if package == "clearsight.sklearn":
        pytest.importorskip("sklearn")
    here = importlib.import_module(package)
    for module in pkgutil.iter_modules(here.__path__):
        if module.name != "__main__":
            importlib.import_module(f"{package}.{module.name}")
            assert inspect.ismodule(getattr(here, module.name)), f"{package}.{module.name}"


@pytest.mark.parametrize("name", RESULTS)
def test_results_are_frozen_and_of_one_base(name):
    result = getattr(clearsight, name)
    assert issubclass(result, Result) and dataclasses.is_dataclass(result) and result.__dataclass_params__.frozen


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_returns_a_named_type_and_has_an_example(name):
    verb = getattr(clearsight, name)
    returned = get_type_hints(verb)["return"]
    assert returned.__name__ in {*RESULTS, "Classifier", "Parts", "Path"}
    assert ">>>" in verb.__doc__


def _restore(registry, before):
    registry.clear()
    registry.update(before)


@pytest.mark.parametrize("name", [*VERBS, "register of models", "register of attacks"])
def test_the_example_of_every_verb_runs(name, tmp_path, monkeypatch, request):
    monkeypatch.chdir(tmp_path)
    for registry in (REGISTERED, ATTACKS):  # what an example registers is not there for later tests
        request.addfinalizer(partial(_restore, registry, dict(registry)))
    verb, _, where = name.partition(" of ")
    home = getattr(clearsight, where) if where else clearsight
    example = doctest.DocTestParser().get_doctest(getattr(home, verb).__doc__, {}, name, None, 0)
    failures = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(example).failed
    assert example.examples and not failures


def test_keywords_of_training_are_the_fields_of_the_recipe():
    parameters = {"recipe", "model", "objective"}
    assert get_type_hints(TrainSettings) == {name: kind for name, kind in get_type_hints(Recipe).items() if name not in parameters}
    without = parameters | set(WITHOUT_LABELS)
    assert get_type_hints(PretrainSettings) == {name: kind for name, kind in get_type_hints(Pretraining).items() if name not in without}


def test_keywords_of_an_attack_are_the_fields_of_its_options():
    fields = get_type_hints(AttackOptions)
    assert get_type_hints(AttackKeywords) == fields
    own = set(inspect.signature(clearsight.attack).parameters)
    assert get_type_hints(AttackSettings) == {name: kind for name, kind in fields.items() if name not in own}
    assert len(inspect.signature(attack_pictures).parameters) == 5


SNIPPET = """
import clearsight as cs
from torch import nn

reveal_type(cs.load("x"))
reveal_type(cs.train("x", cs.Recipe(model="pixels"), epochs=3, model=nn.Linear(2, 3)).classifier)
reveal_type(cs.evaluate("x").table())
cs.train("x", modle="y")
cs.train("x", epochs="many")
cs.train("x", model=3)
cs.attack("x", epsilno=0.1)
cs.no_such_name
"""
SAYS = (
    'Revealed type is "clearsight.classifier.classifier.Classifier"',
    'Revealed type is "clearsight.classifier.classifier.Classifier"',
    'Revealed type is "str"',
    'Unexpected keyword argument "modle" for "train"',
    'Argument "epochs" to "train" has incompatible type "str"; expected "int"',
    'Argument "model" to "train" has incompatible type "int"',
    'Unexpected keyword argument "epsilno" for "attack"',
    'Module has no attribute "no_such_name"',
)


# of torch, which takes mypy half a minute, only the class that the snippet names; of other packages nothing
MYPY = """
[mypy]
strict = True
follow_imports = skip

[mypy-clearsight.*,torch,torch.nn]
follow_imports = silent
"""
ANY = "from typing import Any\n\ndef __getattr__(name: str) -> Any: ...\n"
LINEAR = "class Module: ...\nclass Linear(Module):\n    def __init__(self, inputs: int, outputs: int) -> None: ...\n"
CHECKED = {
    "snippet.py": SNIPPET,
    "mypy.ini": MYPY,
    "stubs/torch/__init__.pyi": f"from . import nn as nn\n{ANY}",
    "stubs/torch/nn/__init__.pyi": ANY + LINEAR,
}


def test_a_type_checker_sees_through_the_front_door(tmp_path):
    pytest.importorskip("mypy")
    for name, text in CHECKED.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    words = [sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "--cache-dir", ".mypy_cache", "snippet.py"]
    path = os.pathsep.join((str(ROOT / "src"), "stubs"))
    said = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path, env={**os.environ, "MYPYPATH": path}).stdout
    lines = [line.partition(": ")[2] for line in said.splitlines() if "snippet.py:" in line]
    for line, expected in zip((line for line in lines if "defined in" not in line), SAYS, strict=True):
        assert expected in line.replace("builtins.str", "str"), said
