"""A GPU in ten minutes: training of ResNet-50 in bf16, `swift` to its accuracies, and inference by every engine that is there.

    python benchmarks/gpu.py [--minutes 9]
    python benchmarks/gpu.py --dry        # the same script on the processor, with tiny sizes: shows that it runs

Training: 224 px from memory, horizontal flips, SGD with momentum; against torchvision's reference loop and timm's loader and loop on the
same card. The limit is that of a measured bf16 product of 8192×8192. swift: seconds of steps from random weights, and test accuracy.
Inference: fitted uint8 pictures in memory to probabilities, batches of 256 and one picture. What is not installed, or not reached in the
time, is named; nothing is reported that did not run.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from common import (
    CLEARSIGHT,
    CONTESTANTS,
    ChildFailed,
    Contestant,
    Figures,
    Row,
    Runs,
    alone,
    alternate,
    compare,
    finish,
    load_check,
    parser,
    run,
    say,
)  # fmt: skip

OURS, REFERENCE, TIMM, MATMUL = "Clearsight", "torchvision's reference loop", "timm's loader and loop", "bf16 product"
SCRIPT = [sys.executable, str(CONTESTANTS / "gpu.py")]
FORWARD = 2 * 4.089e9 / 224**2  # FLOP of ResNet-50 per picture and pixel; a training step takes three times that
ENGINES = {
    "torch": "torch, bf16",
    "compile": "torch.compile, bf16",
    "cuda": "ONNX Runtime, CUDA",
    "tensorrt": "ONNX Runtime, TensorRT, fp16",
}
NONE = "no GPU here: nothing was measured"


def has_gpu() -> bool:
    """Whether torch sees a CUDA device."""
    done = subprocess.run([sys.executable, "-c", "import torch; print(torch.cuda.is_available())"], capture_output=True, text=True)
    return done.stdout.strip() == "True"


def trainings(data: Path, given: argparse.Namespace) -> list[Contestant]:
    """Our command, the reference loop, timm's, the product."""

    def trained(answer: dict[str, Any], _: Path) -> Figures:
        return {"pictures_per_second": answer["pictures_per_second"]}

    words = [
        "train",
        str(data),
        "--model",
        "resnet50",
        "--size",
        str(given.size),
        "--epochs",
        str(given.epochs),
        "--batch",
        str(given.batch),
    ]
    words += ["--optimizer", "sgd", "--lr", "0.1", "--weight-decay", "1e-4", "--augment", "flip", "--speed", "bf16 channels-last"]
    loops = [given.device, str(data), str(given.batch), str(given.epochs)]
    return [
        Contestant(OURS, [*CLEARSIGHT, *words, "--device", given.device, "--out", "run", "--json", "--quiet"], trained),
        Contestant(REFERENCE, [*SCRIPT, "reference", *loops]),
        Contestant(TIMM, [*SCRIPT, "timm", *loops]),
        Contestant(MATMUL, [*SCRIPT, "matmul", given.device]),
    ]


def training_rows(runs: Runs, size: int) -> list[Row]:
    """Pictures per second, and the share of the matrix rate."""
    ours, product = runs.values(OURS, "pictures_per_second"), runs.values(MATMUL, "tflops")
    rows = []
    for name in (REFERENCE, TIMM):
        if ours and (theirs := runs.values(name, "pictures_per_second")):
            rows.append(compare("ResNet-50, bf16, training", ours, theirs, "pictures/s", against=name))
    if ours and product:
        share = [100 * rate * 3 * FORWARD * size**2 / (1e12 * top) for rate, top in zip(ours, product, strict=False)]
        rows += [alone("training, share of the matrix rate", share, "%"), alone("bf16 product", product, "TFLOP/s")]
    return rows


