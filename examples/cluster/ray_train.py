"""A training on a Ray cluster, which starts its processes again when one is lost: they continue from the last checkpoint.

    pip install 'clearsight[ray]' 'ray[train]'
    RAY_ADDRESS=auto python ray_train.py /shared/photos /shared/runs/photos --workers 8 --gpus --set epochs=90

Without RAY_ADDRESS it runs on this machine. DATA and RUN are on a disk that all machines see.
"""

import argparse
from contextlib import suppress
from pathlib import Path
from typing import Any

from ray.train import FailureConfig, RunConfig, ScalingConfig
from ray.train.torch import TorchConfig, TorchTrainer


def train(config: dict[str, Any]) -> None:
    """One process: Ray has made the group of all of them, and clearsight finds it."""
    import clearsight

    with suppress(SystemExit):  # of every process but the first, which has the classifier
        clearsight.train(config["data"], out=config["run"], or_resume=True, quiet=True, **config["settings"])


def typed(word: str) -> tuple[str, Any]:
    """A setting as clearsight.train takes it, from NAME=VALUE."""
    name, _, value = word.partition("=")
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            pass
    return name, value


def main() -> None:
    """Start the processes, and wait for the classifier."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("run", type=Path)
    parser.add_argument("--workers", type=int, default=2, help="processes, each with a GPU or a processor of its own")
    parser.add_argument("--gpus", action="store_true")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="settings of the training")
    asked = parser.parse_args()
    run = asked.run.resolve()  # each process has a working folder of its own
    data = str(Path(asked.data).resolve()) if Path(asked.data).exists() else asked.data
    TorchTrainer(
        train,
        train_loop_config={"data": data, "run": str(run), "settings": dict(map(typed, asked.set))},
        torch_config=TorchConfig(backend="cpu:gloo,cuda:nccl" if asked.gpus else "gloo"),
        scaling_config=ScalingConfig(num_workers=asked.workers, use_gpu=asked.gpus),
        run_config=RunConfig(storage_path=str(run.parent / "ray"), failure_config=FailureConfig(max_failures=9)),
    ).fit()
    print(f"classifier {run}")


if __name__ == "__main__":
    main()
