"""Tuning the head of a frozen network: solved on features computed once, beside the same head through ordinary epochs.

    python benchmarks/finetune.py [--rounds 3] [--pictures 5000] [--network resnet18] [--epochs 300]

fashion-mnist. The network is first trained for one epoch on other pictures. Ours is `clearsight train --from --tune head`, whole: data,
features, a path of L2 strengths, validation, the artefact. The ordinary way is a loop in PyTorch: each epoch the frozen network at rest
computes all pictures (without gradients, channels-last, under bfloat16 autocast where ours has bfloat16), a new head of the same shape
learns by SGD with momentum 0.9 on a cosine, and validation is computed after each epoch. Which epoch first has ours' validation
accuracy, with the best of four learning rates and three lengths of the cosine, is found on features computed once, since of a frozen
network they are the same in every epoch; what these epochs take is that many times what two of them take when nothing is kept. Where no
epoch has that accuracy, it is the time of the most epochs tried, and so too little. The same once more for an accuracy a point below ours,
since a few validation pictures more or less are chance.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from common import Row, alone, compare, difference, finish, load_check, parser, say

from clearsight.base.compute.memory import keep_large_buffers
from clearsight.base.compute.precision import has_bf16
from clearsight.classifier import Classifier
from clearsight.classifier import load as load_classifier
from clearsight.datasets.open import open_dataset
from clearsight.training.api import train

GOAL, BATCH, RATES, TIMED, NEAR = 20.0, 128, (0.03, 0.1, 0.3, 1.0), 2, 0.01
Data = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]  # training pictures and labels, validation pictures and labels


def pictures(first: int, count: int) -> tuple[Any, Any]:
    part = open_dataset("fashion-mnist").parts["train"]
    assert part.pictures is not None
    return part.pictures[first : first + count], part.labels[first : first + count]


def ours(arrays: tuple[Any, Any], start: Path, out: Path) -> tuple[float, float, Data]:
    """Seconds, validation accuracy, and what it learned from and was judged on."""
    begun = time.perf_counter()
    trained = train(arrays, out=str(out), quiet=True, **{"from": str(start)}, tune="head", val=1 / 6, test=0.001)
    seconds = time.perf_counter() - begun
    assert trained is not None
    parts = {}
    for name in ("train", "val"):
        data = trained.parts.parts[name]
        assert data.pictures is not None
        parts[name] = torch.as_tensor(data.pictures)[:, None], torch.as_tensor(data.labels)
    return seconds, trained.validation["top1"]["value"], (*parts["train"], *parts["val"])


def features(base: Classifier, some: torch.Tensor) -> torch.Tensor:
    inputs = base.preprocessing.normalise(some).contiguous(memory_format=torch.channels_last)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=has_bf16(torch.device("cpu"))):
        found: torch.Tensor = base.model.features(inputs)
    return found.float()


def ordinary(
    base: Classifier, data: Data, epochs: int, lr: float, wanted: float, known: torch.Tensor | None = None
) -> tuple[float, float, int]:
    """Seconds until validation has the accuracy `wanted` or the epochs end, the best accuracy, and the epochs; features may be `known`."""
    x, y, asked, answers = data
    torch.manual_seed(0)
    head = torch.nn.Linear(base.model.head.in_features, len(base.classes))
    optimizer = torch.optim.SGD(head.parameters(), lr=lr, momentum=0.9)
    steps = epochs * -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    begun, best, epoch = time.perf_counter(), 0.0, 0
    while epoch < epochs and best < wanted:
        epoch += 1
        for index in torch.randperm(len(x)).split(BATCH):
            F.cross_entropy(head(features(base, x[index]) if known is None else known[index]), y[index]).backward()
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
        with torch.no_grad():
            found = features(base, asked) if known is None else known[len(x) :]
            best = max(best, float((head(found).argmax(1) == answers).float().mean()))
    return time.perf_counter() - begun, best, epoch


def needed(base: Classifier, data: Data, most: int, wanted: float) -> tuple[int, float, float]:
    """The fewest epochs that reach the accuracy `wanted`, their best accuracy, and the learning rate; `most` where none does."""
    both = torch.cat([features(base, some) for some in torch.cat([data[0], data[2]]).split(256)])
    lengths = sorted({max(1, most // 30), max(1, most // 6), most})
    tried = [(*ordinary(base, data, length, lr, wanted, both)[1:], lr) for length in lengths for lr in RATES]
    there = [(epochs, best, lr) for best, epochs, lr in tried if best >= wanted]
    if there:
        return min(there)
    best, _, lr = max(tried)
    return most, best, lr


def main() -> None:
    made = parser(__doc__, rounds=3)
    made.add_argument("--pictures", type=int, default=5000)
    made.add_argument("--network", default="resnet18")
    made.add_argument("--epochs", type=int, default=300, help="of the ordinary way, at most")
    made.add_argument("--before", type=int, default=2000, help="other pictures that the network is trained on first, for one epoch")
    given = made.parse_args()
    keep_large_buffers()
    notes = [*load_check(), f"{torch.get_num_threads()} threads"]
    with tempfile.TemporaryDirectory() as folder:
        start = Path(folder) / "start"
        train(pictures(30_000, given.before), out=str(start), quiet=True, model=given.network, epochs=1, val=0.1, test=0.01)
        base, arrays = load_classifier(start), pictures(0, given.pictures * 6 // 5)
        base.model.eval().to(memory_format=torch.channels_last)
        times, found = [], []
        for number in range(given.rounds):
            seconds, accuracy, data = ours(arrays, start, Path(folder) / str(number))
            if not number:
                ways = [needed(base, data, given.epochs, accuracy - less) for less in (0.0, NEAR)]
            each = ordinary(base, data, TIMED, ways[0][2], 2.0)[0] / TIMED
            say(f"ours {seconds:.1f} s, {accuracy:.2%}; epochs of {each:.1f} s: " + ", ".join(f"{n} to {best:.2%}" for n, best, _ in ways))
            times.append((seconds, *(each * n for n, _, _ in ways)))
            found.append(accuracy)
        notes.append(f"{len(data[0]):,} pictures to learn from, {len(data[2]):,} to judge by")
    own, equal, near = zip(*times, strict=True)
    rows: list[Row] = []
    for what, other, (epochs, best, lr) in zip(("as many right", "a point less"), (equal, near), ways, strict=True):
        rows.append(compare(f"seconds until {what}", own, other, "s", against="ordinary epochs", less=True, goal=GOAL))
        rows.append(
            difference("validation accuracy", [100 * value for value in found], [100 * best] * len(found), "%", against="ordinary epochs")
        )
        rows.append(alone(f"epochs of the ordinary way at lr {lr:g}", [float(epochs)], ""))
    finish(given, f"{given.network}: its head alone, tuned on {given.pictures:,} pictures", rows, notes, {})


if __name__ == "__main__":
    main()
