"""Changes to training pictures beside kornia, Albumentations and torchvision v2.

    python benchmarks/augment.py [--rounds 7] [--size 32 224] [--batch 256 128] [--only flip crop]

Run it with the interpreter of an environment that has the peers; one that is missing is named. Everybody takes turns in one process,
on one thread, and is used as its own pages say for speed: kornia on float batches, Albumentations picture by picture in NumPy,
torchvision picture by picture in uint8, because on a batch it draws once for all. Ours are batches of uint8 in channels-last
memory, draws included. All do the same change as often and by as much, and all end with one tensor for the batch. Time is the
processor's, so that others on the machine disturb less. Further rows say what drawing by counters costs of ours, and what torch.rand
would; and the rate of that part of a change which no arrangement of torch's operations avoids: no change can be faster.
"""

import os
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version

import numpy as np
import torch
import torch.nn.functional as F
from common import Row, compare, finish, load_check, number_text, parser, say
from contestants.shims import import_torchvision
from PIL import Image
from sklearn.datasets import load_sample_images

from clearsight.augment.pipeline import apply, parse
from clearsight.augment.registry import AUGMENTATIONS
from clearsight.base.compute.memory import keep_large_buffers
from clearsight.base.randomness import normal, uniform

Change = Callable[[torch.Tensor], object]
OURS = {
    "flip": "flip:0.5", "crop": "crop:4", "rotation": "rotate:15", "noise": "noise:0.05", "blur": "blur:2",
    "colour jitter": "jitter:0.4:0.4:0.4:0.1", "erasing": "erase:0.25",
}  # fmt: skip
KERNEL = 13  # px: three standard deviations of the widest blur, either way
GOALS = {32: 2.5, 224: 1.0}


def ours(words: str, size: int) -> Change:
    ops = parse(words)

    def change(batch: torch.Tensor) -> object:
        return apply(ops, batch, torch.arange(len(batch)), 0, 0, (size, size))

    return change


def of_kornia(size: int) -> dict[str, Change]:
    import kornia.augmentation as K

    made = {
        "flip": K.RandomHorizontalFlip(p=0.5),
        "crop": K.RandomCrop((size, size), padding=4, padding_mode="reflect"),
        "rotation": K.RandomRotation(15.0, p=1.0),
        "noise": K.RandomGaussianNoise(std=0.025, p=1.0),
        "blur": K.RandomGaussianBlur((KERNEL, KERNEL), (0.1, 2.0), p=0.5),
        "colour jitter": K.ColorJitter(0.4, 0.4, 0.4, 0.1, p=1.0),
        "erasing": K.RandomErasing((0.0, 0.25), (1 / 3, 3.0), p=0.5),
    }
    return {name: change.forward for name, change in made.items()}


def of_albumentations(size: int) -> dict[str, Change]:
    import albumentations as A
    import cv2

    cv2.setNumThreads(0)
    mirrored = cv2.BORDER_REFLECT_101
    made = {
        "flip": A.HorizontalFlip(p=0.5),
        "crop": A.Compose([A.Pad(4, border_mode=mirrored), A.RandomCrop(size, size)]),
        "rotation": A.Rotate(15, border_mode=mirrored, p=1.0),
        "noise": A.GaussNoise((0.0, 0.05), p=1.0),
        "blur": A.GaussianBlur(0, (0.1, 2.0), p=0.5),
        "colour jitter": A.ColorJitter((0.6, 1.4), (0.6, 1.4), (0.6, 1.4), (-0.1, 0.1), p=1.0),
        "erasing": A.Erasing((0.0, 0.25), (1 / 3, 3.0), p=0.5),
    }

    def each(change: Callable[..., dict[str, object]]) -> Change:
        return lambda batch: torch.from_numpy(np.stack([change(image=picture)["image"] for picture in batch])).permute(0, 3, 1, 2)

    return {name: each(change) for name, change in made.items()}


def of_torchvision(size: int) -> dict[str, Change]:
    import_torchvision()
    from torchvision.transforms import v2

    made = {
        "flip": v2.RandomHorizontalFlip(0.5),
        "crop": v2.RandomCrop(size, padding=4, padding_mode="reflect"),
        "rotation": v2.RandomRotation(15, v2.InterpolationMode.BILINEAR),
        "noise": v2.GaussianNoise(sigma=0.025),
        "blur": v2.RandomApply([v2.GaussianBlur(KERNEL, (0.1, 2.0))], 0.5),
        "colour jitter": v2.ColorJitter(0.4, 0.4, 0.4, 0.1),
        "erasing": v2.RandomErasing(0.5, (1e-4, 0.25), (1 / 3, 3.0)),
    }

    def each(change: Callable[[torch.Tensor], object]) -> Change:
        return lambda batch: torch.stack([change(picture) for picture in batch])

    return {name: each(change) for name, change in made.items()}


# name: its changes by size, and how it takes a batch of uint8 `(N, C, H, W)`
PEERS: dict[str, tuple[Callable[[int], dict[str, Change]], Callable[[torch.Tensor], object]]] = {
    "kornia": (of_kornia, lambda batch: batch.float().div(255).contiguous()),
    "albumentations": (of_albumentations, lambda batch: list(batch.permute(0, 2, 3, 1).contiguous().numpy())),
    "torchvision": (of_torchvision, lambda batch: list(batch.contiguous())),
}


def rate(change: Change, batch: object, least: float = 0.03) -> float:
    """Pictures a second of processor time, of as many batches as take `least` seconds."""
    start, n = time.process_time(), 0
    while n == 0 or time.process_time() - start < least:
        change(batch)  # type: ignore[arg-type]
        n += len(batch)  # type: ignore[arg-type]
    return n / (time.process_time() - start)


