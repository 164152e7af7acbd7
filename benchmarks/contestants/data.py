"""Data for the benchmarks.

python data.py arrays FILE.npz TRAIN TEST     # the first pictures of fashion-mnist's two parts; test serves as val too
python data.py photographs FOLDER N           # N JPEG files of 300×300 px in FOLDER/class, crops of scikit-learn's photographs
python data.py noisy FOLDER N                 # N of 500×375 px in FOLDER/class, about 51 kB each, scikit-image's photographs too
python data.py resnet50 FOLDER                # our artefact of a ResNet-50 for 224×224 px with random weights
"""

import json
import sys
from pathlib import Path

CLASSES, MEAN, STD = 1000, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def arrays(file: str, train: str, test: str) -> None:
    import numpy as np

    from clearsight.datasets.open import open_dataset

    parts = open_dataset("fashion-mnist").parts
    table = {}
    for part, source, count in (("train", "train", train), ("val", "test", test), ("test", "test", test)):
        table[f"x_{part}"], table[f"y_{part}"] = parts[source].pictures[: int(count)], parts[source].labels[: int(count)]
    np.savez(file, **table)


def photographs(folder: str, n: str) -> None:
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_sample_images

    random, originals = np.random.default_rng(0), load_sample_images().images
    for i in range(int(n)):
        whole = originals[i % len(originals)]
        top, left = random.integers(whole.shape[0] - 300), random.integers(whole.shape[1] - 300)
        path = Path(folder) / str(i % 10) / f"{i:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(whole[top : top + 300, left : left + 300]).save(path, quality=90)


def noisy(folder: str, n: str) -> None:
    import numpy as np
    from PIL import Image
    from skimage import data
    from sklearn.datasets import load_sample_images

    random = np.random.default_rng(0)
    photographs = (data.astronaut(), data.chelsea(), data.coffee(), data.rocket(), *load_sample_images().images)
    originals = [Image.fromarray(photograph) for photograph in photographs]
    for i in range(int(n)):
        whole = originals[i % len(originals)]
        height = int(min(whole.height, whole.width * 3 / 4) * random.uniform(0.55, 1))
        width = height * 4 // 3
        left, top = random.integers(whole.width - width + 1), random.integers(whole.height - height + 1)
        part = whole.resize((500, 375), Image.Resampling.BICUBIC, box=(left, top, left + width, top + height))
        grainy = np.asarray(part) + random.normal(0, 3.75, (375, 500, 3))
        path = Path(folder) / str(i % 10) / f"{i:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(grainy.clip(0, 255).astype(np.uint8)).save(path, quality=90, subsampling="4:2:0")


def resnet50(folder: str) -> None:
    from clearsight import models
    from clearsight.classifier import Classifier, save
    from clearsight.images.preprocess import Preprocessing

    model = models.build("resnet50", CLASSES, seed=0)
    classes = [str(i) for i in range(CLASSES)]
    save(Classifier(model, Preprocessing(mean=MEAN, std=STD), classes, architecture="resnet50"), folder)


if __name__ == "__main__":
    {"arrays": arrays, "noisy": noisy, "photographs": photographs, "resnet50": resnet50}[sys.argv[1]](*sys.argv[2:])
    print(json.dumps({}))
