"""Golden check of a server of the Open Inference Protocol v2: check_server.py http://localhost:8000/v2/models/pets model.onnx"""

import json
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import numpy as np
import onnxruntime  # for the description in the file; the server computes
from pictures import golden_check

address, model = sys.argv[1:]
about = json.loads(onnxruntime.InferenceSession(model).get_modelmeta().custom_metadata_map["clearsight"])


def probabilities(pictures):
    """Of each class, float32 (classes,), for uint8 (1, height, width, channels)."""
    asked = {"name": "pictures", "datatype": "UINT8", "shape": pictures.shape, "data": pictures.ravel().tolist()}
    body = json.dumps({"inputs": [asked], "outputs": [{"name": "probabilities"}]}).encode()
    with urlopen(Request(f"{address}/infer", body, {"content-type": "application/json"})) as answer:
        return np.array(json.load(answer)["outputs"][0]["data"])


print(f"golden pictures: probabilities within {golden_check(about, Path(model).parent, probabilities):.0e}")
