"""Ranks of `torchrun --max-restarts` killed at random: every training must end by itself, with the weights of an unbroken one.

    python benchmarks/killed_ranks.py [--kills 100] [--world 2] [--kinds rank node] [--seed 0] [--rows FILE] [--json FILE]

Each round starts `torchrun … clearsight train digits --resume auto` and, while it lives, kills at random moments one rank (`rank`), all
ranks at once (`node`), or stops one without a signal that it could answer (`hang`, which waits for --timeout-minutes and for torchrun's
own 30 s). Nothing is started by hand. A training that has not ended `LIMIT` after its last kill hangs.

With `--rows FILE` every kill is a line of JSON in FILE as soon as it is made, and the kills are counted over several sittings: `seed`, the
number of the `training` it hit (both draw its moments, so that no sitting repeats another's), `commit` of the code, `kind`, `second` of
the training, and the training's `outcome`: "same" weights and rows as the unbroken run of that sitting, "different", "failed", "hung", or
"open" for a sitting that was ended in the middle, which counts as no kill. `--kills` are those wanted in FILE altogether. Failures stay in
FILE and in the exit code of every later sitting.
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LIMIT = 600.0  # seconds without an end after the last kill
PER_ROUND = 20  # kills of one training
SETTINGS = (
    "--model", "lenet5", "--epochs", "8", "--speed", "plain", "--checkpoint-minutes", "0.002", "--timeout-minutes", "0.2", "-q",
)  # fmt: skip
KINDS = {"rank": signal.SIGKILL, "node": signal.SIGKILL, "hang": signal.SIGSTOP}


@dataclass(frozen=True)
class Training:
    """The processes of a training, the `program` that they run, and how often torchrun restarts it (0: it is started again by hand)."""

    world: int
    restarts: int = 2 * PER_ROUND
    program: tuple[str, ...] = ("-m", "clearsight", "train", "digits")
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, folder: Path) -> subprocess.Popen[bytes]:
        """The agent, whose output goes to `log`."""
        words = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={self.world}"]
        words += [f"--max-restarts={self.restarts}", *self.program, "--out", str(folder / "run"), "--resume", "auto", *SETTINGS]
        with (folder / "log").open("ab") as log:
            return subprocess.Popen(words, stdout=log, stderr=log, env={**os.environ, "OMP_NUM_THREADS": "1", **self.environment})


def ranks(agent: int) -> dict[int, int]:
    """Rank → process of what the agent has started."""
    found = {}
    with suppress(OSError):  # they come and go
        for pid in Path(f"/proc/{agent}/task/{agent}/children").read_text().split():
            words = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            found |= {int(word[5:]): int(pid) for word in words if word.startswith(b"RANK=")}
    return found


def hit(agent: int, kind: str, draw: random.Random) -> bool:
    """Kill or stop a rank, or all; whether there was one."""
    living = ranks(agent)
    chosen = list(living.values()) if kind == "node" else [living[draw.choice(sorted(living))]] if living else []
    for pid in chosen:
        with suppress(ProcessLookupError):
            os.kill(pid, KINDS[kind])
    return bool(chosen)


def round_(
    folder: Path,
    training: Training,
    kinds: list[str],
    most: int,
    draw: random.Random,
    longest: float,
    note: Callable[[str, float], None] = lambda kind, second: None,
) -> tuple[int, int | None]:
    """A training that is killed up to `most` times: how often it was, and the agent's exit code (None: it hung). Each kill is noted."""
    agent, kills, started = training.start(folder), 0, 0
    begun = last = time.monotonic()
    after = last + draw.uniform(0, longest)
    while time.monotonic() - last < LIMIT:
        if agent.poll() is not None:
            if agent.returncode == 0 or training.restarts or kills == started:
                return kills, agent.returncode
            agent, started = training.start(folder), kills  # by hand, after each kill
        if kills < most and time.monotonic() > after and len(ranks(agent.pid)) == training.world:
            kind = draw.choice(kinds)
            stepped = (folder / "run" / "results.csv").exists()  # before the first step processes wait for up to 30 minutes
            if (kind != "hang" or stepped) and hit(agent.pid, kind, draw):
                kills += 1
                last = time.monotonic()
                note(kind, last - begun)
                after = last + draw.uniform(0.2, longest) + (60 if kind == "hang" else 0)
        time.sleep(0.05)
    for pid in (*ranks(agent.pid).values(), agent.pid):
        os.kill(pid, signal.SIGKILL)
    agent.wait()
    return kills, None


def left(folder: Path) -> tuple[bytes, list[str]]:
    """The weights of a run, and its rows without their times."""
    rows = [line.split(",") for line in (folder / "run" / "results.csv").read_text().splitlines()]
    keep = [i for i, name in enumerate(rows[0]) if name not in ("seconds", "pictures_per_second")]
    return (folder / "run" / "model.safetensors").read_bytes(), [",".join(row[i] for i in keep) for row in rows]


