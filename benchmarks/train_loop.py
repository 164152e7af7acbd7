"""Training speed of `clearsight train` against a plain PyTorch DataLoader loop: same pictures, network, batch, epochs.

    python benchmarks/train_loop.py [--pictures 12000] [--rounds 3] [--model convnet]

Both run in this process tree, alternating, each in a process of its own; fashion-mnist, Adam 1e-3, batch 128, float32 loop.
Pictures per second are of the training steps, data and augmentation (none here) included. Prints every round, the medians
and their ratio.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def plain_loop(pictures: int, model: str) -> float:
    """The loop of PyTorch's own examples: DataLoader over a TensorDataset, model, Adam."""
    import torch
    import torch.nn.functional as F
    from torch.utils.data import DataLoader, TensorDataset

    from clearsight import models
    from clearsight.datasets.open import open_dataset

    data = open_dataset("fashion-mnist").parts["train"]
    x = (torch.from_numpy(data.pictures[:pictures]).float()[:, None] / 255 - 0.2860) / 0.3530
    loader = DataLoader(TensorDataset(x, torch.from_numpy(data.labels[:pictures])), batch_size=128, shuffle=True)
    net = models.build(model, 10, channels=1, height=28, width=28, seed=0).train()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    start = time.perf_counter()
    for batch, labels in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(net(batch), labels)
        loss.backward()
        optimizer.step()
    return pictures / (time.perf_counter() - start)


def ours(pictures: int, model: str) -> float:
    """`clearsight train` on the same pictures, logging, checkpoints and validation included in the run (not in the rate)."""
    import numpy as np

    from clearsight.datasets.open import open_dataset

    data = open_dataset("fashion-mnist").parts["train"]
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "part.npz"
        held = data.pictures[-1000:], data.labels[-1000:]
        np.savez(
            table, x_train=data.pictures[:pictures], y_train=data.labels[:pictures],
            x_val=held[0], y_val=held[1], x_test=held[0], y_test=held[1],
        )  # fmt: skip
        words = ["train", str(table), "--model", model, "--epochs", "1", "--optimizer", "adamw", "--lr", "1e-3", "--schedule", "constant"]
        words += ["--warmup", "0", "--augment", "", "--batch", "128", "--weight-decay", "0", "--label-smoothing", "0"]
        words += ["--out", f"{folder}/run", "--json", "--quiet"]
        done = subprocess.run([sys.executable, "-m", "clearsight", *words], capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout)["pictures_per_second"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=12_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", default="convnet")
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peer:
        print(plain_loop(given.pictures, given.model))
        return
    from clearsight.base.device import hardware

    rates: dict[str, list[float]] = {"ours": [], "plain": []}
    for round_ in range(given.rounds):
        words = [sys.executable, __file__, "--peer", "--pictures", str(given.pictures), "--model", given.model]
        rates["plain"].append(float(subprocess.run(words, capture_output=True, text=True, check=True).stdout))
        rates["ours"].append(ours(given.pictures, given.model))
        print(f"round {round_ + 1}: ours {rates['ours'][-1]:,.0f}/s, plain loop {rates['plain'][-1]:,.0f}/s")
    medians = {name: statistics.median(values) for name, values in rates.items()}
    spread = {name: f"{min(values):,.0f} to {max(values):,.0f}" for name, values in rates.items()}
    print(f"{given.model}, {given.pictures:,} pictures, n = {given.rounds}: ours {medians['ours']:,.0f}/s ({spread['ours']}), ", end="")
    print(f"plain loop {medians['plain']:,.0f}/s ({spread['plain']}), ratio {medians['ours'] / medians['plain']:.2f}")
    print(", ".join(f"{name} {value}" for name, value in hardware().items()))


if __name__ == "__main__":
    main()
