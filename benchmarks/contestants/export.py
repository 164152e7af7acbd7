"""From bytes to an answer, ours and others alternating in one process on one thread: python export.py MODEL ROUNDS.

Prints CPU milliseconds a picture, a list over rounds, by batch size and whose.
"""

import io
import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from PIL import Image
from sklearn.datasets import load_sample_images

from clearsight.classifier import Classifier
from clearsight.classifier.engines.exported import opened
from clearsight.exports.open import engined, open_classifier

BATCHES = (1, 32)


def jpegs(n: int) -> list[bytes]:
    """Pieces of scikit-learn's two photographs, 320 × 280 px, as JPEG files."""
    images, found = [Image.fromarray(image) for image in load_sample_images().images], []
    for number in range(n):
        stream = io.BytesIO()
        x, y = 9 * number % 300, 5 * number % 140
        images[number % 2].crop((x, y, x + 320, y + 280)).save(stream, "JPEG", quality=90)
        found.append(stream.getvalue())
    return found


def by_hand(classifier: Classifier, data: list[bytes]) -> np.ndarray:
    """What is written without Clearsight: Pillow decodes, resizes and crops; uint8 `(N, C, H, W)`."""
    size, share = classifier.preprocessing.height, classifier.preprocessing.crop_fraction
    rows = []
    for one in data:
        picture = Image.open(io.BytesIO(one)).convert("RGB")
        factor = size / share / min(picture.size)
        picture = picture.resize((round(picture.width * factor), round(picture.height * factor)), Image.Resampling.BILINEAR)
        left, top = (picture.width - size) // 2, (picture.height - size) // 2
        rows.append(np.asarray(picture.crop((left, top, left + size, top + size))).transpose(2, 0, 1))
    return np.ascontiguousarray(np.stack(rows))


def of_floats(file: Path) -> onnxruntime.InferenceSession:
    """The network of a `fitted` file without its normalisation, which takes floats: what others export."""
    import onnx

    model = onnx.shape_inference.infer_shapes(onnx.load(file))  # the extractor asks for shapes
    levels = next(node.output[0] for node in model.graph.node if node.op_type == "Cast" and "fitted" in node.input)
    source = levels  # then divided by 255, the mean subtracted, divided by the deviation
    for kind in ("Div", "Sub", "Div"):
        source = next(node.output[0] for node in model.graph.node if node.op_type == kind and source in node.input)
    for node in model.graph.node:  # what asks for the number of pictures
        node.input[:] = [source if name == "fitted" else name for name in node.input]
    return session(onnx.utils.Extractor(model).extract_model([source], ["probabilities"]).SerializeToString())


def session(data: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def in_floats(classifier: Classifier, data: list[bytes]) -> np.ndarray:
    """OpenCV decodes and resizes, NumPy normalises, as the usual script around an exported YOLO does; float32 `(N, C, H, W)`."""
    import cv2

    of, rows = classifier.preprocessing, []
    mean, std = np.float32(of.mean), np.float32(of.std)
    for one in data:
        picture = cv2.cvtColor(cv2.imdecode(np.frombuffer(one, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB).astype(np.float32) / 255
        factor = of.height / of.crop_fraction / min(picture.shape[:2])
        picture = cv2.resize(picture, (round(picture.shape[1] * factor), round(picture.shape[0] * factor)))
        top, left = (picture.shape[0] - of.height) // 2, (picture.shape[1] - of.width) // 2
        rows.append(((picture[top : top + of.height, left : left + of.width] - mean) / std).transpose(2, 0, 1))
    return np.ascontiguousarray(np.stack(rows))


def with_timm(classifier: Classifier) -> Callable[[list[bytes]], np.ndarray]:
    """timm's own transform for evaluation, float32 `(N, C, H, W)`; raises ImportError without timm."""
    from timm.data import create_transform

    of = classifier.preprocessing
    prepare = create_transform(
        (of.channels, of.height, of.width), interpolation="bilinear", mean=of.mean, std=of.std, crop_pct=of.crop_fraction
    )
    return lambda data: torch.stack([prepare(Image.open(io.BytesIO(one)).convert("RGB")) for one in data]).numpy()


def contestants(classifier: Classifier, file: Path, data: list[bytes]) -> dict[str, Callable[[], object]]:
    bare = session(file.read_bytes())
    floats = of_floats(file)
    entry = floats.get_inputs()[0].name
    fitted = torch.stack([classifier.preprocessing.load(one) for one in data])
    pixels = np.ascontiguousarray(fitted.numpy())
    ours = opened(file, threads=1)
    found: dict[str, Callable[[], object]] = {
        "bare": lambda: bare.run(None, {"fitted": pixels}),
        "fitted": lambda: ours.judged(fitted),
        "bytes": lambda: list(ours.classify_many(data, workers=1)) if len(data) > 1 else ours.classify(data[0]),
        "read, bare": lambda: bare.run(None, {"fitted": torch.stack([classifier.preprocessing.load(one) for one in data]).numpy()}),
        "floats": lambda: floats.run(None, {entry: in_floats(classifier, data)}),
        "by hand": lambda: bare.run(None, {"fitted": by_hand(classifier, data)}),
        "torch": lambda: list(folded.classify_many(data, workers=1)),
    }
    folded = classifier.faster()
    small = file.with_name("fitted-int8.onnx")
    if small.is_file():
        fast = opened(small, threads=1)
        found["int8"] = lambda: fast.judged(fitted)
    with suppress(ImportError):
        prepared = with_timm(classifier)
        found["timm"] = lambda: floats.run(None, {entry: prepared(data)})
    try:
        import openvino
    except ImportError:
        return found
    core = openvino.Core()
    hints = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    compiled = core.compile_model(core.read_model(file.read_bytes()), "CPU", hints)
    intel = opened(file, "openvino", threads=1)
    return found | {"bare openvino": lambda: compiled(pixels), "openvino": lambda: intel.judged(fitted)}


def main() -> None:
    model, rounds = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(1)
    classifier = open_classifier(model)
    beside = Path(model) / "export" / "fitted.onnx"
    file = beside if beside.is_file() else engined(classifier, "onnx").path  # type: ignore[attr-defined]
    found: dict[str, dict[str, list[float]]] = {}
    for batch in BATCHES:
        turns = contestants(classifier, file, jpegs(batch))
        times: dict[str, list[float]] = {name: [] for name in turns}
        for place in range(rounds + 1):
            for name, call in turns.items():
                start = time.process_time()
                call()
                if place:  # the first round allocates
                    times[name].append(1000 * (time.process_time() - start) / batch)
        found[str(batch)] = times
    print(json.dumps(found))


if __name__ == "__main__":
    main()
