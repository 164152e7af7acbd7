"""The files for clusters: their command is one that `clearsight train` takes, and torchrun too, and they have the fields that matter."""

import os
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import click
import pytest

from clearsight import load
from clearsight.cli.train import train

FOLDER = Path(__file__).parents[2] / "examples" / "cluster"
FILES = sorted(path for path in FOLDER.iterdir() if path.is_file() and path.suffix != ".py")
FIELDS = {
    "jobset.yaml": ("apiVersion: jobset.x-k8s.io/v1alpha2", "kind: JobSet", "replicatedJobs:", "failurePolicy:", "completionMode: Indexed"),
    "pytorchjob.yaml": ("apiVersion: kubeflow.org/v1", "kind: PyTorchJob", "pytorchReplicaSpecs:", "elasticPolicy:", "- name: pytorch"),
    "train.slurm": ("#SBATCH --requeue", "#SBATCH --ntasks-per-node=1", "--rdzv-backend=c10d", "--max-restarts="),
}


def words(path: Path) -> list[str]:
    """The command of a file, from `torchrun` on."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".slurm":
        return shlex.split(text.partition("srun ")[2])[1:]
    inline = re.search(r"command: \[(.+)\]", text)
    return (
        inline[1].split(", ") if inline else re.findall(r"^ +- ([^: ]+)$", text.partition("command:")[2].partition("resources:")[0], re.M)
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_command_is_one_that_train_takes(path):
    text = path.read_text(encoding="utf-8")
    assert all(field in text for field in FIELDS[path.name]) and "\t" not in text
    command = words(path)
    assert command[0] == "torchrun" and "--no-python" in command
    ours = command[command.index("clearsight") + 1 :]
    assert ours[0] == "train"
    found = train.make_context("train", ours[1:]).params
    assert found["resume"] == "auto" and found["data"] and found["out"]


def test_the_script_of_slurm_is_bash():
    assert subprocess.run(["bash", "-n", FOLDER / "train.slurm"], capture_output=True).stderr == b""
    assert isinstance(train, click.Command)


RAY = str(FOLDER / "ray_train.py")


def test_the_script_of_ray_trains(tmp_path, monkeypatch):
    """With stand-ins for Ray's classes: the arguments that they get, and the function that every process runs."""
    got: dict = {}

    def trainer(loop, **words):
        got.update(words)
        return SimpleNamespace(fit=lambda: loop(words["train_loop_config"]))

    modules = {"ray": {}, "ray.train": dict.fromkeys(("FailureConfig", "RunConfig", "ScalingConfig"), SimpleNamespace)}
    for name, names in {**modules, "ray.train.torch": {"TorchConfig": SimpleNamespace, "TorchTrainer": trainer}}.items():
        module = ModuleType(name)
        vars(module).update(names)
        monkeypatch.setitem(sys.modules, name, module)
    words = ["digits", str(tmp_path / "run"), "--workers", "3", "--set", "model=pixels", "epochs=1", "lr=0.01"]
    monkeypatch.setattr(sys, "argv", [RAY, *words])
    runpy.run_path(RAY, run_name="__main__")
    assert load(tmp_path / "run").facts["epochs"] == 1
    assert (got["scaling_config"].num_workers, got["torch_config"].backend) == (3, "gloo")
    assert got["run_config"].failure_config.max_failures == 9
    assert got["train_loop_config"]["settings"] == {"model": "pixels", "epochs": 1, "lr": 0.01}


@pytest.mark.slow
def test_ray_trains_as_torchrun_does(tmp_path, ray):
    """The same weights from two processes of Ray and two of torchrun."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    words = [sys.executable, RAY, "digits", str(tmp_path / "ray-run"), "--set", "model=lenet5", "epochs=2", "speed=plain"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]
    words = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "clearsight", "train", "digits"]
    words += ["--out", str(tmp_path / "run"), "--model", "lenet5", "--epochs", "2", "--speed", "plain", "-q"]
    subprocess.run(words, env=environment, check=True, capture_output=True, timeout=900)
    assert (tmp_path / "ray-run" / "model.safetensors").read_bytes() == (tmp_path / "run" / "model.safetensors").read_bytes()
