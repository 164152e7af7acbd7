"""Trainings, resumes and evaluations that race for one folder: what is left must be one whole run, bit for bit that of nobody else there.

    python benchmarks/races.py [--races 200] [--seed 0] [--only NAME]

One process imports everything and forks the racers, who start at once or a few hundredths of a second after one another; in some races
one is killed on the way. Whoever loses says one line. What is left is compared, file by file, with the folder of an undisturbed
run by the same command, is verified, and resumed. The racers' clock stands still, so that folders can be compared, reports and all.
"""

import argparse
import gc
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib.backends.backend_svg  # noqa: F401
import numpy as np
import sklearn.datasets
import torch
import torch._dynamo

import clearsight.attacks.attack
import clearsight.experiments.ladder
import clearsight.reports.figures.risk_coverage
import clearsight.reports.of_run
import clearsight.training.ensemble
import clearsight.training.pretrain  # noqa: F401
from clearsight import cli
from clearsight.base import lock
from clearsight.base.files import sweep
from clearsight.classifier.artefact import verify
from clearsight.evaluation.answers import FILE as ANSWERS
from clearsight.reports.figures.charts import lines
from clearsight.runs.watched import LIVE
from clearsight.training.storage import checkpoint

LIMIT = 300.0  # seconds after which a racer hangs
SPREAD = 0.6  # seconds within which racers start, in two races of three
LOST = ("is in use", "exists already", "is not empty", "no run to resume")  # how a loser is told so
SETTINGS = ("--model", "pixels", "--size", "8", "--epochs", "2", "--batch", "24", "--speed", "plain", "-q")
TIMELESS = ("model.safetensors", "split.csv", "recipe.toml")
Words = tuple[str, ...]
Tree = dict[str, bytes | None]
Ended = tuple[int, list[str]]  # exit code and lines of a racer


@dataclass(frozen=True)
class Race:
    """Racers for the folder `same`, which `before` has left; one of them must end well, or all of `every`.

    `alone` are the commands whose undisturbed run the folder may be that of.
    """

    name: str
    racers: tuple[Words, ...]
    before: tuple[Words, ...] = ()
    stopped: bool = False  # `before` is killed after its first epoch
    every: bool = False
    kills: bool = True  # not where an evaluation may come after a killed training, beside whose beginnings it puts its report
    timed: bool = False  # its clock runs, since it divides by seconds: of its files, those are compared that tell no time
    folders: tuple[str, ...] = ("same",)  # with a classifier in it


def train(seed: int, *more: str) -> Words:
    return ("train", "digits.npz", "--out", "./same", "--seed", str(seed), *SETTINGS, *more)


RESUME = ("train", "--resume", "./same", "-q")
PRETRAIN = (
    "pretrain",
    "digits.npz",
    "--out",
    "./same",
    "--model",
    "convnet",
    "--size",
    "16",
    "--epochs",
    "1",
    "--batch",
    "24",
    *SETTINGS[-3:],
)
LADDER = ("ladder", "digits.npz", "--out", "./same", "--rungs", "majority,pixels", "-q")
EVALUATE, ATTACK = ("evaluate", "./same", "-q"), ("attack", "./same", "--n", "5", "-q")
MEMBERS = ("--ensemble", "2")
RACES = (
    Race("two trainings", (train(0), train(1))),
    Race("three trainings", (train(0), train(1), train(2))),
    Race("two resumes", (RESUME, RESUME), (train(0),), stopped=True),
    Race("three resumes", (RESUME, RESUME, RESUME), (train(0),), stopped=True),
    Race("a training and two resumes", (train(1), RESUME, RESUME), (train(0),), stopped=True),
    Race("trainings and an evaluation", (train(0), train(1), ("evaluate", "./other", "--out", "./same", "-q")), kills=False, folders=()),
    Race("a resume and evaluations of what it finished", (RESUME, EVALUATE, EVALUATE), (train(0),), every=True),
    Race("evaluations and an attack", (EVALUATE, EVALUATE, ATTACK), (train(0),), every=True),
    Race("two pretrainings", (PRETRAIN, PRETRAIN), timed=True),
    Race("two ensembles and a training", (train(0, *MEMBERS), train(1, *MEMBERS), train(0))),
    Race("two resumes of an ensemble", (RESUME, RESUME), (train(0, *MEMBERS),), stopped=True, folders=("same", "same/members/1")),
    Race("two ladders and a training", (LADDER, LADDER, train(0)), timed=True, folders=()),
)  # fmt: skip


