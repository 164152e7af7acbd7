"""Shortcuts in a data set: planted ones are found, others are not."""

import numpy as np
import torch

from clearsight.evaluation.shortcuts import background, border, shortcuts
from clearsight.metrics.intervals import wilson


def test_shortcuts_that_were_planted_are_found_and_others_not():
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (200, 1, 32, 32), dtype=torch.uint8, generator=generator)
    labels = np.arange(200) % 2
    sizes = np.where(labels == 1, 2000.0, 1000.0)
    noise = {row["probe"]: row for row in shortcuts(pictures, labels, None)}
    assert set(noise) == {"border", "background"}
    for row in noise.values():
        assert row["chance"] == 0.5 and row["low"] <= 0.5 < row["high"] + 0.05 and row["ok"] and "no better than chance" in row["says"]
        assert (row["low"], row["high"]) == wilson(round(row["top1"] * row["n"]), row["n"])
    assert [(row["probe"], row["top1"]) for row in shortcuts(pictures, labels, sizes) if not row["ok"]] == [("file size", 1.0)]
    pictures[labels == 1, :, :2] = 255
    found = {row["probe"]: row["top1"] for row in shortcuts(pictures, labels, None)}
    assert found["border"] == 1.0 and found["background"] == 1.0
    assert shortcuts(pictures[:6], labels[:6], None) == []


def test_what_the_probes_see():
    pictures = torch.zeros(1, 3, 32, 48, dtype=torch.uint8)
    pictures[..., 6:26, 9:39] = 200  # 10 of 16 cells along each side
    assert background(pictures).shape == (1, 156 * 3) and background(pictures).max() == 0
    assert border(pictures).shape == (1, 4 * 3 * 16) and border(pictures).max() == 0
    pictures[..., 0, :] = 100
    assert border(pictures)[0, :16].tolist() == [50] * 16  # of two rows
    assert border(pictures)[0, 48:96].max() == 0
