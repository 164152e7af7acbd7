"""The files for clusters: their command is one that `clearsight train` takes, and torchrun too, and they have the fields that matter."""

import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest

from clearsight.cli.train import train

FOLDER = Path(__file__).parents[2] / "examples" / "cluster"
FILES = sorted(FOLDER.iterdir())
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
