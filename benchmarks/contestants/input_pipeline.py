"""A folder of JPEG files to augmented batches of 128 at 224 px, on one core: python input_pipeline.py NAME FOLDER.

torchvision: its usual pipeline on Pillow, in a DataLoader without workers. pillow, simplejpeg: ours with that decoder,
as `clearsight train` does it, an epoch that decodes into the cache and a second one. Rates by processor time and by the clock.
"""

import json
import os
import sys
import time
from collections.abc import Iterable

BATCH, SIZE, MEAN, STD = 128, 224, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
JITTER = (0.4, 0.4, 0.4, 0.1)  # brightness, contrast, saturation, hue
Answer = dict[str, float]


def rates(name: str, n: int, batches: Iterable[object]) -> Answer:
    """Pictures per second of an epoch; the first batch's start counts."""
    clock, cpu = time.perf_counter(), time.process_time()
    for _ in batches:
        pass
    return {name: n / (time.process_time() - cpu), f"{name}_clock": n / (time.perf_counter() - clock)}


def torchvision(folder: str) -> Answer:
    from shims import import_torchvision

    import_torchvision()
    import torch
    from torchvision import datasets, transforms

    torch.set_num_threads(1)
    steps = [transforms.RandomResizedCrop(SIZE), transforms.RandomHorizontalFlip(), transforms.ColorJitter(*JITTER)]
    pipeline = transforms.Compose([*steps, transforms.ToTensor(), transforms.Normalize(MEAN, STD)])
    data = datasets.ImageFolder(folder, pipeline)
    return rates("first", len(data), torch.utils.data.DataLoader(data, BATCH, shuffle=True))


def ours(folder: str) -> Answer:
    import torch

    from clearsight.augment import pipeline
    from clearsight.base.compute.memory import keep_large_buffers
    from clearsight.base.randomness import permutation
    from clearsight.datasets.loader import load
    from clearsight.datasets.open import open_dataset
    from clearsight.images.preprocess import Preprocessing

    torch.set_num_threads(1)
    keep_large_buffers()  # as every verb does
    data = open_dataset(folder).parts["all"]
    ops = pipeline.parse(f"rrc:0.08 flip jitter:{':'.join(map(str, JITTER))}")
    to = Preprocessing(height=SIZE, width=SIZE, mean=MEAN, std=STD)

    def epoch(number: int) -> Iterable[torch.Tensor]:
        pictures = load(data, to.enlarged(pipeline.margin(ops)), cache="disk", workers=1, quiet=True)
        wanted = permutation(0, number, len(data)).split(BATCH)
        for indices, batch in zip(wanted, pictures.batches(wanted), strict=True):
            yield pipeline.inputs(ops, batch, indices, 0, number, to)

    return {**rates("first", len(data), epoch(0)), **rates("second", len(data), epoch(1))}


def pillow(folder: str) -> Answer:
    from clearsight.images import jpeg

    jpeg.simplejpeg = None
    return ours(folder)


def simplejpeg(folder: str) -> Answer:
    from clearsight.images import jpeg

    assert jpeg.simplejpeg
    return ours(folder)


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(json.dumps({"torchvision": torchvision, "pillow": pillow, "simplejpeg": simplejpeg}[sys.argv[1]](sys.argv[2])))