class Rows:
    """A row for each kill, in a file if it has a name; written again, whole, at each change."""

    def __init__(self, path: str, same: dict[str, Any]) -> None:
        self.path, self.same, self.rows = Path(path) if path else None, same, list[dict[str, Any]]()
        if self.path and self.path.exists():
            self.rows = [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]
            if others := [row for row in self.rows if any(row[key] != same[key] for key in ("world", "kinds"))]:
                sys.exit(f"{self.path} has kills of {others[0]['world']} processes by {others[0]['kinds']}: name another file.")
        self.training = 1 + max((row["training"] for row in self.rows), default=-1)

    def add(self, kind: str, second: float) -> None:
        """A kill of the present training."""
        self.rows.append({**self.same, "training": self.training, "kind": kind, "second": round(second, 2), "outcome": "open"})
        self._write()

    def end(self, outcome: str) -> None:
        """The present training has ended; the next begins."""
        for row in self.rows:
            if row["training"] == self.training:
                row["outcome"] = outcome
        self.training += 1
        self._write()

    @property
    def ended(self) -> list[dict[str, Any]]:
        """The kills of trainings that have ended."""
        return [row for row in self.rows if row["outcome"] != "open"]

    def counted(self) -> dict[str, Any]:
        """Kills and trainings by outcome, and kills by commit."""
        trainings = Counter({row["training"]: row["outcome"] for row in self.ended}.values())
        kinds = {name: trainings[outcome] for name, outcome in (("hangs", "hung"), ("failed", "failed"), ("different", "different"))}
        commits = dict(Counter(row["commit"] for row in self.ended))
        unfinished = len(self.rows) - len(self.ended)
        return {"kills": len(self.ended), "rounds": trainings.total(), **kinds, "open": unfinished, "commits": commits}

    def _write(self) -> None:
        if self.path:
            temporary = self.path.with_name(f".{self.path.name}.tmp")
            temporary.write_text("".join(json.dumps(row) + "\n" for row in self.rows), encoding="utf-8")
            temporary.replace(self.path)


def commit() -> str:
    """The commit of the code, with `+` where files differ from it; empty without git."""
    words = ["git", "-C", str(Path(__file__).parent)]
    with suppress(OSError, subprocess.CalledProcessError):
        known = subprocess.run([*words, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
        changed = subprocess.run([*words, "status", "--porcelain", "--", "../src", "."], capture_output=True, text=True, check=True).stdout
        return known + "+" * bool(changed.strip())
    return ""


def outcome_of(folder: Path, code: int | None, whole: tuple[bytes, list[str]]) -> str:
    """How a training ended, in a word."""
    if code is None:
        return "hung"
    return "failed" if code else "same" if left(folder) == whole else "different"


def main() -> None:
    """Kill, compare, and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--world", type=int, default=2)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=["rank", "node"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", default="")
    parser.add_argument("--json", default="")
    asked = parser.parse_args()
    rows = Rows(asked.rows, {"seed": asked.seed, "commit": commit(), "world": asked.world, "kinds": asked.kinds})
    home, begun, training = Path(tempfile.mkdtemp(prefix="killed-ranks-")), time.monotonic(), Training(asked.world)
    (home / "whole").mkdir()
    _, code = round_(home / "whole", training, asked.kinds, 0, random.Random(), 1.0)
    assert code == 0, (home / "whole" / "log").read_text()[-2000:]
    longest, whole = time.monotonic() - begun, left(home / "whole")
    rows.same["unbroken"] = hashlib.sha256(whole[0]).hexdigest()[:12]
    wrong = 0
    while (done := len(rows.ended)) < asked.kills:
        folder, draw = home / str(rows.training), random.Random(f"{asked.seed} {rows.training}")
        folder.mkdir()
        _, code = round_(folder, training, asked.kinds, min(PER_ROUND, asked.kills - done), draw, longest / 2, rows.add)
        rows.end(outcome := outcome_of(folder, code, whole))
        print(f"{time.monotonic() - begun:.0f} s: {rows.counted()}", file=sys.stderr, flush=True)
        wrong += outcome != "same"  # one that was not killed has no row
        if outcome == "same":
            shutil.rmtree(folder)
    found = rows.counted()
    text = json.dumps(
        {
            **found,
            "seconds": round(time.monotonic() - begun, 1),
            "world": asked.world,
            "kinds": asked.kinds,
            "unbroken_seconds": round(longest, 1),
        }
    )
    print(text)
    if asked.json:
        Path(asked.json).write_text(text + "\n", encoding="utf-8")
    if wrong or found["hangs"] or found["failed"] or found["different"]:
        sys.exit(f"what is left of the trainings of this sitting that failed: {home}")
    shutil.rmtree(home)


if __name__ == "__main__":
    main()
