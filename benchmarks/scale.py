"""ImageNet, 100 million and 5 thousand million pictures: bytes, requests, time, memory and money of each stage, and what may go wrong.

    python benchmarks/scale.py --measure     # CPU time of each stage on this machine, into benchmarks/results/scale.json (4 minutes)
    python benchmarks/scale.py --compare     # the simulation beside real workers and a real store (needs moto and s3fs), kept there too
    python benchmarks/scale.py --page        # docs/scale.md from those figures, the assumptions below and the simulation

Change `PRICES` and `MACHINES` to your own; they are assumptions, not quotations.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

import simulate
from common import CONTESTANTS, ROOT, machine

SETS = {"1.28 M": 1_281_167, "100 M": 100_000_000, "5 G": 5_000_000_000}
PRICES = {  # assumptions, in any one currency
    "core for an hour": 0.04,
    "GB stored for a month": 0.023,
    "GB read in the same region": 0.0,
    "1,000 reading requests": 0.0004,
    "1,000 writing or listing requests": 0.005,
}
MACHINES = {"machines": 16, "cores of each": 64, "line of each, Gbit/s": 10}
PICTURE, SHARD, BLOCK, LISTED = 110_000, 256_000_000, 8 * 2**20, 1000  # bytes of a picture, a shard, a request; names of a list
LABEL = 1536  # bytes of a label and its headers in a shard
EPOCHS = 90
PAIR = 7e6 / 70_000**2  # CPU µs of comparing two fingerprints: seven seconds for the 70,000 of Fashion-MNIST
ORDER = 24  # bytes of a picture in the order of an epoch
SEED_RUNS = 20
RESULT, PAGE = ROOT / "benchmarks" / "results" / "scale.json", ROOT / "docs" / "scale.md"
STAGES = {  # of a picture, in the order of a project
    "pack": "pack: identify, copy, SHA-256",
    "index": "open, the first time: headers",
    "open": "open, later: from the cache",
    "read": "read at random from a local shard",
    "decode": "decode and fit to 224 px",
    "check": "`check`: fingerprint, duplicates",
    "classify": "classify, ResNet-18 at 224 px",
    "train": "a step of ResNet-18 at 224 px",
}


def measure(rounds: int) -> dict[str, Any]:
    """CPU µs a picture of each stage, medians of `rounds`, each in a process of its own on one thread; memory of opening and checking."""
    found: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}", "OMP_NUM_THREADS": "1"}
        for number in range(rounds):
            for stage in ("make", "pack", "open", "decode", "check", "classify", "train"):
                words = [sys.executable, str(CONTESTANTS / "scale.py"), stage, home]
                own = {**env, "CLEARSIGHT_CACHE": f"{home}/cache-{number}"}
                said = subprocess.run(words, env=own, stdout=subprocess.PIPE, text=True, check=True).stdout
                found.setdefault(stage, []).append(json.loads(said.splitlines()[-1]))
    rows = {name: statistics.median(one[name] for one in every) for every in found.values() for name in every[0]}
    hardware, versions = machine()
    return {"rounds": rounds, "hardware": hardware, "versions": versions, **rows}


def stages(n: int, us: dict[str, float]) -> list[list[str]]:
    """The table of one set: a row a stage; packing, opening and checking are the work of one machine."""
    pictures = SHARD // (PICTURE + LABEL)
    shards = -(-n // pictures)
    size, parts = shards * SHARD, shards * -(-SHARD // BLOCK)
    gets, kept = parts + 2 * shards, us["index_bytes"] * n  # size and version are asked for before and after

    def row(
        name: str, cpu: float, read: float, asked: float, wrote: float, memory: float, times: int = 1, alone: bool = False
    ) -> list[str]:
        machines = 1 if alone else MACHINES["machines"]
        hours = n * times * cpu * 1e-6 / 3600
        seconds = max(hours * 3600 / (machines * MACHINES["cores of each"]), read * 8 / (machines * MACHINES["line of each, Gbit/s"] * 1e9))
        money = hours * PRICES["core for an hour"] + asked / 1000 * PRICES["1,000 reading requests"]
        money += wrote / 1000 * PRICES["1,000 writing or listing requests"] + read / 1e9 * PRICES["GB read in the same region"]
        return [
            name,
            size_text(read),
            number_text(asked + wrote),
            number_text(hours),
            time_text(seconds),
            size_text(memory),
            number_text(money),
        ]

    trained, many = us["train"] + us["decode"], f"{EPOCHS} epochs, ResNet-18"
    return [
        row("pack and upload", us["pack"], n * PICTURE, 0, parts, 150 * n, alone=True),
        row("list and open", us["index"] + us["open"], size, gets, shards / LISTED, kept, alone=True),
        row("`check`", us["check"] + PAIR * n, size, gets, shards / LISTED, us["check_bytes"] * n, alone=True),
        row("epoch: read and decode", us["read"] + us["decode"], size, gets, 0, kept + ORDER * n),
        row(many, trained, EPOCHS * size, EPOCHS * gets, 0, kept + ORDER * n, EPOCHS),
        row("classify", us["classify"], size, gets + 2 * shards, shards, us["classify_mb"] * 1e6),
    ]


def size_text(value: float) -> str:
    """A number of bytes in three digits."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:,.3g} PB"


def number_text(value: float) -> str:
    """A number in about three digits."""
    for unit, scale in (("G", 1e9), ("M", 1e6)):
        if value >= scale:
            return f"{float(f'{value / scale:.3g}'):g} {unit}"
    return f"{float(f'{value:.3g}'):,g}" if value else "0"