def swift_rows(recipe: str, given: argparse.Namespace, folder: Path) -> list[Row]:
    """Seconds and accuracy of one training by a named recipe; raises ChildFailed."""
    home = folder / recipe
    words = [
        "train",
        "digits" if given.dry else "fashion-mnist",
        "--recipe",
        recipe,
        "--device",
        given.device,
        "--out",
        str(home),
        "--json",
        "--quiet",
    ]
    words += ["--epochs", "1"] if given.dry else []
    done = run(Contestant(recipe, [*CLEARSIGHT, *words], lambda answer, _: {"seconds": answer["seconds"]}))
    judge = ["evaluate", str(home), "--part", "test", "--device", given.device, "--json", "--quiet"]
    test = run(Contestant(recipe, [*CLEARSIGHT, *judge], lambda answer, _: {"accuracy": 100 * answer["top1"]["value"]}))
    return [alone(f"`{recipe}`, training", [done["seconds"]], "s"), alone(f"`{recipe}`, test accuracy", [test["accuracy"]], "%")]


def inference_rows(given: argparse.Namespace, folder: Path) -> tuple[list[Row], list[str]]:
    """Pictures per second and milliseconds of one picture by every engine that runs, ours first."""
    model, notes, rows = folder / "resnet50", [], []
    run(Contestant("artefact", [sys.executable, str(CONTESTANTS / "data.py"), "resnet50", str(model)]))
    batch, times = (2, 1) if given.dry else (given.batch, 40)
    words = [str(model), given.device, str(batch), str(times)]
    for engine, name in ENGINES.items():
        try:
            figures = run(Contestant(name, [*SCRIPT, "infer", engine, *words]))
        except ChildFailed as error:
            notes.append(f"{name} was not run: {error}")
            continue
        rows.append(alone(f"ResNet-50, inference by {name}, batch {batch}", [figures["pictures_per_second"]], "pictures/s"))
        rows.append(alone(f"ResNet-50, inference by {name}, one picture", [figures["one_ms"]], "ms"))
    return rows, notes


def measured(given: argparse.Namespace, folder: Path) -> tuple[list[Row], list[str]]:
    """The parts one after the other, until the time is over; a part that fails, or is not reached, is named."""
    end, rows, notes = time.monotonic() + 60 * given.minutes, [], []

    def training() -> list[Row]:
        data = folder / "pictures.npz"
        run(Contestant("pictures", [*SCRIPT, "pictures", str(data), str(given.pictures), str(given.size)]))
        runs = alternate(given.rounds, trainings(data, given))
        notes.extend(runs.notes)
        return training_rows(runs, given.size)

    def inference() -> list[Row]:
        found, missing = inference_rows(given, folder)
        notes.extend(missing)
        return found

    def by_recipe(recipe: str) -> Any:
        return lambda: swift_rows(recipe, given, folder)

    parts = {"training": training, "inference": inference, **{name: by_recipe(name) for name in ("swift-93", "swift-94")}}
    for name, part in parts.items():
        if time.monotonic() > end:
            notes.append(f"{name} was not reached in {given.minutes:g} minutes")
            continue
        say(f"== {name}")
        try:
            rows += part()
        except ChildFailed as error:
            notes.append(f"{name} failed: {error}")
    return rows, notes


def main() -> None:
    made = parser(__doc__, rounds=2)
    made.add_argument("--pictures", type=int, default=8192)
    made.add_argument("--batch", type=int, default=256)
    made.add_argument("--size", type=int, default=224)
    made.add_argument("--epochs", type=int, default=3)
    made.add_argument("--minutes", type=float, default=9.0, help="no part is begun after so many (default 9)")
    made.add_argument("--dry", action="store_true", help="on the processor, 32 px, 64 pictures, one epoch: nothing to report")
    made.set_defaults(device="cuda")
    given = made.parse_args()
    if given.dry:
        tiny = {"device": "cpu", "size": 32, "pictures": 64, "batch": 16, "epochs": 1, "rounds": 1, "minutes": 600.0}
        vars(given).update(tiny)
    title = f"ResNet-50 at {given.size} px and `swift` on a {'processor, a dry run' if given.dry else 'GPU'}"
    if not given.dry and not has_gpu():
        finish(given, title, [], [NONE], {})
        return
    notes = load_check()
    with tempfile.TemporaryDirectory() as folder:
        rows, more = measured(given, Path(folder))
    finish(given, title, rows, [*notes, *more], {})


if __name__ == "__main__":
    main()