def be(words: Words, said: Path, delay: float, start: int, epochs: int, timed: bool) -> None:
    """Run `clearsight` with these words, from when `start` is closed: never returns. After so many `epochs` it kills itself."""
    handle = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    for stream in (1, 2):
        os.dup2(handle, stream)
    code: object = 70
    try:
        os.read(start, 1)
        time.sleep(delay)
        if not timed:
            time.time = time.perf_counter = lambda: 0.0
        if epochs:
            _end_after(epochs)
        sys.argv = ["clearsight", *words]
        cli.main()
    except SystemExit as end:
        code = end.code or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def _end_after(epochs: int) -> None:
    save, left = checkpoint.save, [epochs]

    def saved(state: checkpoint.State, folder: Path) -> Path:
        path = save(state, folder)
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return path

    checkpoint.save = saved


@dataclass
class Ring:
    """The folder in which the racers run, and the undisturbed folders that were made there."""

    folder: Path
    alone: dict[tuple[Words, ...], Tree] = field(default_factory=dict)

    @property
    def same(self) -> Path:
        return self.folder / "same"

    def run(
        self, racers: Sequence[Words], delays: Sequence[float], kill: float | None = None, epochs: int = 0, timed: bool = False
    ) -> list[Ended]:
        """Exit codes and lines of racers that start together; the first is killed after `kill` seconds."""
        start, go = os.pipe()
        pids = []
        for number, (words, delay) in enumerate(zip(racers, delays, strict=True)):
            pids.append(os.fork())
            if not pids[-1]:
                os.close(go)
                os.chdir(self.folder)
                be(words, self.folder / f"said.{number}", delay, start, epochs, timed)
        os.close(start)
        os.close(go)
        if kill is not None:
            time.sleep(kill)
            os.kill(pids[0], signal.SIGKILL)
        codes = [_ended(pid) for pid in pids]
        return [(code, (self.folder / f"said.{number}").read_text().splitlines()) for number, code in enumerate(codes)]

    def clean(self) -> None:
        shutil.rmtree(self.same, ignore_errors=True)

    def prepare(self, race: Race) -> None:
        self.clean()
        for words in race.before:
            ((code, said),) = self.run([words], [0], epochs=1 if race.stopped else 0)
            assert code == (-signal.SIGKILL if race.stopped else 0), said

    def undisturbed(self, *words: Words, timed: bool = False) -> Tree:
        """What these commands leave, one after the other, with nobody else there."""
        key = (*words, ("timed",)) if timed else words
        if key not in self.alone:
            self.clean()
            for one in words:
                ((code, said),) = self.run([one], [0], timed=timed)
                assert code == 0, said
            self.alone[key] = tree(self.same, timed)
        return self.alone[key]

    def allowed(self, race: Race) -> list[Tree]:
        """What the folder may be in the end."""
        if race.every:  # the last report stands: of any of them
            attacks = [words for words in race.racers if words == ATTACK]
            return [self.undisturbed(*race.before, *attacks, last) for last in race.racers if last != ATTACK]
        if race.before:
            return [self.undisturbed(*race.before)]
        return [self.undisturbed(words, timed=race.timed) for words in dict.fromkeys(race.racers)]


def _ended(pid: int) -> int:
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return 71


def tree(folder: Path, timed: bool = False) -> Tree:
    """All that is there, by its path below `folder`; a checkpoint's header has no order, and what a clock says is left out."""
    found: Tree = {}
    for path in sorted(path for path in folder.rglob("*") if path.name != LIVE):  # its lines are by the clock
        content = path.read_bytes() if path.is_file() and not (timed and path.name not in TIMELESS) else None
        if content is not None and (path.suffix == ".json" or path.name == ANSWERS):
            content = re.sub(rb'"when": "[^"]*"', b'"when": ""', content)
        if content is not None and path.suffix == ".checkpoint":
            length = int.from_bytes(content[:8], "little")
            content = json.dumps(json.loads(content[8 : 8 + length]), sort_keys=True).encode() + content[8 + length : -32]
        found[str(path.relative_to(folder))] = content
    return found


def different(one: Tree, other: Tree) -> list[str]:
    """The names of what is not the same in both."""
    return [name for name in sorted(one.keys() | other.keys()) if one.get(name, b"-") != other.get(name, b"-")]


