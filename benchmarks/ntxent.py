"""NT-Xent, the loss of SimCLR, forward and backward, beside lightly's.

    python benchmarks/ntxent.py [--rounds 7] [--batch 512 4096] [--bf16]

Two views of each picture, 128 numbers each. Both losses take turns in one process, on the same float32 views, which give the same
loss. With --bf16 our products are in bfloat16, for chips that multiply it.
"""

import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import torch
from common import Row, alone, compare, finish, load_check, parser

from clearsight.base.compute.memory import keep_large_buffers
from clearsight.training.objectives.ntxent import ntxent

WIDTH, TEMPERATURE, GOAL = 128, 0.5, 4.0
Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def milliseconds(loss: Loss, views: tuple[torch.Tensor, torch.Tensor]) -> float:
    start = time.perf_counter()
    torch.autograd.grad(loss(*views), views)
    return 1000 * (time.perf_counter() - start)


def lightlys() -> Loss | None:
    sys.path.append(str(Path(__file__).parent / "contestants"))
    try:
        from shims import import_torchvision

        import_torchvision()
        from lightly.loss import NTXentLoss
    except ImportError:
        return None
    return NTXentLoss(temperature=TEMPERATURE)


def row(batch: int, rounds: int, bf16: bool, peer: Loss | None) -> Row:
    draw = torch.Generator().manual_seed(0)
    first, second = (torch.randn(batch, WIDTH, generator=draw).requires_grad_() for _ in range(2))

    def ours(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return ntxent(a, b, TEMPERATURE, bf16=bf16)[0] / batch

    contestants = [ours, *([peer] if peer else [])]
    if peer:
        torch.testing.assert_close(ours(first, second), peer(first, second), rtol=1e-2 if bf16 else 1e-5, atol=0)
    times = [[milliseconds(loss, (first, second)) for loss in contestants] for _ in range(rounds + 1)][1:]
    what = f"batch {batch:,}"
    own, *others = zip(*times, strict=True)
    return compare(what, own, others[0], "ms", against="lightly", less=True, goal=GOAL) if others else alone(what, own, "ms")


def main() -> None:
    made = parser(__doc__, rounds=7)
    made.add_argument("--batch", type=int, nargs="+", default=[512, 4096])
    made.add_argument("--bf16", action="store_true")
    given = made.parse_args()
    keep_large_buffers()
    notes, peer = [*load_check(), f"{torch.get_num_threads()} threads"], lightlys()
    notes += [] if peer else ["lightly is missing: pip install lightly"]
    rows = [row(batch, given.rounds, given.bf16, peer) for batch in given.batch]
    finish(given, "NT-Xent, forward and backward", rows, notes, {"lightly": version("lightly")} if peer else {})


if __name__ == "__main__":
    main()
