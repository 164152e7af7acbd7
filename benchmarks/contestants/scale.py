"""One stage of a large project: `make`, `pack`, `open`, `decode`, `check`, `classify`, `train`, or `grow N` HOME; ends with a line of JSON.

`make` writes photographs of 500×375 px as JPEG into HOME, which the others use. `grow` checks N tiny pictures, to see memory grow.
"""

import json
import resource
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

PICTURES, TINY, STEPS, BATCH = 214, 20_000, 2, 16
Figures = dict[str, float]


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def spent(work: Callable[[], object], n: int) -> float:
    start = time.process_time()
    work()
    return (time.process_time() - start) / n * 1e6


def make(home: Path) -> Figures:
    """The photographs of the named set, and their mirror images, enlarged to the size of ImageNet's."""
    from PIL import Image, ImageOps

    from clearsight.datasets.open import open_dataset

    folder = home / "photos"
    data = next(iter(open_dataset("photos").parts.values()))
    for k in range(0 if folder.exists() else PICTURES):
        i = k % len(data)
        place = folder / data.label(i)
        place.mkdir(parents=True, exist_ok=True)
        with Image.open(data.source(i)) as photo:
            fitted = ImageOps.fit(photo.convert("RGB"), (500, 375), Image.Resampling.BICUBIC)
        (ImageOps.mirror(fitted) if k >= len(data) else fitted).save(place / f"{k}.jpg", quality=95)
    sizes = [path.stat().st_size for path in folder.rglob("*.jpg")]
    return {"picture_bytes": float(np.mean(sizes)), "pictures": len(sizes)}


def pack(home: Path) -> Figures:
    from secrets import token_hex

    from clearsight.datasets.open import open_dataset
    from clearsight.datasets.shards.writing import pack as write

    data = open_dataset(home / "photos")
    return {"pack": spent(lambda: write(data, home / f"shards-{token_hex(3)}", quiet=True), sum(map(len, data.parts.values())))}


def shards(home: Path) -> Path:
    return next(home.glob("shards-*"))


def open_(home: Path) -> Figures:
    """Headers of 20,000 tiny pictures with labels, for the first time and from the cache."""
    from clearsight.datasets.open import open_dataset

    path = tiny(home, TINY, b"\xff\xd8\xff" + bytes(997))
    first, later = (spent(lambda: open_dataset(path), TINY) for _ in range(2))
    data = open_dataset(path)["all"]
    held = data.labels.nbytes + data.spans.nbytes + len(data.names.text) + data.names.starts.nbytes + data.names.lengths.nbytes
    return {"index": first, "open": later, "index_bytes": held / TINY}


def tiny(home: Path, n: int, content: bytes = b"") -> Path:
    """A tar file of `n` pictures, of `content` or each a PNG of its own."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from tests.datasets.shards.tars import picture

    path = home / f"tiny-{n}-{len(content)}.tar"
    if not path.exists():
        with tarfile.open(path, "w") as archive:
            from io import BytesIO

            for k in range(n):
                for name, body in ((f"{k:08d}.png", content or picture(k)), (f"{k:08d}.cls", str(k % 10).encode())):
                    info = tarfile.TarInfo(name)
                    info.size = len(body)
                    archive.addfile(info, BytesIO(body))
    return path


def decode(home: Path) -> Figures:
    from clearsight.datasets.open import open_dataset
    from clearsight.images.preprocess import Preprocessing

    data = next(iter(open_dataset(shards(home)).parts.values()))
    fit = Preprocessing(3, 224, 224)
    read = spent(lambda: [data.source(i).read() for i in range(len(data))], len(data))
    return {"read": read, "decode": spent(lambda: [fit.load(data.source(i)) for i in range(len(data))], len(data)) - read}


def check(home: Path) -> Figures:
    from clearsight.datasets.check import check as examine
    from clearsight.datasets.open import open_dataset

    us = spent(lambda: examine(open_dataset(shards(home)), quiet=True), PICTURES)
    small, large = 4_000, 16_000
    peaks = [json.loads(_other("grow", home, str(n)))["mb"] for n in (small, large)]
    return {"check": us, "check_bytes": max(0.0, (peaks[1] - peaks[0]) * 2**20 / (large - small))}


def _other(*words: object) -> str:
    return subprocess.run([sys.executable, __file__, *map(str, words)], stdout=subprocess.PIPE, text=True, check=True).stdout


def grow(home: Path, n: str) -> Figures:
    from clearsight.datasets.check import check as examine
    from clearsight.datasets.open import open_dataset

    examine(open_dataset(tiny(home, int(n))), quiet=True)
    return {"mb": peak()}


def classify(home: Path) -> Figures:
    import torch

    from clearsight import models
    from clearsight.classifier import Classifier
    from clearsight.images.preprocess import IMAGENET

    torch.set_num_threads(1)
    classifier = Classifier(models.build("resnet18", 1000, seed=0), IMAGENET, [str(k) for k in range(1000)], architecture="resnet18")
    files = sorted((home / "photos").rglob("*.jpg"))[: 4 * BATCH]
    list(classifier.classify_many(files[:BATCH]))
    return {"classify": spent(lambda: list(classifier.classify_many(files)), len(files)), "classify_mb": peak()}


def train(home: Path) -> Figures:
    import torch

    from clearsight import models

    torch.set_num_threads(1)
    model = models.build("resnet18", 1000, seed=0).train()
    pictures, labels = torch.randn(BATCH, 3, 224, 224), torch.arange(BATCH)

    def step() -> None:
        model.zero_grad()
        torch.nn.functional.cross_entropy(model(pictures), labels).backward()

    step()
    return {"train": spent(lambda: [step() for _ in range(STEPS)], STEPS * BATCH)}


if __name__ == "__main__":
    what, home, *words = sys.argv[1:]
    steps = {
        "make": make,
        "pack": pack,
        "open": open_,
        "decode": decode,
        "check": check,
        "grow": grow,
        "classify": classify,
        "train": train,
    }
    print(json.dumps(steps[what](Path(home), *words)))