def time_text(seconds: float) -> str:
    """A time in two digits."""
    for unit, scale in (("years", 365.25 * 86400), ("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * scale:
            return f"{float(f'{seconds / scale:.2g}'):,g} {unit}"
    return f"{float(f'{seconds:.2g}'):g} s"


def stragglers(us: dict[str, float]) -> list[list[str]]:
    """Makespan over that of a cluster without trouble, for shards that are dealt out and for the queue, by trouble."""
    shards, workers, second = [SHARD // (PICTURE + LABEL)] * 4000, 256, us["classify"] * 1e-6
    ideal = sum(shards) * second / workers
    rows = []
    for words, share, times, life in (
        ("none", 0.0, 1.0, 0.0), ("5 % of workers 3 times slower", 0.05, 3.0, 0.0), ("1 % of workers 10 times slower", 0.01, 10.0, 0.0),
        ("a worker lives 8 h", 0.0, 1.0, 8.0), ("both: 5 % slower, 8 h", 0.05, 3.0, 8.0),
    ):  # fmt: skip
        queue, dealt, lost = [], [], []
        for seed in range(SEED_RUNS):
            factor = simulate.slow(share, times, seed)
            speed = [factor(worker) for worker in range(workers)]

            def seconds(worker: int, part: simulate.Part, speed: Sequence[float] = speed) -> float:
                return part.n * second * speed[worker]

            one = simulate.classify(shards, workers, seconds, mean_life=life * 3600 or float("inf"), restart=60, seed=seed)
            queue.append(one.seconds / ideal)
            lost.append(one.lost / (ideal * workers))
            dealt.append(simulate.dealt(shards, workers, seconds) / ideal)
        static = f"{statistics.mean(dealt):.2f}" if not life else "does not end"
        rows.append([words, f"{statistics.mean(queue):.2f} ({min(queue):.2f} to {max(queue):.2f})", static, f"{statistics.mean(lost):.1%}"])
    return rows


def failures() -> list[list[str]]:
    """A week of training on many ranks: the share of time lost by the interval between checkpoints."""
    rows = []
    for ranks in (8, 64, 512):
        life, save, restart = 50_000 * 3600.0 / 8, 5.0, 120.0  # a machine of 8 fails once in 50,000 h
        best = simulate.best_interval(save, life * 8, ranks)
        shares = []
        for every in (300.0, 3600.0, best):
            lost = []
            for seed in range(8):
                one = simulate.train(
                    20_000, ranks, lambda draw: 30.0, save_every=every, save=save, mean_life=life * 8, restart=restart, seed=seed
                )
                lost.append(1 - 20_000 * 30.0 / one.seconds)
            shares.append(f"{statistics.mean(lost):.2%}")
        rows.append([f"{ranks}", *shares, time_text(best)])
    return rows


def slow_ranks() -> list[list[str]]:
    """The mean step over that of one rank, where some steps of a rank are slow."""
    rows = []
    for share, times in ((0.001, 2.0), (0.01, 2.0), (0.001, 10.0)):

        def step(draw: Any, share: float = share, times: float = times) -> float:
            return times if draw.random() < share else 1.0

        found = [
            simulate.train(2000, n, simulate.slowest(step, n), save_every=1e9, save=0, mean_life=1e12, restart=0).seconds / 2000
            for n in (1, 8, 64, 512)
        ]
        rows.append([f"{share:.1%} of steps {times:g} times slower", *(f"{one:.2f}" for one in found)])
    return rows


def orders(us: dict[str, float]) -> list[list[str]]:
    """An epoch over ImageNet in a store by the window: shards downloaded, requests, bytes, waiting, room."""
    n, pictures = SETS["1.28 M"], SHARD // (PICTURE + LABEL)
    shards, rate = -(-n // pictures), MACHINES["cores of each"] / ((us["decode"] + us["read"]) * 1e-6)
    link, room = SHARD * 8 / (MACHINES["line of each, Gbit/s"] * 1e9), 64
    blocks = -(-SHARD // BLOCK)
    rows = []
    for window in (1, 4, 16, 64):
        waited = simulate.waits(pictures, window, shards, rate=rate, link=link, ahead=window)
        rows.append(
            [f"blocks:{window}", number_text(shards), number_text(shards * (blocks + 2)), size_text(shards * SHARD), time_text(waited),
             size_text(2 * window * SHARD), number_text(window * pictures)]
        )  # fmt: skip
    again = n * (1 - room / shards)
    rows.append(
        ["all, room for 64 shards", number_text(again), number_text(again * (blocks + 2)), size_text(again * SHARD),
         time_text(again * link), size_text(room * SHARD), number_text(n)]
    )  # fmt: skip
    rows.append(
        ["all, room for every shard", number_text(shards), number_text(shards * (blocks + 2)), size_text(shards * SHARD),
         "first epoch only", size_text(shards * SHARD), number_text(n)]
    )  # fmt: skip
    return rows


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, figures to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, words in (
        ("measure", "measure each stage"),
        ("compare", "run the simulation beside real ones"),
        ("page", "write docs/scale.md"),
    ):
        parser.add_argument(f"--{name}", action="store_true", help=words)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    if not (given.measure or given.compare or given.page):
        parser.error("say --measure, --compare or --page")
    kept: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.is_file() else {}
    if given.measure:
        kept["measured"] = measure(given.rounds)
    if given.compare:
        from contestants.scale_real import compared

        kept["compared"] = compared()
    if given.measure or given.compare:
        RESULT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    if given.page:
        from scale_page import page

        PAGE.write_text(page(kept), encoding="utf-8")
        print(PAGE)


if __name__ == "__main__":
    main()
