"""ResNet-50 at 224 px by engine, all taking turns in one process: python resnet50.py MODEL PICTURE ROUNDS.

Milliseconds a picture. `network`: normalised pictures in, scores out (ours normalises 8-bit pictures in that time). `file`: the path of a
JPEG in, a label out. `limit` is the rate of a product of 2,048×2,048 matrices in bfloat16, GFLOP/s.
"""

import json
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

import clearsight

BATCHES = (1, 32)
SIDE = 2048
Turns = dict[str, Callable[[], object]]


def peers(classifier: clearsight.Classifier, folder: Path) -> dict[str, Callable[[torch.Tensor], Any]]:
    """Float32 PyTorch as it is, and the runtimes that are installed, for normalised pictures."""
    model, file = classifier.model, folder / "model.onnx"
    found: dict[str, Callable[[torch.Tensor], Any]] = {"eager": lambda x: model(x).numpy()}
    try:
        import onnxruntime
        import openvino

        names: dict[str, Any] = {"input_names": ["pictures"], "dynamic_axes": {"pictures": {0: "n"}}, "dynamo": False}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(model, (torch.zeros(2, 3, 224, 224),), str(file), **names)
    except ImportError as error:
        print(f"not measured: {error}", file=sys.stderr)
        return found
    session, core = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"]), openvino.Core()
    found["onnxruntime"] = lambda x: session.run(None, {"pictures": x.numpy()})[0]
    for precision in ("bf16", "f32"):
        compiled = core.compile_model(core.read_model(str(file)), "CPU", {"INFERENCE_PRECISION_HINT": precision})
        found[f"openvino {precision}"] = lambda x, compiled=compiled: compiled(x.numpy())[0]  # type: ignore[misc]
    return found


def measured(turns: Turns, rounds: int, pictures: int) -> dict[str, list[float]]:
    """Milliseconds a picture of each, once a round; the first round, which allocates, does not count."""
    times: dict[str, list[float]] = {name: [] for name in turns}
    for place in range(rounds + 1):
        for name, call in turns.items():
            start = time.perf_counter()
            call()
            if place:
                times[name].append(1000 * (time.perf_counter() - start) / pictures)
    return times


def limit() -> float:
    """GFLOP/s of a product in bfloat16, at its best."""
    a = torch.randn(SIDE, SIDE).bfloat16()
    best = min(measured({"product": lambda: torch.mm(a, a)}, 20, 1)["product"])
    return 2e-6 * SIDE**3 / best


def main() -> None:
    classifier, picture, rounds = clearsight.load(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    clearsight.keep_large_buffers()
    rough, exact, answers = classifier.faster("bf16"), classifier.faster(), dict[str, Any]()
    with tempfile.TemporaryDirectory() as name, torch.inference_mode():
        others = peers(classifier, Path(name))
        for batch in BATCHES:
            pictures = classifier.preprocessing.load(picture).expand(batch, -1, -1, -1).contiguous()
            inputs = classifier.inputs(pictures)
            turns: Turns = {"bf16": lambda p=pictures: rough.logits(p), "float32": lambda p=pictures: exact.logits(p)}  # type: ignore[misc]
            turns |= {name: lambda call=call, x=inputs: call(x) for name, call in others.items()}  # type: ignore[misc]
            answers[f"network, batch {batch}"] = measured(turns, rounds, batch)

        def by_hand(call: Callable[[torch.Tensor], Any]) -> int:
            return int(call(classifier.inputs(classifier.preprocessing.load(picture)[None])).argmax())

        turns = {"load": lambda: classifier.classify(picture), "bf16": lambda: rough.classify(picture)}
        turns |= {name: lambda call=call: by_hand(call) for name, call in others.items()}  # type: ignore[misc]
        answers["file, one picture"] = measured(turns, 3 * rounds, 1)
    print(json.dumps({**answers, "limit": limit()}))


if __name__ == "__main__":
    main()