def problems(ring: Ring, race: Race, draw: random.Random) -> Iterator[str]:
    """Run the race once; a line for each thing that is not as it was promised."""
    allowed = ring.allowed(race)
    ring.prepare(race)
    spread = draw.choice((0.0, SPREAD / 10, SPREAD))
    racers = draw.sample(race.racers, len(race.racers))
    delays = [draw.uniform(0, spread) for _ in racers]
    kill = draw.uniform(0, 2 * SPREAD) if draw.random() < 0.25 and race.kills and not race.every else None
    ended = ring.run(racers, delays, kill, timed=race.timed)
    killed = ended[0][0] == -signal.SIGKILL
    for code, said in ended[1 if killed else 0 :]:
        if code and (code not in (1, 2) or len(said) != 1 or not any(words in said[0] for words in LOST)):
            yield f"ended with {code}: {said}"
    won = [code == 0 for code, _ in ended]
    if race.every and not all(won):
        yield f"only {sum(won)} of {len(won)} ended well"
    if killed and any(
        won
    ):  # after somebody had won: it leaves its locks, which hold nobody, and a file half written, which the next sweeps
        for name in lock.NAMES:
            (ring.same / name).unlink(missing_ok=True)
        sweep(ring.same)
    elif killed:  # what the killed one has left is gone on with, or begun again, by its own command
        again = RESUME if (ring.same / "recipe.toml").is_file() and racers[0][0] in ("train", "resume") else racers[0]
        again = ("pretrain", *RESUME[1:]) if (ring.same / "recipe.toml").is_file() and racers[0][0] == "pretrain" else again
        ((code, said),) = ring.run([again], [0], timed=race.timed)
        won.append(code == 0)
        if code:
            yield f"after a kill, {' '.join(again)} ended with {code}: {said}"
    if not any(won):
        yield f"nobody won: {ended}"
    if (left := tree(ring.same, race.timed)) not in allowed:
        yield f"the folder is nobody's: {', '.join(min((different(left, whole) for whole in allowed), key=len))}"
    yield from _not_whole(ring, race, left)


def _not_whole(ring: Ring, race: Race, left: Tree) -> Iterator[str]:
    for name in race.folders:
        if not verify(ring.folder / name).ok:
            yield f"{name} does not verify"
    if "recipe.toml" in left and not race.every and not race.timed:
        verb = "pretrain" if "pretrain" in {words[0] for words in race.racers} else "train"
        ((code, said),) = ring.run([(verb, *RESUME[1:])], [0])
        if changed := different(left, tree(ring.same)) or code:
            yield f"a resume ended with {code} and changed {changed}: {said}"


def make_data(folder: Path) -> None:
    """Scanned digits of four classes, and a classifier in `other`."""
    data = sklearn.datasets.load_digits()
    chosen = np.concatenate([np.flatnonzero(data.target == label)[:20] for label in range(4)])
    np.savez(folder / "digits.npz", x=np.round(data.images[chosen] * (255 / 16)).astype(np.uint8), y=data.target[chosen])


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--races", type=int, default=200)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--only", default="", help="races whose name has these words in it")
    given = asked.parse_args()
    torch.set_num_threads(1)
    chart = lines([("loss", [1.0, 0.5], "accent")], [1, 2])
    assert chart and chart.svg()  # what the first drawing looks up, no racer does again
    gc.freeze()
    draw, every = random.Random(given.seed), [race for race in RACES if given.only in race.name]
    counts = {race.name: [0, 0] for race in every}
    with tempfile.TemporaryDirectory() as name:
        os.environ["CLEARSIGHT_CACHE"] = f"{name}/cache"
        ring = Ring(Path(name) / "ring")
        ring.folder.mkdir()
        make_data(ring.folder)
        ring.undisturbed(train(7))
        ring.same.rename(ring.folder / "other")
        for number in range(given.races):
            race = every[number % len(every)]
            found = list(problems(ring, race, draw))
            counts[race.name][0] += 1
            counts[race.name][1] += bool(found)
            for line in found:
                print(f"race {number + 1}, {race.name}: {line}", file=sys.stderr, flush=True)
    print(json.dumps({"races": given.races, "broken": sum(bad for _, bad in counts.values()), "by kind": counts}))
    return int(any(bad for _, bad in counts.values()))


if __name__ == "__main__":
    sys.exit(main())