def pieces(n: int, size: int) -> torch.Tensor:
    """Pieces of scikit-learn's two photographs, uint8 `(n, 3, size, size)` in channels-last memory."""
    images = [Image.fromarray(image) for image in load_sample_images().images]
    cut = [image.resize((size, size), Image.Resampling.LANCZOS, (x, 20, x + 384, 404)) for x in range(0, 256, 16) for image in images]
    stored = torch.from_numpy(np.stack([np.asarray(piece) for piece in cut])).permute(0, 3, 1, 2)
    return stored[torch.arange(n) % len(cut)].contiguous(memory_format=torch.channels_last)


def rows_of(size: int, n: int, rounds: int, only: Sequence[str], have: Sequence[str]) -> list[Row]:
    """A row a change and a peer: pictures a second."""
    batch = pieces(n, size)
    theirs = {who: (PEERS[who][0](size), PEERS[who][1](batch)) for who in have}
    rows = []
    for name in only:
        turns = {"ours": (ours(OURS[name], size), batch)} | {who: (made[name], taken) for who, (made, taken) in theirs.items()}
        for change, taken in turns.values():  # warms up
            change(taken)
        rates: dict[str, list[float]] = {who: [] for who in turns}
        for _ in range(rounds):
            for who, (change, taken) in turns.items():
                rates[who].append(rate(change, taken))
        say(f"{name}, {size} px: " + ", ".join(f"{who} {number_text(max(values))}/s" for who, values in rates.items()))
        judged = bar(size, {who: max(values) for who, values in rates.items() if who != "ours"})
        for who in have:
            what = f"{name}, {size} px"
            rows.append(
                compare(what, rates["ours"], rates[who], "pictures/s", against=who, goal=GOALS.get(size) if who == judged else None)
            )
    return rows


def bar(size: int, rates: dict[str, float]) -> str | None:
    """Whom the goal is set against: torchvision on photographs, on small pictures the faster of the two others."""
    if size > 64:
        return "torchvision" if "torchvision" in rates else None
    return max((who for who in rates if who != "torchvision"), key=lambda who: rates[who], default=None)


def floors(size: int, n: int, rounds: int, only: Sequence[str]) -> list[Row]:
    """Of changes that are one slow kernel: ours, and the kernel alone, on inputs that are ready."""
    batch = pieces(n, size)
    half, levels, places = batch[: n // 2], batch.float(), 2 * torch.rand(n, size, size, 2) - 1
    sides, pixels = torch.rand(n // 2, size, size), torch.rand(n // 2, size, 3 * size)
    kernels: dict[str, tuple[str, Change]] = {
        "flip": ("torch's flip of half of the pictures", lambda _: half.flip(3)),
        "rotation": ("torch's grid_sample", lambda _: F.grid_sample(levels, places, "bilinear", "reflection", align_corners=False)),
        "noise": ("a table of normal variates", lambda b: normal(0, 0, torch.arange(len(b)), "noise", b[0].numel())),
        "blur": ("two products for half of the pictures", lambda _: (torch.bmm(sides, pixels), torch.bmm(sides, pixels))),
    }
    rows = []
    for name in (name for name in only if name in kernels):
        against, kernel = kernels[name]
        turns = [(rate(ours(OURS[name], size), batch), rate(kernel, batch)) for _ in range(rounds + 1)][1:]
        rows.append(compare(f"floor of {name}, {size} px", *zip(*turns, strict=True), "pictures/s", against=against))  # type: ignore[misc]
    return rows


def drawing(size: int, n: int, rounds: int, only: Sequence[str]) -> list[Row]:
    """Of each change, a batch's draws by counters beside torch.rand's, in percent of the time that the change takes."""
    batch = pieces(n, size)
    rows = []
    for name in only:
        draws = AUGMENTATIONS[parse(OURS[name])[0].name].draws
        whole, counted, rand = [], [], []
        for _ in range(rounds + 1):
            whole.append(rate(ours(OURS[name], size), batch))
            counted.append(rate(lambda b, k=draws: uniform(0, 0, torch.arange(len(b)), "draw", k), batch))  # type: ignore[misc]
            rand.append(rate(lambda b, k=draws: torch.rand(len(b), k), batch))  # type: ignore[misc]
        shares = [[100 * w / r for w, r in zip(whole[1:], taken[1:], strict=True)] for taken in (counted, rand)]
        rows.append(compare(f"draws of {name}, {size} px", *shares, "% of the time", against="torch.rand", less=True))
    return rows


def main() -> None:
    made = parser(__doc__, rounds=7)
    made.add_argument("--size", type=int, nargs="+", default=[32, 224])
    made.add_argument(
        "--batch", type=int, nargs="+", help="pictures a batch, one number for each size (default: 256 up to 64 px, else 128)"
    )
    made.add_argument("--only", nargs="+", choices=OURS, default=list(OURS))
    made.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    given = made.parse_args()
    batches = given.batch or [256 if size <= 64 else 128 for size in given.size]
    if len(batches) != len(given.size):
        made.error(f"--batch takes a number for each of the {len(given.size)} sizes. Got {len(batches)}.")
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    torch.set_num_threads(1)
    keep_large_buffers()
    have, notes = {}, [*load_check(), "1 thread"]
    for who in given.peers:
        try:
            PEERS[who][0](32)
            have[who] = version(who)
        except ImportError as error:
            notes.append(f"{who} is missing: {error}")
    rows = []
    for size, n in zip(given.size, batches, strict=True):
        rows += rows_of(size, n, given.rounds, given.only, list(have))
        rows += floors(size, n, given.rounds, given.only)
        rows += drawing(size, n, given.rounds, given.only)
    finish(given, "Changes to training pictures, a core", rows, notes, have)


if __name__ == "__main__":
    main()
