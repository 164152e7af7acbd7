"""Classify with onnxruntime, numpy and pillow alone: python classify.py export/model.onnx cat.jpg dog.png"""

import json
import sys
from pathlib import Path

import onnxruntime
from pictures import golden_check, pixels

model, *files = sys.argv[1:]
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
about = json.loads(session.get_modelmeta().custom_metadata_map["clearsight"])


def probabilities(pictures):
    """Of each class, float32 (classes,), for uint8 (1, height, width, channels)."""
    return session.run(["probabilities"], {"pictures": pictures})[0][0]


print(f"golden pictures: probabilities within {golden_check(about, Path(model).parent, probabilities):.0e}", file=sys.stderr)
for file in files:
    found = probabilities(pixels(file, about["preprocessing"]["channels"]))
    print(f"{file}: {about['classes'][found.argmax()]} ({found.max():.1%})")
