"""Killed at random times, also while it resumes; and asked to stop by SIGTERM at every operation and step."""

import random
import time

import pytest

from tests.faults.harness import EXPECTED

SLOW_RUNS, KILLS = 200, 5


def kills(bench, runs: int, seed: int) -> list[str]:
    start = time.monotonic()
    bench.clean()
    bench.begin()
    longest = 1.1 * (time.monotonic() - start)  # of a run that nothing disturbs; only the kills' times depend on it
    draw = random.Random(seed)
    return [f"run {i}: {problem}" for i in range(runs) for problem in bench.broken_often(KILLS, draw, longest)]


def test_random_kills_reduced(bench):
    problems = kills(bench("folder", cache="off", workers=2), runs=2, seed=1)
    assert not problems, "\n".join(problems)


@pytest.mark.slow
def test_random_kills(bench):
    start = time.monotonic()
    problems = kills(bench("folder", cache="off", workers=2, epochs=3), SLOW_RUNS, seed=2)
    print(f"{SLOW_RUNS * KILLS} kills over {SLOW_RUNS} runs: {len(problems)} problems, {time.monotonic() - start:.0f} s")
    assert not problems, "\n".join(problems)


def stops(bench, points) -> list[str]:
    """SIGTERM at each point: every step that was done before is still there after the resume."""
    problems = []
    per_epoch = sum(entry["op"] == "step" for entry in bench.log) // 2
    for point in points:
        done = sum(entry["op"] == "step" and entry["at"] < point for entry in bench.log)
        bench.clean()
        outcome = bench.begin(fault={"kind": "term", "at": point})
        epoch, step = divmod(done, per_epoch)
        promised = [f"{epoch:05d}-{step:07d}.checkpoint"] if outcome.code == 143 else []
        problems += [f"{point}: {line}" for line in (*EXPECTED["term"](outcome), *bench.recovered(promised))]
    return problems


def test_sigterm_loses_no_step(bench):
    rare = bench(checkpoint_minutes=60, steps=True, newest_only=True)  # no checkpoint within an epoch but the one that SIGTERM asks for
    ends = [entry["at"] for entry in rare.log if entry["op"] == "open" and "results.csv" in entry["path"]]
    problems = stops(rare, [entry["at"] for entry in rare.log if entry["op"] == "step"] + ends)
    assert not problems, "\n".join(problems)


@pytest.mark.slow
def test_sigterm_anywhere(bench):
    rare = bench(checkpoint_minutes=60, steps=True, newest_only=True)
    problems = stops(rare, range(1, rare.points + 1))
    print(f"SIGTERM at {rare.points} points: {len(problems)} problems")
    assert not problems, "\n".join(problems)
