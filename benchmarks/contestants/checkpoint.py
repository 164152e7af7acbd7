"""Saves of one training state, ours and torch.save's, alternating: python checkpoint.py NETWORK ROUNDS."""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F

from clearsight import models
from clearsight.training.optim.optimizer import make_optimizer
from clearsight.training.storage import checkpoint


def main(network: str, rounds: str) -> None:
    model = models.build(network, 10, channels=1, height=28, width=28, seed=0).train()
    optimizer = make_optimizer(model, name="adamw", lr=1e-3, momentum=0.9, weight_decay=0.0)
    torchs = torch.optim.AdamW(model.parameters(), lr=1e-3)
    F.cross_entropy(model(torch.rand(8, 1, 28, 28)), torch.arange(8)).backward()
    optimizer.step()
    torchs.step()
    state, folder = checkpoint.State(model, optimizer), Path("checkpoints")
    folder.mkdir()

    def theirs(sync: bool) -> None:
        with open("state.pt", "wb") as file:
            torch.save({"model": model.state_dict(), "optimizer": torchs.state_dict()}, file)
            if sync:
                file.flush()
                os.fsync(file.fileno())

    def ours() -> None:
        state.counters.step += 1
        checkpoint.save(state, folder)

    saves: dict[str, Callable[[], None]] = {"ours": ours, "torch.save": lambda: theirs(False), "torch.save and fsync": lambda: theirs(True)}
    seconds: dict[str, list[float]] = {name: [] for name in saves}
    for _ in range(int(rounds) + 1):
        for name, save in saves.items():
            start = time.perf_counter()
            save()
            seconds[name].append(time.perf_counter() - start)
    sizes = {"ours": checkpoint.checkpoints(folder)[0].stat().st_size, "torch.save": Path("state.pt").stat().st_size}
    print(json.dumps({"seconds": {name: values[1:] for name, values in seconds.items()}, "bytes": sizes}))


if __name__ == "__main__":
    main(*sys.argv[1:])
