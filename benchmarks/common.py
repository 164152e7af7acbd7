"""What the benchmarks share: contestants that alternate, medians with their spread, the table and the JSON.

A contestant is a command that runs in a process of its own, in an empty folder of its own, and ends with one line of JSON.
This module imports the standard library only: a child's peak memory starts at that of the process that made it.
"""

import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CONTESTANTS = Path(__file__).resolve().parent / "contestants"
CLEARSIGHT = (sys.executable, "-m", "clearsight")
QUIET = 0.85  # of the best rate of a fixed product: below it a run is disturbed
AGAIN = 2  # further tries of a disturbed run
KEPT = ROOT / "build" / "benchmarks"  # where every run is written as it ends
BUSY = 0.1  # cores in use by others, from which a measurement is called disturbed
LONGEST = 3 * 3600.0
# Student's t for a two-sided 95 % interval, by degrees of freedom from 1; beyond the table the normal distribution's
T95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip

Figures = dict[str, float]
Row = dict[str, Any]


class ChildFailed(Exception):
    """A contestant that did not answer, and its last word."""


def answer_as_it_is(answer: dict[str, Any], folder: Path) -> Figures:
    """The numbers of a contestant's JSON."""
    return {name: float(value) for name, value in answer.items() if isinstance(value, int | float)}


@dataclass(frozen=True)
class Contestant:
    """A command, and how its figures are read from its JSON and the folder that it ran in (None: it only has to end well)."""

    name: str
    command: Sequence[str]
    read: Callable[[Any, Path], Figures] | None = answer_as_it_is
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Runs:
    """Figures by contestant, a dict a round; `notes` says who failed and what disturbed."""

    figures: dict[str, list[Figures]]
    notes: list[str]

    def values(self, name: str, figure: str) -> list[float]:
        """One figure of one contestant, a value a round; empty when it never answered."""
        return [figures[figure] for figures in self.figures.get(name, [])]


class Gauge:
    """A process that multiplies on two threads when it is asked, to see whether the machine gives what it gave at its best."""

    def __init__(self) -> None:
        command, env = [sys.executable, str(CONTESTANTS / "gauge.py")], {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)

    def __call__(self) -> float:
        """GFLOP/s now."""
        assert self._child.stdin and self._child.stdout
        print("go", file=self._child.stdin, flush=True)
        return float(self._child.stdout.readline())

    def close(self) -> None:
        """End the process."""
        self._child.communicate()


def alternate(rounds: int, contestants: Sequence[Contestant], gauge: Callable[[], float] | None = None) -> Runs:
    """Run everybody once a round, each round beginning with the next; who fails is left out from then on, and named.

    A fixed product before and after each run shows whether the machine was free: a disturbed run is tried again, and marked if all were.
    """
    runs = Runs({each.name: [] for each in contestants}, [])
    own = Gauge() if gauge is None else None
    rate = own or gauge
    assert rate
    best = max(rate() for _ in range(3))
    staying = list(contestants)
    for number in range(rounds):
        first = number % len(contestants)
        for each in [*contestants[first:], *contestants[:first]]:
            if each not in staying:
                continue
            try:
                figures, best = undisturbed(each, rate, best)
            except ChildFailed as error:
                staying.remove(each)
                runs.notes.append(f"{each.name} failed in round {number + 1}: {error}")
                say(runs.notes[-1])
                continue
            runs.figures[each.name].append(figures)
            say(f"round {number + 1}/{rounds} {each.name}: " + ", ".join(f"{key} {number_text(value)}" for key, value in figures.items()))
    if own:
        own.close()
    runs.notes += disturbances(runs, best)
    return runs


def undisturbed(contestant: Contestant, rate: Callable[[], float], best: float) -> tuple[Figures, float]:
    """The run, of at most 1 + `AGAIN`, with the freest machine, whose product had `machine_gflops`; and the best rate seen so far."""
    tries: list[Figures] = []
    for _ in range(1 + AGAIN):
        before, figures, after = rate(), run(contestant), rate()
        best = max(best, before, after)
        tries.append({**figures, "machine_gflops": min(before, after)})
        if tries[-1]["machine_gflops"] >= QUIET * best:
            break
        say(f"{contestant.name}: disturbed, the machine gave {tries[-1]['machine_gflops'] / best:.0%} of its best product")
    return max(tries, key=lambda figures: figures["machine_gflops"]), best


