"""Two processes train one model and one of them is killed: the other ends too, and a resume makes the same weights."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from clearsight import load
from clearsight.datasets import loader
from clearsight.evaluation.held_out import choose
from clearsight.runs.run import Run
from tests.faults.harness import ROOT

RANK_KILLS = 50
CLOCK = "import os, time\nif 'RANK' in os.environ:\n    time.time = time.perf_counter = lambda: 0.0\n"


def lost(bench, rank: int, kind: str, point: int) -> list[str]:
    bench.clean()
    outcome = bench.begin(fault={"kind": kind, "at": point, "rank": rank})
    other = (bench.folder / "said.1").read_text() if rank == 0 else outcome.said
    ended = outcome.codes[1 - rank]
    problems = []
    if outcome.codes[rank] != (-9 if kind == "kill" else 1):
        problems.append(f"the broken one ended with {outcome.codes[rank]}")
    if ended != 1 or len(other.splitlines()) != 1 or "another process of this training" not in other:
        problems.append(f"the other one ended with {ended}: {other}")
    return [f"{kind} rank {rank} at {point}: {problem}" for problem in (*problems, *bench.recovered([]))]


def test_a_lost_process_ends_the_others_and_loses_nothing(bench):
    two = bench(ranks=2, steps=True)
    saved = [entry["at"] for entry in two.log if entry["op"] == "saved"]
    faults = [(1, "kill", 1), (1, "kill", 5), (0, "kill", saved[1] - 3), (0, "eio", saved[4] - 3)]
    problems = [problem for fault in faults for problem in lost(two, *fault)]
    assert not problems, "\n".join(problems)


SYNCED = {"sync_norm": "--no-ladder"}  # a flag has no value: the bench's next word is another flag
NORMED = {"model": "swift", "size": 28, "ema": 0.9, "keep": "last"}


@pytest.mark.parametrize("more", [{}, {"soup": 2}, {"perturb": "fgsm:0.1"}], ids=str)
def test_batch_norm_and_its_average_are_one_in_all_processes(bench, more):
    """Validation judges what is saved, and a resume has in every process what a run had that never stopped."""
    two = bench(ranks=2, steps=True, **NORMED, **more)
    val = choose(two.run, None, "val").dataset
    classifier = load(two.run)
    pictures = loader.load(val, classifier.preprocessing, quiet=True)
    logits = classifier.logits(pictures.batch(torch.arange(len(val))))
    if "soup" not in more:  # which is no row
        judged = Run(two.run).rows()[-1]
        assert judged["val_loss"] == pytest.approx(float(F.cross_entropy(logits, pictures.labels)), rel=1e-5)
    right = int((logits.argmax(1) == pictures.labels).sum())
    assert classifier.facts["validation"]["top1"]["value"] == right / len(val)
    problems = [problem for point in (2, 4) for problem in lost(two, 1, "kill", point)]
    assert not problems, "\n".join(problems)


def test_synchronised_batch_norm_trains_as_one_process_does(bench):
    small = {"model": "swift", "size": 28, "epochs": 1}
    runs = [bench(ranks=ranks, **small, **more).run for ranks, more in ((1, {}), (2, SYNCED), (2, {}))]
    one, two, apart = (Run(run).rows()[0]["loss"] for run in runs)
    assert two == pytest.approx(one, rel=1e-4) and abs(apart - one) > 4 * abs(two - one)


def test_the_number_of_processes_may_change_between_attempts(bench):
    """What is judged does not depend on it, nor which pictures an epoch has; a finished run is judged equally by 1, 2 and 3."""
    two = bench(ranks=2, steps=True)
    two.clean()
    assert two.begin(fault={"kind": "kill", "at": 5, "rank": 1}).codes[1] == -9
    found = []
    for ranks in (3, 1, 2):
        outcome = two.recover(ranks=ranks)
        assert outcome.codes == [0] * ranks, outcome.said
        found.append((Run(two.run).rows(), load(two.run).facts["validation"]))
        assert load(two.run).temperature == pytest.approx(0.70597, abs=1e-5)  # sums of other batches differ in the last digits
    assert found[0] == found[1] == found[2] and len(found[0][0]) == 2


@pytest.mark.slow
def test_a_lost_process_at_every_operation(bench):
    two = bench(ranks=2, steps=True)
    last = max(entry["at"] for entry in two.log if entry["op"] == "saved")
    faults = [(0, kind, point) for point in range(1, last) for kind in ("kill", "enospc")] + [(1, "kill", step) for step in range(1, 7)]
    problems = [problem for fault in faults for problem in lost(two, *fault)]
    print(f"{len(faults)} lost processes: {len(problems)} problems")
    assert not problems, "\n".join(problems)


class Torchrun:
    """`torchrun --nproc-per-node 2 -m clearsight train`, in a bench's folder, with a clock that stands still."""

    def __init__(self, bench, folder):
        (folder / "sitecustomize.py").write_text(CLOCK)
        self.bench = bench
        self.environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])}

    def start(self) -> subprocess.Popen:
        """The agent, of a new run or of a resume."""
        run = self.bench.run
        words = ["--resume", run] if (run / "recipe.toml").is_file() else [self.bench.data, "--out", run, *self.bench.settings]
        command = [sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "clearsight"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen([*command, "train", *words, "-q"], cwd=ROOT, env=self.environment, **quiet)

    def kill(self, rank: int, after: float) -> int:
        """The agent's exit code when a rank is killed so many seconds after the start."""
        agent, start = self.start(), time.monotonic()
        while agent.poll() is None and (time.monotonic() - start < after or rank not in ranks(agent.pid)):
            time.sleep(0.02)
        for pid in [pid for number, pid in ranks(agent.pid).items() if number == rank]:
            os.kill(pid, signal.SIGKILL)
        return agent.wait(timeout=300)  # the other one does not wait for ever


def ranks(agent: int) -> dict[int, int]:
    """Rank → process id of what the agent has started."""
    found = {}
    with suppress(OSError):  # they come and go
        for pid in Path(f"/proc/{agent}/task/{agent}/children").read_text().split():
            environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            found |= {int(word[5:]): int(pid) for word in environment if word.startswith(b"RANK=")}
    return found


@pytest.mark.slow
def test_rank_kills_under_torchrun(bench, tmp_path):
    two = bench(ranks=2, epochs=60)
    torchrun, draw, start = Torchrun(two, tmp_path), random.Random(3), time.monotonic()
    two.clean()
    assert torchrun.start().wait(timeout=600) == 0
    longest, problems = time.monotonic() - start, list(two.differences())
    two.clean()
    killed = ended = 0
    while killed < RANK_KILLS:
        if torchrun.kill(draw.randrange(2), draw.uniform(0, longest)):
            killed += 1
        else:
            ended += 1
            problems += two.differences()
            two.clean()
    assert torchrun.start().wait(timeout=600) == 0
    problems += two.differences()
    print(f"{killed} rank kills over {ended + 1} runs: {len(problems)} problems, {time.monotonic() - start:.0f} s")
    assert not problems, "\n".join(problems)


@pytest.mark.slow
@pytest.mark.parametrize("words", [["--kills", "30"], ["--kills", "6", "--world", "3"], ["--kills", "2", "--kinds", "hang"]], ids=str)
def test_torchrun_restarts_what_was_killed(words):
    """By itself, to the weights of an unbroken run: killed ranks, killed groups of all ranks, and ranks that hang."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "killed_ranks.py"), *words], capture_output=True, text=True, timeout=3600
    )
    assert done.returncode == 0, done.stderr
    assert '"hangs": 0, "failed": 0, "different": 0' in done.stdout


@pytest.mark.slow
def test_uneven_shards_give_every_picture_once_to_any_number_of_processes():
    """Twenty tar files, killed by hand and under torchrun: steps, weights and judgement of the unbroken training."""
    words = ["--worlds", "1", "2", "3", "--kills", "6"]
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "uneven_shards.py"), *words], capture_output=True, text=True, timeout=3600
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["shards"], found["pictures"], list(found["kills"])) == (20, 1617, ["1", "2", "3"])
