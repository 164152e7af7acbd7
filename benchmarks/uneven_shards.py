"""Uneven tar shards under torchrun, with 1, 2 and 3 processes, killed at random: every picture once an epoch, and the same classifier.

    python benchmarks/uneven_shards.py [--worlds 1 2 3] [--kills 30] [--seed 0] [--json FILE]

Twenty tar files of 1 to some 200 digits each. For each number of processes one training runs unbroken, one is killed and started again by
hand, one is killed and restarted by `torchrun --max-restarts`; each process notes the pictures of its steps. Then each finished training is
judged again by every number of processes. Fails unless, for each of them, every picture came once an epoch with the same steps after any
kill, weights and rows equal those of the unbroken run, all numbers of processes had the same batches, and all judged equally.
"""

import argparse
import io
import json
import random
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from killed_ranks import PER_ROUND, Training, left, round_
from PIL import Image
from sklearn.datasets import load_digits

SHARDS = 20
RECORDED = str(Path(__file__).parent / "contestants" / "recorded.py")
KINDS = ["rank", "node"]


def written(folder: Path) -> Path:
    """The shards; the first has one picture."""
    folder.mkdir()
    digits = load_digits()
    order, draw = np.random.default_rng(0).permutation(len(digits.target)), np.random.default_rng(1)
    ends = [1, *sorted((1 + draw.choice(len(order) - 2, SHARDS - 2, replace=False)).tolist()), len(order)]
    for number, (start, stop) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
        with tarfile.open(folder / f"train-{number:05d}.tar", "w") as archive:
            for i in order[start:stop].tolist():
                stream = io.BytesIO()
                Image.fromarray((digits.images[i] * 15.9).astype(np.uint8)).save(stream, "PNG")
                for name, content in ((f"{i:06d}.png", stream.getvalue()), (f"{i:06d}.cls", str(digits.target[i]).encode())):
                    info = tarfile.TarInfo(name)
                    info.size = len(content)
                    archive.addfile(info, io.BytesIO(content))
    return folder


def steps(trace: Path) -> dict[tuple[int, int, int], list[int]]:
    """(epoch, step, rank) → its pictures; raises AssertionError where an attempt had others than the one before."""
    found: dict[tuple[int, int, int], list[int]] = {}
    for path in trace.iterdir():
        for line in path.read_text().splitlines(keepends=True):
            if line.endswith("\n"):  # a kill may have cut the last one
                one = json.loads(line)
                place = (one["epoch"], one["step"], one["rank"])
                assert found.setdefault(place, one["pictures"]) == one["pictures"], f"other pictures after a kill: {place}"
    return found


def batches(found: dict[tuple[int, int, int], list[int]]) -> dict[tuple[int, int], list[int]]:
    """(epoch, step) → the pictures of all ranks, sorted; raises AssertionError unless every epoch has every picture once."""
    made: dict[tuple[int, int], list[int]] = {}
    for epoch, step, rank in sorted(found):
        made[epoch, step] = sorted(made.get((epoch, step), []) + found[epoch, step, rank])
    for epoch in {epoch for epoch, _ in made}:
        counts = Counter(i for (of, _), pictures in made.items() if of == epoch for i in pictures)
        assert sorted(counts) == list(range(len(counts))) and set(counts.values()) == {1}, f"epoch {epoch}: not every picture once"
    return made


def judged(run: Path, world: int) -> Any:
    """The validation figures of a finished run, computed again by so many processes."""
    words = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={world}", "-m", "clearsight"]
    subprocess.run([*words, "train", "--resume", str(run), "-q"], check=True, capture_output=True)
    facts = json.loads((run / "config.json").read_text())["facts"]
    return facts["validation"], round(json.loads((run / "config.json").read_text())["temperature"], 5)


class Trial:
    """Trainings of the shards in one folder."""

    def __init__(self, home: Path, seed: int) -> None:
        self.home, self.draw, self.begun = home, random.Random(seed), time.monotonic()
        self.shards = written(home / "shards")

    def train(self, name: str, world: int, restarts: int, kills: int, longest: float) -> tuple[Path, int, float]:
        """A training that ended: its folder, how often it was killed, and its seconds."""
        folder, start = self.home / name, time.monotonic()
        (folder / "trace").mkdir(parents=True)
        training = Training(world, restarts, (RECORDED, "train", str(self.shards)), {"TRACE": str(folder / "trace")})
        killed, code = round_(folder, training, KINDS, kills, self.draw, longest)
        assert code == 0, f"{name}: {'it hangs' if code is None else code}\n{(folder / 'log').read_text()[-2000:]}"
        return folder, killed, time.monotonic() - start

    def world(self, world: int, kills: int) -> dict[str, Any]:
        """Unbroken, by hand and by restarts, so many kills each: what was found, and the batches."""
        whole, _, longest = self.train(f"{world}-whole", world, 0, 0, 1.0)
        expected, plan = left(whole), batches(steps(whole / "trace"))
        result: dict[str, Any] = {"world": world, "kills": {}, "batches": plan, "whole": whole}
        for how, restarts in (("by hand", 0), ("by max-restarts", 2 * PER_ROUND)):
            done = tried = 0
            while done < kills:  # a training may end before all its kills
                folder, killed, _ = self.train(f"{world}-{how.replace(' ', '-')}-{tried}", world, restarts, kills - done, longest / 2)
                assert batches(steps(folder / "trace")) == plan, f"{folder.name}: other batches than the unbroken run"
                assert left(folder) == expected, f"{folder.name}: other weights or rows than the unbroken run"
                done, tried = done + killed, tried + 1
            result["kills"][how] = done
            self.say(f"{world} processes, {done} kills, {how}: {tried} trainings as the unbroken one")
        return result

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self.begun:.0f} s: {text}", file=sys.stderr, flush=True)


def compared(results: Iterable[dict[str, Any]], worlds: list[int], trial: Trial) -> dict[str, Any]:
    """That all worlds had the same batches and judge equally; what each run was judged."""
    first, *others = results
    for one in others:
        assert one["batches"] == first["batches"], f"{one['world']} processes had other batches than {first['world']}"
    figures = {}
    for one in (first, *others):
        every = [judged(one["whole"] / "run", world) for world in worlds]
        assert all(figure == every[0] for figure in every), f"judged by {worlds} processes: {every}"
        figures[one["world"]] = every[0][0]["top1"]["value"]
        trial.say(f"the run of {one['world']} processes is judged equally by {worlds}: {figures[one['world']]:.4f}")
    epochs = {epoch for epoch, _ in first["batches"]}
    return {"pictures": sum(len(batch) for (of, _), batch in first["batches"].items() if of == 0), "epochs": len(epochs), "top1": figures}


def main() -> None:
    """Train, kill, compare, and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--kills", type=int, default=30, help="of all trainings together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", default="")
    asked = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="uneven-shards-"))
    trial = Trial(home, asked.seed)
    each = -(-asked.kills // (2 * len(asked.worlds)))
    results = [trial.world(world, each) for world in asked.worlds]
    found = {"shards": SHARDS, **compared(results, asked.worlds, trial), "kills": {one["world"]: one["kills"] for one in results}}
    text = json.dumps({**found, "seconds": round(time.monotonic() - trial.begun, 1)})
    print(text)
    if asked.json:
        Path(asked.json).write_text(text + "\n", encoding="utf-8")
    shutil.rmtree(home)


if __name__ == "__main__":
    main()
