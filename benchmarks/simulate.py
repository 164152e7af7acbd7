"""A discrete-event simulation of many machines: stragglers, failures, restarts, and shards in a bounded cache.

Time is simulated, in seconds or any other unit; every draw is by a seed. tests/benchmarks/test_simulate.py holds it to the driver of
`clearsight classify`, by `benchmarks/scale.py --compare` it runs beside real processes and a real store.
"""

import heapq
import math
import random
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

ATTEMPTS, NEAR = 3, 32  # of batch/task.py and batch/driver.py


@dataclass(frozen=True)
class Part:
    """Pictures `start` to `stop` of a shard of `of` pictures, in which `tries` workers have ended."""

    shard: int
    start: int
    stop: int
    of: int
    tries: int = 0

    @property
    def n(self) -> int:
        return self.stop - self.start

    def cut(self) -> "tuple[Part, Part]":
        """Two parts after all attempts: by halves, or the first 32 pictures."""
        at = self.start + min(self.n // 2, NEAR)
        return self._part(self.start, at), self._part(at, self.stop)

    def _part(self, start: int, stop: int) -> "Part":
        return Part(self.shard, start, stop, self.of, 0 if stop - start == 1 else ATTEMPTS - 1)


@dataclass(frozen=True)
class Batch:
    """What a simulated batch took: its end, the tasks that were begun, the workers that ended, the busy time that was lost."""

    seconds: float
    tasks: int
    ended: int
    lost: float
    given_up: int


def classify(
    shards: Sequence[int],
    workers: int,
    seconds: Callable[[int, Part], float],
    *,
    killers: Iterable[tuple[int, int]] = (),
    mean_life: float = math.inf,
    restart: float = 0.0,
    seed: int = 0,
) -> Batch:
    """Classify `shards` of so many pictures each: a free worker takes the next part, as batch/driver.py does.

    `seconds(worker, part)` is the time of a part; a part with one of the `killers` (shard, picture) ends its worker when it is reached in
    proportion; a worker lives `mean_life` on average and takes `restart` to come back.
    """
    draw, bad = random.Random(seed), set(killers)
    waiting = [Part(k, 0, n, n) for k, n in reversed(list(enumerate(shards)))]
    free, events, clock = list(range(workers)), list[tuple[float, int, int, Part, float, bool]](), 0.0
    tasks = ended = given_up = 0
    lost = 0.0
    cold = [0.0] * workers
    while waiting or events:
        while waiting and free:
            worker, part = free.pop(), waiting.pop()
            tasks += 1
            inside = [picture for shard, picture in bad if shard == part.shard and part.start <= picture < part.stop]
            whole, life = seconds(worker, part), draw.expovariate(1 / mean_life) if mean_life < math.inf else math.inf
            dies = bool(inside) or life < whole
            took = whole * (min(inside) - part.start + 1) / part.n if inside else min(life, whole)
            heapq.heappush(events, (clock + cold[worker] + took, tasks, worker, part, took, dies))
            cold[worker] = restart if dies else 0.0
        clock, _, worker, part, took, dies = heapq.heappop(events)
        free.append(worker)
        if not dies:
            continue
        ended, lost = ended + 1, lost + took
        if part.tries < ATTEMPTS - 1:
            waiting.append(Part(part.shard, part.start, part.stop, part.of, part.tries + 1))
        elif part.n == 1:
            given_up += 1
        else:
            waiting += reversed(part.cut())
    return Batch(clock, tasks, ended, lost, given_up)


def dealt(shards: Sequence[int], workers: int, seconds: Callable[[int, Part], float]) -> float:
    """The end where every worker has its shards from the start, every so many-th, as static splits have."""
    return max(sum(seconds(worker, Part(k, 0, n, n)) for k, n in enumerate(shards) if k % workers == worker) for worker in range(workers))


@dataclass(frozen=True)
class Training:
    """What a simulated training took: its end, steps that were computed again, and restarts."""

    seconds: float
    again: int
    restarts: int


def slowest(step: Callable[[random.Random], float], ranks: int) -> Callable[[random.Random], float]:
    """The time of a synchronous step: that of the slowest of `ranks`, which each take `step(draw)`."""
    return lambda draw: max(step(draw) for _ in range(ranks))


def train(
    steps: int,
    ranks: int,
    step: Callable[[random.Random], float],
    *,
    save_every: float,
    save: float,
    mean_life: float,
    restart: float,
    seed: int = 0,
) -> Training:
    """A synchronous training of `ranks`, whose steps take `step(draw)`.

    Rank 0 saves for `save` after `save_every`; a rank lives `mean_life` on average, and then `restart` and the steps since are lost.
    """
    draw, clock, done, saved, since = random.Random(seed), 0.0, 0, 0, 0.0
    again = restarts = 0
    fails = draw.expovariate(ranks / mean_life)
    while done < steps:
        took = step(draw)
        if clock + took >= fails:
            clock, again, restarts, done, since = fails + restart, again + done - saved, restarts + 1, saved, 0.0
            fails = clock + draw.expovariate(ranks / mean_life)
            continue
        clock, done, since = clock + took, done + 1, since + took
        if since >= save_every:
            clock, saved, since = clock + save, done, 0.0
    return Training(clock, again, restarts)


def best_interval(save: float, mean_life: float, ranks: int) -> float:
    """The time between checkpoints that loses least, J. W. Young, A first order approximation to the optimum checkpoint interval, 1974."""
    return math.sqrt(2 * save * mean_life / ranks)


def downloads(order: Iterable[int], room: int) -> int:
    """Shards that are downloaded while pictures of shards are read in this order, with room for so many; the oldest makes room."""
    held: OrderedDict[int, None] = OrderedDict()
    n = 0
    for shard in order:
        if shard not in held:
            n += 1
            if len(held) >= room:
                held.popitem(last=False)
            held[shard] = None
    return n


def waits(pictures: int, window: int, shards: int, *, rate: float, link: float, ahead: int) -> float:
    """Seconds in an epoch that a reader of `rate` pictures a second waits for shards of `pictures`, each `link` seconds on the line.

    All shards of a window are needed from its start on; `ahead` are downloaded before they are needed.
    """
    arrived, clock, waited, line = list[float](), 0.0, 0.0, 0.0
    for first in range(0, shards, window):
        wanted = min(first + window + ahead, shards)
        while len(arrived) < wanted:  # the line is busy, or begins when it is allowed to
            line = max(line, clock if len(arrived) >= first else line) + link
            arrived.append(line)
        ready = max(arrived[first : first + window])
        waited += max(0.0, ready - clock)
        clock = max(clock, ready) + min(window, shards - first) * pictures / rate
    return waited


def slow(share: float, times: float, seed: int = 0) -> Callable[[int], float]:
    """The factor of each worker: a `share` of them is so many `times` slower."""
    return lambda worker: times if random.Random(f"{seed} {worker}").random() < share else 1.0