def disturbances(runs: Runs, best: float) -> list[str]:
    """A line on the runs in which the machine gave less than `QUIET` of its best product, or none."""
    shares = [figures["machine_gflops"] / best for rows in runs.figures.values() for figures in rows]
    slow = [share for share in shares if share < QUIET]
    if not slow:
        return []
    return [
        f"disturbed: in {len(slow)} of {len(shares)} runs a fixed product on two threads ran at {min(slow):.0%} to {max(slow):.0%} of its "
        f"best ({QUIET:.0%} are asked), also when tried again"
    ]


def run(contestant: Contestant, limit: float = LONGEST) -> Figures:
    """What the contestant says, with `process_s`, `cpu_s`, `peak_mb` and `others_cores` (what other processes used meanwhile)."""
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryFile("w+") as said:
        folder = Path(name)
        busy, start = busy_seconds(), time.perf_counter()
        env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **contestant.env, "STARTED": repr(time.time())}
        child = subprocess.Popen(list(contestant.command), stdout=subprocess.PIPE, stderr=said, cwd=folder, env=env, text=True)
        alarm = threading.Timer(limit, child.kill)
        alarm.start()
        assert child.stdout is not None
        out = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        alarm.cancel()
        child.stdout.close()
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - start
        said.seek(0)
        if child.returncode:
            raise ChildFailed(last_line(said.read()) or f"exit code {child.returncode}")
        spent = usage.ru_utime + usage.ru_stime  # with those of its children
        others = max(0.0, busy_seconds() - busy - spent) / seconds
        peak = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
        try:
            figures = contestant.read(json.loads(last_line(out)), folder) if contestant.read else {}
        except (ValueError, KeyError, OSError) as error:
            raise ChildFailed(f"its answer cannot be read ({type(error).__name__}: {error})") from error
        made = {**figures, "process_s": seconds, "cpu_s": spent, "peak_mb": peak, "others_cores": others}
        keep({"contestant": contestant.name, **made})
        return made


