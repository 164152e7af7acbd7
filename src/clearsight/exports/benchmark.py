"""`timed`: latency and throughput of a classifier by engine, precision, batch size and threads, next to the agreement of its answers."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import torch
from torch import Tensor

from ..base.compute.device import hardware
from ..base.compute.precision import halves, has_bf16
from ..base.errors import ClearsightError, wrong
from ..base.progress import Progress
from ..base.result import Result, Row
from ..classifier import Classifier
from ..classifier.engines.exported import Exported, opened
from ..classifier.engines.sessions import ENGINES, ONNX, OPENVINO, TORCH
from .comparison import drawn
from .open import engined
from .quantisation import SUFFIX

BATCHES, ROUNDS = (1, 32), 7
LEAST_SECONDS = 0.01  # of a measurement: faster calls are repeated
SAME = 1e-4  # a difference of a probability that is rounding
NO_INT8 = "no int8 file: clearsight export MODEL --int8"
NO_BF16 = "bfloat16 is emulated here, or too coarse"


@dataclass(frozen=True)
class Timing:
    """A line of the table: median milliseconds of a batch with their quartiles, CPU milliseconds and agreement; or a `note` why not."""

    engine: str
    precision: str
    batch: int = 0
    threads: int = 0
    milliseconds: float | None = None
    low: float | None = None
    high: float | None = None
    cpu_milliseconds: float | None = None
    pictures_per_second: float | None = None
    agreement: float | None = None
    max_difference: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Timings(Result):
    """Every line, the machine, the number of rounds and of pictures that answers were compared on, and what is recommended."""

    model: str
    machine: dict[str, str | int]
    rounds: int
    compared_on: int
    lines: tuple[Timing, ...]

    def to_json(self) -> dict[str, Any]:
        """The fields, and the recommendation."""
        return {**asdict(self), "lines": [asdict(line) for line in self.lines], "recommended": self.headline().split("\n")}

    def headline(self) -> str:
        """The fastest line whose answers are float32's, for one picture and for many."""
        same = [line for line in self.lines if line.agreement == 1 and (line.max_difference or 0) <= SAME]
        return "\n".join(filter(None, (_best(same, name, pick) for name, pick in (("One picture at a time", min), ("Many pictures", max)))))

    def rows(self) -> list[Row]:
        """A line of the table each: milliseconds of a batch, half the distance of their quartiles, pictures per second, agreement."""
        return [
            {
                "engine": line.engine, "precision": line.precision, "batch": line.batch or None, "threads": line.threads or None,
                "ms": line.milliseconds, "±": None if line.low is None or line.high is None else (line.high - line.low) / 2,
                "pictures/s": None if line.pictures_per_second is None else round(line.pictures_per_second),
                "agree": line.agreement, "|Δp|": None if line.max_difference is None else float(f"{line.max_difference:.1e}"),
            }
            for line in self.lines if not line.note
        ]  # fmt: skip

    def notes(self) -> list[str]:
        """The lines that were not measured, and why."""
        return [f"{line.engine} {line.precision}: {line.note}" for line in self.lines if line.note]


def _best(lines: Sequence[Timing], name: str, pick: Callable[..., int]) -> str:
    """The recommendation for the smallest batch (`pick` is min) or the largest, compared with torch in float32 with as many threads."""
    if not lines:
        return ""
    size = pick(line.batch for line in lines)
    some = [line for line in lines if line.batch == size]
    best = min(some, key=lambda line: line.milliseconds or math.inf)
    torchs = [line.milliseconds for line in some if (line.engine, line.precision, line.threads) == (TORCH, "float32", best.threads)]
    words = f"{name}: {best.engine} {best.precision} with {best.threads} thread{'s' * (best.threads > 1)}, {best.milliseconds:.3g} ms"
    if best.engine != TORCH and torchs and torchs[0] and best.milliseconds:
        return f"{words}, {torchs[0] / best.milliseconds:.2g} × as fast as torch (--engine {best.engine})."
    return f"{words}."


@dataclass(frozen=True)
class _Contestant:
    line: Timing
    make: Callable[[int], Classifier]  # threads → classifier


def timed(
    classifier: Classifier, *, engines: Sequence[str] = ENGINES, batches: Sequence[int] = BATCHES, threads: Sequence[int] = (),
    rounds: int = ROUNDS, quiet: bool = False,
) -> Timings:  # fmt: skip
    """Measure `classifier` on fitted pictures in alternating rounds; `threads` are 1 and as many as torch has where none are given.

    An engine that is not installed, or that cannot compute the network, has a note instead of figures. Raises UsageError for a batch, a
    number of threads or of rounds below 1.
    """
    for name, values in (("batch", batches), ("threads", threads), ("rounds", [rounds])):
        if any(value < 1 for value in values):
            raise wrong(name, "at least 1", min(values))
    own = torch.get_num_threads()
    threads = sorted({*threads} or {1, own})
    size = classifier.preprocessing
    pictures = torch.stack([size.fit_picture(picture) for picture in drawn(size)])
    expected = _probabilities(classifier, pictures)
    cells, lines = [], []
    try:
        for contestant in _contestants(classifier, engines, quiet):
            made = [] if contestant.line.note else _made(contestant, batches, threads, pictures, expected)
            cells += [cell for cell in made if isinstance(cell, _Cell)]
            lines += [contestant.line] if contestant.line.note else [cell for cell in made if isinstance(cell, Timing)]
        with Progress("benchmark", rounds * len(cells), "measurements", quiet=quiet) as progress:
            for _ in range(rounds):
                for cell in cells:
                    cell.measure()
                    progress.update(1)
    finally:
        torch.set_num_threads(own)
    return Timings(classifier.architecture, hardware(), rounds, len(pictures), (*(cell.timing() for cell in cells), *lines))


