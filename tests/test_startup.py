"""Start-up is light: asking for help, the version or the package does not wait for anything heavy."""

import os
import subprocess
import sys
import tempfile

import pytest

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


def test_the_first_step_does_not_wait_for_the_compiler_or_the_charts():
    script = """
import sys
import tempfile
from clearsight.training import loop

def stop(*_):
    print(*sys.modules)
    sys.exit()

loop._step = stop
sys.argv = ["clearsight", "train", "digits", "--model", "pixels", "--out", sys.argv[1], "--quiet"]
from clearsight.cli import main
main()
"""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([sys.executable, "-c", script, f"{folder}/run"], capture_output=True, text=True, check=True)
    # scikit-learn, which has the digits, loads pandas where it is installed, as it is beside the peers
    words = [sys.executable, "-c", "import sys, sklearn.datasets; print(*sys.modules)"]
    brought = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch._dynamo", "tensorboard", "matplotlib", "pandas", "sympy"} & set(done.stdout.split()) - set(brought)


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