def keep(row: Row) -> None:
    """Add a row to the file of this script in `KEPT`, so that a script that is stopped has not run for nothing."""
    KEPT.mkdir(parents=True, exist_ok=True)
    line = json.dumps({"time": datetime.datetime.now().isoformat(timespec="seconds"), **row}, ensure_ascii=False)
    with (KEPT / f"{Path(sys.argv[0]).stem}.jsonl").open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def last_line(text: str) -> str:
    """The last line with something on it."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def busy_seconds() -> float:
    """Seconds of processor time that all processes together have used (0 where /proc does not say)."""
    try:
        words = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]
    except OSError:
        return 0.0
    user, nice, system, _idle, _waiting, irq, soft, steal = map(int, words)
    return (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")


def load_check(seconds: float = 1.0) -> list[str]:
    """A warning, printed and returned, when other processes are using the machine now."""
    before, own = busy_seconds(), time.process_time()
    time.sleep(seconds)
    used = (busy_seconds() - before - (time.process_time() - own)) / seconds
    if used <= BUSY:
        return []
    warning = f"the machine was busy at the start: other processes used {used:.1f} of {os.cpu_count()} cores"
    say(f"warning: {warning}; figures will be off")
    return [warning]


def compare(
    what: str, ours: Sequence[float], peer: Sequence[float], unit: str, *, against: str, less: bool = False, goal: float | None = None
) -> Row:
    """Medians, and how many times better ours is (`less`: smaller is better), with the least and the largest of any round."""
    n = min(len(ours), len(peer))
    ours, peer = ours[:n], peer[:n]

    def times(a: float, b: float) -> float:
        return b / a if less else a / b

    by_round = [times(a, b) for a, b in zip(ours, peer, strict=True)]
    middle = statistics.median(ours), statistics.median(peer)
    row = {"what": what, "against": against, "ours": middle[0], "peer": middle[1], "unit": unit, "ratio": times(*middle)}
    row |= {"low": min(by_round), "high": max(by_round), "n": n}
    row |= {"ours_range": [min(ours), max(ours)], "peer_range": [min(peer), max(peer)]}
    row |= {} if goal is None else {"goal": goal}
    keep({**row, "ours_all": list(ours), "peer_all": list(peer)})
    return row


def difference(what: str, ours: Sequence[float], peer: Sequence[float], unit: str, *, against: str) -> Row:
    """Means, and the mean of ours minus peer by round with its 95 % interval."""
    n = min(len(ours), len(peer))
    mean, half = mean_interval([a - b for a, b in zip(ours[:n], peer[:n], strict=True)])
    row = {"what": what, "against": against, "ours": statistics.fmean(ours[:n]), "peer": statistics.fmean(peer[:n]), "unit": unit}
    return {**row, "compare": "difference", "ratio": mean, "low": mean - half, "high": mean + half, "n": n}


def alone(what: str, ours: Sequence[float], unit: str) -> Row:
    """A figure of ours that nobody is compared with."""
    row: Row = {"what": what, "against": "", "ours": statistics.median(ours), "peer": None, "unit": unit, "ratio": None}
    return {**row, "low": None, "high": None, "n": len(ours), "ours_range": [min(ours), max(ours)]}


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """The mean and half the width of its 95 % interval (0 for a single value, which has none)."""
    if len(values) < 2:
        return statistics.fmean(values), 0.0
    t = T95[len(values) - 2] if len(values) - 2 < len(T95) else 1.96
    return statistics.fmean(values), t * statistics.stdev(values) / len(values) ** 0.5


def number_text(value: float | None) -> str:
    """Three digits or more: 5,370 · 123 · 12.3 · 1.23 · 0.0123."""
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.2g}"


HEADER = ("what", "against", "Clearsight", "peer", "unit", "ratio", "n")


def cells(row: Row) -> tuple[str, ...]:
    """A row as text under HEADER."""
    digits, sign = ("+.2f", "") if row.get("compare") == "difference" else (".2f", "×")
    ratio = f"{row['ratio']:{digits}}{sign}" if row.get("ratio") is not None else ""
    if ratio and row.get("low") is not None and row["low"] != row["high"]:
        ratio += f" ({row['low']:{digits}} to {row['high']:{digits}})"
    if row.get("goal"):
        ratio += f", goal {row['goal']:g}×" + (": falls short" if row["ratio"] < row["goal"] else "")
    own, peer = (_with_range(row.get(who), row.get(f"{who}_range")) for who in ("ours", "peer"))
    return (str(row["what"]), str(row.get("against", "")), own, peer, str(row.get("unit", "")), ratio, str(row.get("n", "")))


def _with_range(middle: float | None, spread: Sequence[float] | None) -> str:
    if middle is None or spread is None or spread[0] == spread[1]:
        return number_text(middle)
    return f"{number_text(middle)} ({number_text(spread[0])} to {number_text(spread[1])})"


def table(rows: Sequence[Row]) -> str:
    """The rows for a terminal."""
    lines = [HEADER, *(cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def machine() -> tuple[dict[str, Any], dict[str, str]]:
    """The hardware and our versions, asked of a child."""
    code = (
        "import json, clearsight; from clearsight.base.compute.device import hardware; "
        "print(json.dumps([hardware(), clearsight.__version__]))"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    facts, version = json.loads(done.stdout)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = {"clearsight": version, "python": facts.pop("python"), "torch": facts.pop("torch")}
    chip = json.loads(
        subprocess.run([sys.executable, str(CONTESTANTS / "gauge.py"), "limit"], capture_output=True, text=True, check=True).stdout
    )
    limit = f"{chip['float32']:,} GFLOP/s float32, {chip['bf16']:,} bf16"
    return {**facts, "cores": os.cpu_count(), "memory": f"{memory:.0f} GiB", "chip": chip["features"], "limit (2 threads)": limit}, versions


def parser(description: str | None, rounds: int) -> argparse.ArgumentParser:
    """The options that every benchmark has."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--rounds", type=int, default=rounds, help=f"how often everybody runs (default {rounds})")
    made.add_argument("--json", type=Path, metavar="FILE", help="write the result here as well")
    return made


def finish(
    given: argparse.Namespace, title: str, rows: list[Row], notes: Sequence[str], versions: Mapping[str, str], text: str = ""
) -> None:
    """Print the table (or `text` in its place), the notes, hardware and versions; write the JSON when it was asked for."""
    hardware, own = machine()
    result = {"script": Path(sys.argv[0]).name, "title": title, "rows": rows, "hardware": hardware}
    result |= {"versions": {**own, **versions}, "notes": list(dict.fromkeys(notes)), "date": datetime.date.today().isoformat()}
    result |= {"text": text} if text else {}
    print(f"{title}\n\n{text or table(rows)}\n")
    for line in result["notes"]:
        print(f"note: {line}")
    print(", ".join(f"{name} {value}" for name, value in {**hardware, **own, **versions}.items()))
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def say(line: str) -> None:
    """Progress, on stderr."""
    print(line, file=sys.stderr, flush=True)
