"""Start-up is light: asking for help, the version or the package does not wait for anything heavy."""

import os
import subprocess
import sys
import tempfile

import pytest
from PIL import Image

HEAVY = {"torch", "numpy", "PIL", "rich", "sklearn", "tensorboard", "safetensors", "pandas", "pyarrow"}


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import clearsight; print(clearsight.__version__, len(clearsight.__all__))", "0."),
        ("sys.argv = ['clearsight', '--help']; from clearsight.cli import main; main()", "train"),
        ("sys.argv = ['clearsight', '--version']; import runpy; runpy.run_module('clearsight', run_name='__main__')", "clearsight 0."),
        ("sys.argv = ['clearsight', 'trian']; from clearsight.cli import main; main()", ""),
    ],
    ids=["import", "help", "version", "mistyped"],
)
def test_nothing_heavy_is_imported(code, says):
    script = f"import atexit, sys\natexit.register(lambda: print('loaded:', *sys.modules, file=sys.stderr))\n{code}"
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False)
    said, _, loaded = done.stderr.partition("loaded:")
    assert done.returncode == (0 if says else 2), said
    assert "clearsight" in loaded.split() and not {name.partition(".")[0] for name in loaded.split()} & HEAVY
    assert says in done.stdout
    assert not said or "Did you mean train" in said


def test_no_command_waits_for_what_it_does_not_use():
    """One process runs them one after the other, so that each shows what it adds."""
    script = """
import contextlib
import io
import sys
from clearsight.cli import main
from clearsight.training import loop

OPTIONAL = ("torch._dynamo", "torchvision", "tensorboard", "pandas", "sympy", "sklearn", "scipy", "matplotlib")
step = loop._step

def loaded(when):
    print(when, *(name for name in OPTIONAL if name in sys.modules), file=sys.__stdout__)

def first_step(*given, **more):
    loop._step = step
    loaded("step")
    return step(*given, **more)

loop._step = first_step
run, pictures = sys.argv[1:]
for words in (
    ["train", "digits", "--model", "pixels", "--epochs", "1", "--out", run, "--quiet"],
    ["classify", run, pictures], ["verify", run], ["evaluate", run, "--quiet"], ["attack", run, "--n", "4", "--quiet"],
    ["stress", run, "--n", "8", "--only", "contrast", "--quiet"], ["check", "digits", "--quiet"],
    ["look", "unit", run, pictures, "--layer", "linear", "--channel", "3", "--out", f"{run}/unit.png"],
    ["look", "neighbours", run, pictures, "digits", "--out", f"{run}/near.png"],
):
    sys.argv = ["clearsight", *words]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as said:
        try:
            main()
        except SystemExit as end:
            assert not end.code, said.getvalue()
    loaded(words[0] if words[0] != "look" else words[1])
"""
    with tempfile.TemporaryDirectory() as folder:
        Image.new("L", (8, 8), 99).save(f"{folder}/grey.png")
        words = [sys.executable, "-c", script, f"{folder}/run", f"{folder}/grey.png"]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    loaded = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
    assert list(loaded) == ["step", "train", "classify", "verify", "evaluate", "attack", "stress", "check", "unit", "neighbours"]
    assert not loaded.pop("step"), "the charts are of the report, after the training"
    assert all(names == ["matplotlib"] for names in loaded.values()), loaded


@pytest.mark.parametrize(
    ("given", "count"), [({}, "5000"), ({"GOMP_SPINCOUNT": "77"}, "77"), ({"OMP_WAIT_POLICY": "active"}, "30000000000")]
)
def test_waiting_threads_give_the_processor_up_unless_told_otherwise(given, count):
    environment = {name: value for name, value in os.environ.items() if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    words = [sys.executable, "-m", "clearsight", "classify", "/no/such", "picture.png"]
    environment |= {"OMP_DISPLAY_ENV": "verbose", "PYTHONPROFILEIMPORTTIME": "1", **given}
    said = subprocess.run(words, env=environment, capture_output=True, text=True, check=False).stderr
    if "GOMP_SPINCOUNT" not in said:
        pytest.skip("torch waits by another library than libgomp here")
    assert f"GOMP_SPINCOUNT = '{count}'" in said
    assert "torch.nn" in said and "scipy" not in said, "which takes a tenth of a start"
