"""Ranks of `torchrun --max-restarts` killed at random: every training must end by itself, with the weights of an unbroken one.

    python benchmarks/killed_ranks.py [--kills 100] [--world 2] [--kinds rank node] [--seed 0] [--json FILE]

Each round starts `torchrun … clearsight train digits --resume auto` and, while it lives, kills at random moments one rank (`rank`), all
ranks at once (`node`), or stops one without a signal that it could answer (`hang`, which waits for --timeout-minutes and for torchrun's
own 30 s). Nothing is started by hand. A training that has not ended `LIMIT` after its last kill hangs.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

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


def round_(folder: Path, training: Training, kinds: list[str], most: int, draw: random.Random, longest: float) -> tuple[int, int | None]:
    """A training that is killed up to `most` times: how often it was, and the agent's exit code (None: it hung)."""
    agent, kills, started = training.start(folder), 0, 0
    last = time.monotonic()
    after = last + draw.uniform(0, longest)
    while time.monotonic() - last < LIMIT:
        if agent.poll() is not None:
            if agent.returncode == 0 or training.restarts or kills == started:
                return kills, agent.returncode
            agent, started = training.start(folder), kills  # by hand, after each kill
        if kills < most and time.monotonic() > after and len(ranks(agent.pid)) == training.world:
            kind = draw.choice(kinds)
            begun = (folder / "run" / "results.csv").exists()  # before the first step processes wait for up to 30 minutes
            if (kind != "hang" or begun) and hit(agent.pid, kind, draw):
                kills += 1
                last = time.monotonic()
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


def main() -> None:
    """Kill, compare, and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--world", type=int, default=2)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=["rank", "node"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", default="")
    asked = parser.parse_args()
    home, draw, begun = Path(tempfile.mkdtemp(prefix="killed-ranks-")), random.Random(asked.seed), time.monotonic()
    (home / "whole").mkdir()
    training = Training(asked.world)
    kills, code = round_(home / "whole", training, asked.kinds, 0, draw, 1.0)
    assert code == 0, (home / "whole" / "log").read_text()[-2000:]
    longest, whole = time.monotonic() - begun, left(home / "whole")
    found = {"kills": 0, "rounds": 0, "hangs": 0, "failed": 0, "different": 0, "seconds": 0.0}
    while found["kills"] < asked.kills:
        folder = home / str(found["rounds"])
        folder.mkdir()
        kills, code = round_(folder, training, asked.kinds, min(PER_ROUND, asked.kills - int(found["kills"])), draw, longest / 2)
        found["kills"] += kills
        found["rounds"] += 1
        found["hangs"] += code is None
        found["failed"] += code not in (None, 0)
        found["different"] += code == 0 and left(folder) != whole
        print(
            f"{found['kills']} kills in {found['rounds']} trainings, {time.monotonic() - begun:.0f} s: {found}", file=sys.stderr, flush=True
        )
        if code == 0:
            shutil.rmtree(folder)
    found["seconds"] = round(time.monotonic() - begun, 1)
    text = json.dumps({**found, "world": asked.world, "kinds": asked.kinds, "unbroken_seconds": round(longest, 1)})
    print(text)
    if asked.json:
        Path(asked.json).write_text(text + "\n", encoding="utf-8")
    if found["hangs"] or found["failed"] or found["different"]:
        sys.exit(f"what is left of the trainings that failed: {home}")
    shutil.rmtree(home)


if __name__ == "__main__":
    main()
