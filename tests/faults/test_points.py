"""At every operation: killed, torn, disk full, disk gone, a write cut short. Then a resume."""

import json
import time

import pytest

from clearsight import models
from clearsight.classifier import Classifier, save
from clearsight.images.preprocess import Preprocessing
from tests.faults.counter import BYPASSED
from tests.faults.disk import Disk, read_tree

KINDS = ("kill", "torn", "enospc", "eio")
PARTS = 4  # of a long test, which processes of pytest share
SWIFT = {"model": "swift", "size": 28, "ema": 0.9, "speed": "bf16 channels-last", "augment": "crop:1"}  # what has a state, has it here
RUN = "clearsight.runs.run"
ROWS = "write_atomic(self.folder / ROWS, text.getvalue())"


def critical(bench, name: str) -> range:
    """The operations that write the file `name`: open, write, fsync, replace, open and fsync the folder, and the one after."""
    first = next(entry["at"] for entry in bench.log if name in entry.get("path", ""))
    return range(first, first + 7)


def test_the_counter_sees_all_that_reaches_the_disk(plain):
    plain.clean()
    log = plain.folder / "log"
    log.unlink(missing_ok=True)
    assert plain.begin(log=str(log)).code == 0
    disk = Disk(plain.scope)
    for line in log.read_text().splitlines():
        disk.apply(json.loads(line))
    assert disk.kept() == read_tree(plain.scope)
    assert list(plain.differences()) == []
    assert plain.points >= 150


@pytest.mark.parametrize(
    "past",
    [
        '(self.folder / "results.csv").write_text(text.getvalue())',
        "(self.folder / 'checkpoints').touch()",
        "os.link(__file__, self.folder / 'x')",
    ],
)
def test_what_goes_past_the_counter_is_noticed(plain, past):
    plain.clean()
    outcome = plain.begin(mutation=[(RUN, "import io\n", "import io\nimport os\n"), (RUN, ROWS, past)])
    assert outcome.code == BYPASSED and "bypassed the counter" in outcome.said


@pytest.mark.parametrize("part", range(PARTS))
def test_the_run_folder_survives_any_operation_reduced(plain, part):
    first = [(kind, point) for point in critical(plain, "00001-0000001.checkpoint") for kind in KINDS]
    others = [((*KINDS, "short")[i % 5], point) for i, point in enumerate(range(1, plain.points + 1, 7))]
    problems = [problem for kind, point in (first + others)[part::PARTS] for problem in plain.broken(kind, point)]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("kind", ["kill", "enospc"])
def test_a_run_from_trained_weights_survives_while_it_begins(bench, tmp_path, kind):
    """Its first checkpoint holds what the origin gave, and is written before the run has begun."""
    model = models.build("pixels", 4, channels=1, height=8, width=8, seed=5)
    save(Classifier(model, Preprocessing(1, 8, 8), tuple("0123"), architecture="pixels"), tmp_path / "old")
    started = bench(**{"from": str(tmp_path / "old")})
    points = critical(started, "00000-0000000.checkpoint")
    problems = [line for point in range(points[0] - 1, points[-1] + 7) for line in started.broken(kind, point)]
    assert not problems, "\n".join(problems)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "more"), [*((kind, {}) for kind in (*KINDS, "short")), ("kill", SWIFT)])
def test_the_run_folder_survives_any_operation(bench, kind, more):
    whole, start = bench(**more), time.monotonic()
    problems = [problem for point in range(1, whole.points + 1) for problem in whole.broken(kind, point)]
    print(f"{more.get('model', 'pixels')}: {whole.points} points, {kind}: {len(problems)} problems, {time.monotonic() - start:.0f} s")
    assert whole.points >= 150
    assert not problems, "\n".join(problems)


def test_a_kill_during_the_recovery_is_recovered_from(plain):
    problems = []
    for point in (2, 16, critical(plain, "00001-0000001.checkpoint")[3]):
        for second in (2, 9, 40):
            plain.clean()
            plain.begin(fault={"kind": "kill", "at": point})
            plain.recover(fault={"kind": "kill", "at": second})
            problems += [f"{point}, {second}: {line}" for line in plain.recovered(plain.promised(point))]
    assert not problems, "\n".join(problems)
