"""NASNet against Keras, which builds it on JAX and not on torch: in a process of its own, with random values, from its own file.

Keras and JAX are looked for in this environment, or in that of the benchmarks' peers, which `CLEARSIGHT_PEERS` names.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from clearsight import weights

SCRIPT = """
import sys
from pathlib import Path
import numpy as np
from keras import applications
from tests.weights.keras_values import randomise, save

made, folder, side = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
network = getattr(applications, made)(weights=None, classifier_activation=None, input_shape=(side, side, 3))
randomise(network)
x = np.random.default_rng(1).normal(size=(2, side, side, 3)).astype("float32")
np.savez(folder / "values.npz", x=x.transpose(0, 3, 1, 2), logits=np.asarray(network(x)))
for form in ("model.weights.h5", "weights.h5"):
    save(network, folder / form)
"""


def python_with_jax():
    if all(importlib.util.find_spec(name) for name in ("keras", "jax")):
        return sys.executable
    found = Path(os.environ.get("CLEARSIGHT_PEERS", "")) / "bin" / "python"
    return str(found) if "CLEARSIGHT_PEERS" in os.environ and found.exists() else None


@pytest.mark.slow
@pytest.mark.parametrize(("made", "side"), [("NASNetMobile", 97), ("NASNetLarge", 97), ("NASNetMobile", 224)])
def test_logits_are_keras(made, side, tmp_path):
    pytest.importorskip("h5py")
    python = python_with_jax()
    if not python:
        pytest.skip("Keras with JAX is neither in this environment nor in the one that CLEARSIGHT_PEERS names")
    root = Path(__file__).parents[2]
    subprocess.run([python, "-c", SCRIPT, made, tmp_path, str(side)], env={**os.environ, "KERAS_BACKEND": "jax"}, cwd=root, check=True)
    with np.load(tmp_path / "values.npz") as values:
        x, expected = values["x"], values["logits"]
    for form in ("model.weights.h5", "weights.h5"):
        loaded = weights.load(f"keras:{tmp_path / form}")
        assert loaded.architecture == f"{made.lower()}.keras"
        with torch.no_grad():
            found = loaded.model(torch.from_numpy(x)).numpy()
        difference = np.abs(found - expected).max() / np.abs(expected).max()
        print(f"{made} at {side} px, {form}: {difference:.1e}")
        assert np.std(expected) > 1e-3
        assert difference < 1e-5
