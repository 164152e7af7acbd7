"""ResNet-50 training in bf16 at 224 px on a GPU, against torchvision's reference loop on the same card.

    python benchmarks/gpu.py [--pictures 8192] [--batch 256]

Random pictures from memory, horizontal flips, SGD with momentum. Also the share of the card's matrix rate, which is that of a
measured bf16 product of 8192×8192. Without a GPU it says so; `--device cpu --size 32 --pictures 64 --batch 16` tries the script.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from common import CLEARSIGHT, CONTESTANTS, Contestant, Figures, Row, Runs, alone, alternate, compare, finish, load_check, parser, run

OURS, REFERENCE, MATMUL = "Clearsight", "torchvision's reference loop", "bf16 product"
FLOP = 3 * 2 * 4.089e9 / 224**2  # of a training step per picture and pixel: forward, and twice that backward
NONE = "no GPU here: nothing was measured"


def has_gpu() -> bool:
    """Whether torch sees a CUDA device."""
    done = subprocess.run([sys.executable, "-c", "import torch; print(torch.cuda.is_available())"], capture_output=True, text=True)
    return done.stdout.strip() == "True"


def contestants(data: Path, device: str, size: int, batch: int, epochs: int) -> list[Contestant]:
    """Our command, the reference loop, the product."""

    def trained(answer: dict[str, Any], _: Path) -> Figures:
        return {"pictures_per_second": answer["pictures_per_second"]}

    words = ["train", str(data), "--model", "resnet50", "--size", str(size), "--epochs", str(epochs), "--batch", str(batch)]
    words += ["--optimizer", "sgd", "--lr", "0.1", "--weight-decay", "1e-4", "--augment", "flip", "--speed", "bf16 channels-last"]
    script = [sys.executable, str(CONTESTANTS / "gpu.py")]
    return [
        Contestant(OURS, [*CLEARSIGHT, *words, "--device", device, "--out", "run", "--json", "--quiet"], trained),
        Contestant(REFERENCE, [*script, "reference", device, str(data), str(batch), str(epochs)]),
        Contestant(MATMUL, [*script, "matmul", device]),
    ]


def rows_of(runs: Runs, size: int) -> list[Row]:
    """Pictures per second, peak memory of the process, and the share of the matrix rate."""
    if not (runs.figures[OURS] and runs.figures[REFERENCE]):
        return []
    rates = [runs.values(name, "pictures_per_second") for name in (OURS, REFERENCE)]
    rows = [compare("ResNet-50, bf16, training", *rates, "pictures/s", against=REFERENCE)]
    if product := runs.values(MATMUL, "tflops"):
        share = [[100 * rate * FLOP * size**2 / (1e12 * top) for rate, top in zip(each, product, strict=False)] for each in rates]
        rows += [compare("share of the matrix rate", *share, "%", against=REFERENCE), alone("bf16 product", product, "TFLOP/s")]
    return rows


def main() -> None:
    made = parser(__doc__, rounds=3)
    made.add_argument("--pictures", type=int, default=8192)
    made.add_argument("--batch", type=int, default=256)
    made.add_argument("--size", type=int, default=224)
    made.add_argument("--epochs", type=int, default=3)
    made.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    given = made.parse_args()
    title = f"ResNet-50 at {given.size} px on a GPU"
    if given.device == "cuda" and not has_gpu():
        finish(given, title, [], [NONE], {})
        return
    notes = load_check()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "pictures.npz"
        run(
            Contestant(
                "pictures", [sys.executable, str(CONTESTANTS / "gpu.py"), "pictures", str(data), str(given.pictures), str(given.size)]
            )
        )
        runs = alternate(given.rounds, contestants(data, given.device, given.size, given.batch, given.epochs))
    finish(given, title, rows_of(runs, given.size), [*notes, *runs.notes], {})


if __name__ == "__main__":
    main()
