"""Training on mixed pictures: it learns, and the same again."""

import torch

from clearsight.datasets.loader import load
from clearsight.datasets.open import open_dataset
from clearsight.training.api import train

SETTINGS = {"model": "pixels", "epochs": 8, "lr": 0.02, "augment": "", "seed": 1, "quiet": True, "speed": "plain"}


def test_mixed_training_learns_and_repeats(tmp_path):
    mixes = {"plain": "", "a": "mixup cutmix:0.5", "b": "mixup cutmix:0.5"}
    found = {name: train("digits", out=str(tmp_path / name), mix=mix, **SETTINGS).classifier for name, mix in mixes.items()}
    weights = {name: torch.cat([p.flatten() for p in one.model.parameters()]) for name, one in found.items()}
    assert torch.equal(weights["a"], weights["b"]) and not torch.equal(weights["a"], weights["plain"])
    part = load(open_dataset("digits").parts["train"], found["a"].preprocessing, quiet=True)
    answers = found["a"].logits(part.batch(torch.arange(len(part)))).argmax(1)
    assert float((answers == part.labels).float().mean()) > 0.85
