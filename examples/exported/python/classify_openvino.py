"""Classify with openvino, numpy and pillow alone: python classify_openvino.py export/model.onnx cat.jpg dog.png"""

import json
import sys
from pathlib import Path

import openvino
from pictures import golden_check, pixels

path, *files = sys.argv[1:]
model = openvino.Core().read_model(path)
about = json.loads(model.get_rt_info(["framework", "clearsight"]).value)
# without the hint, a processor with AMX computes in bfloat16, the preprocessing too
compiled = openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})


def probabilities(pictures):
    """Of each class, float32 (classes,), for uint8 (1, height, width, channels)."""
    return compiled({"pictures": pictures})["probabilities"][0]


# OpenVINO computes float64 as float32 and may fit a value one level off, hence a wider tolerance
print(f"golden pictures: probabilities within {golden_check(about, Path(path).parent, probabilities, 5e-3):.0e}", file=sys.stderr)
for file in files:
    found = probabilities(pixels(file, about["preprocessing"]["channels"]))
    print(f"{file}: {about['classes'][found.argmax()]} ({found.max():.1%})")
