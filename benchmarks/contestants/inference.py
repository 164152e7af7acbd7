"""ResNet-50 on JPEG files as a user of another library finds it: python inference.py NAME FOLDER [MODEL.onnx].

eager: float32 PyTorch, batches of 32, torch's and the allocator's defaults. export: writes MODEL.onnx of torchvision's.
onnxruntime: that file, batches of 32. They decode to uint8 with Pillow first; `pictures_per_second` is without the decoding.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from data import CLASSES, MEAN, STD
from numpy.typing import NDArray

BATCH = 32
Answer = dict[str, float]


def rate(folder: str, predict: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> Answer:
    """Pictures per second of normalising, predicting and taking the best five of every JPEG in `folder`."""
    from PIL import Image

    def decoded(path: Path) -> NDArray[np.uint8]:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB").resize((224, 224), Image.Resampling.BILINEAR))

    pictures = np.stack([decoded(path) for path in sorted(Path(folder).rglob("*.jpg"))])  # (N, 224, 224, 3)
    mean, scale = 255 * np.float32(MEAN), 1 / (255 * np.float32(STD))
    start = time.perf_counter()
    for first in range(0, len(pictures), BATCH):
        inputs = (pictures[first : first + BATCH] - mean) * scale
        best = np.argsort(predict(np.ascontiguousarray(inputs.transpose(0, 3, 1, 2))), axis=1)[:, -5:]
        assert best.shape[1] == 5
    return {"pictures_per_second": len(pictures) / (time.perf_counter() - start)}


def eager(folder: str) -> Answer:
    import torch

    from clearsight import models

    model = models.build("resnet50", CLASSES, seed=0).eval()

    def predict(inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.no_grad():
            return torch.softmax(model(torch.from_numpy(inputs)), dim=1).numpy()

    return rate(folder, predict)


def export(folder: str, file: str) -> Answer:
    from shims import import_torchvision

    import_torchvision()
    import torch
    from torchvision.models import resnet50

    model = resnet50().eval()
    axes = {"pictures": {0: "n"}, "logits": {0: "n"}}
    names = {"input_names": ["pictures"], "output_names": ["logits"]}
    torch.onnx.export(model, (torch.zeros(2, 3, 224, 224),), file, **names, dynamic_axes=axes, dynamo=False)
    return {}


def onnxruntime(folder: str, file: str) -> Answer:
    import onnxruntime as ort

    session = ort.InferenceSession(file, providers=["CPUExecutionProvider"])
    return rate(folder, lambda inputs: session.run(None, {"pictures": inputs})[0])


if __name__ == "__main__":
    print(json.dumps({"eager": eager, "export": export, "onnxruntime": onnxruntime}[sys.argv[1]](*sys.argv[2:])))
