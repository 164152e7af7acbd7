"""A classifier of digits by the nearest mean, one class with a hostile name; and its pictures as a folder."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from clearsight.classifier import Classifier, save
from clearsight.images.preprocess import Preprocessing
from clearsight.models import build
from tests.pictures import digit_arrays

NAMES = ("zero", "one", "<img src=x onerror=alert(1)>")
SHAPE = {"channels": 1, "height": 16, "width": 16}


def nearest(folder: Path, per_class: int = 20) -> None:
    """`folder/run`, the artefact, and `folder/scans/CLASS/000.png`: two thirds to nine tenths of them are right."""
    preprocessing = Preprocessing(**SHAPE, mean=(0.5,), std=(0.5,))
    pictures, labels = digit_arrays(per_class, len(NAMES))
    large = np.stack([np.asarray(Image.fromarray(one).resize((16, 16))) for one in pictures])
    for k, (one, label) in enumerate(zip(large, labels, strict=True)):
        place = folder / "scans" / NAMES[label]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(one).save(place / f"{k:03}.png")
    x = preprocessing.normalise(torch.from_numpy(large)[:, None]).flatten(1)
    means = torch.stack([x[torch.from_numpy(labels == k)].mean(0) for k in range(len(NAMES))])
    net = build("pixels", len(NAMES), **SHAPE, seed=0)
    with torch.no_grad():
        weight, bias = net.parameters()
        weight.copy_(means / 8)
        bias.copy_(-means.square().sum(1) / 16)
    save(Classifier(net, preprocessing, NAMES, architecture="pixels"), folder / "run")