def _contestants(classifier: Classifier, engines: Sequence[str], quiet: bool) -> Iterator[_Contestant]:
    """What is measured, in the order of the table."""
    for engine in engines:
        exact = Timing(engine, "float32")
        if engine == TORCH and isinstance(classifier, Exported):
            yield _Contestant(replace(exact, note="an exported file has no torch; its run folder has"), lambda _: classifier)
            continue
        if engine == TORCH:
            yield _Contestant(exact, lambda _: classifier.faster("folded"))
            bf16 = has_bf16(classifier.device) and halves(classifier.model)
            yield _Contestant(Timing(engine, "bfloat16", note="" if bf16 else NO_BF16), lambda _: classifier.faster("bf16"))
            continue
        try:
            file = engined(classifier, engine, quiet=quiet)
        except ClearsightError as error:
            yield _Contestant(replace(exact, note=str(error)), lambda _: classifier)
            continue
        assert isinstance(file, Exported)
        yield from _of_file(file, engine, classifier)


def _of_file(file: Exported, engine: str, classifier: Classifier) -> Iterator[_Contestant]:
    def opening(path: Path, precision: str = "float32") -> Callable[[int], Classifier]:
        return lambda threads: opened(path, engine, precision, threads)

    yield _Contestant(Timing(engine, file.precision), opening(file.path))
    if file.precision != "float32":
        return
    if engine == OPENVINO:
        note = "" if has_bf16(torch.device("cpu")) else NO_BF16
        yield _Contestant(Timing(engine, "bfloat16", note=note), opening(file.path, "bfloat16"))
    small = _int8_file(classifier)
    yield _Contestant(Timing(engine, "int8", note="" if small else NO_INT8), opening(small or file.path))


def _int8_file(classifier: Classifier) -> Path | None:
    """The int8 file of these weights in the classifier's `export` folder, or next to an exported file; None without one."""
    beside = classifier.path.parent if isinstance(classifier, Exported) else Path(classifier.folder or "/nowhere") / "export"
    for name in ("fitted", "model"):
        path = beside / f"{name}{SUFFIX}.onnx"
        if path.is_file() and opened(path, ONNX).weights_digest == classifier.weights_digest:
            return path
    return None


class _Cell:
    """One contestant at one batch size and number of threads, and its measurements."""

    def __init__(self, line: Timing, classifier: Classifier, pictures: Tensor) -> None:
        self.line, self.classifier, self.pictures = line, classifier, pictures
        self.wall: list[float] = []
        self.cpu: list[float] = []
        self.repeats = 1
        self.run()  # the first call allocates
        self.repeats = max(1, math.ceil(LEAST_SECONDS / max(1e-6, self.run()[0])))

    def run(self) -> tuple[float, float]:
        """Seconds by the clock and by the CPU of one call."""
        torch.set_num_threads(self.line.threads)
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(self.repeats):
            self.classifier.judged(self.pictures)
        return (time.perf_counter() - wall) / self.repeats, (time.process_time() - cpu) / self.repeats

    def measure(self) -> None:
        wall, cpu = self.run()
        self.wall.append(1000 * wall)
        self.cpu.append(1000 * cpu)

    def timing(self) -> Timing:
        middle = median(self.wall)
        low, _, high = quantiles(self.wall, n=4, method="inclusive") if len(self.wall) > 1 else (middle,) * 3
        return replace(
            self.line, milliseconds=middle, low=low, high=high, cpu_milliseconds=median(self.cpu),
            pictures_per_second=1000 * self.line.batch / middle,
        )  # fmt: skip


def _made(
    contestant: _Contestant, batches: Sequence[int], threads: Sequence[int], pictures: Tensor, expected: Tensor
) -> list[_Cell | Timing]:
    made: list[_Cell | Timing] = []
    for n in threads:
        torch.set_num_threads(n)
        try:
            classifier = contestant.make(n)
        except ClearsightError as error:
            return [replace(contestant.line, note=str(error))]
        if classifier.note:  # a speed that this network does not have
            return [replace(contestant.line, note=classifier.note)]
        found = _probabilities(classifier, pictures)
        line = replace(
            contestant.line, threads=n, agreement=float((found.argmax(1) == expected.argmax(1)).double().mean()),
            max_difference=float((found - expected).abs().max()),
        )  # fmt: skip
        for batch in batches:
            rows = torch.arange(batch) % len(pictures)
            made.append(_Cell(replace(line, batch=batch), classifier, pictures[rows]))
    return made


def _probabilities(classifier: Classifier, pictures: Tensor) -> Tensor:
    return torch.cat([classifier.probabilities(part).cpu() for part in pictures.split(classifier.batch)])
