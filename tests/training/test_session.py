"""A run that is stopped and resumed computes the same weights, bit for bit, as one that never stopped."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from clearsight.base.compute.distributed import ProcessGroup
from clearsight.base.errors import ClearsightError, UsageError
from clearsight.models.base import Model
from clearsight.runs.run import Run
from clearsight.runs.state import reason_of
from clearsight.training import loop, session
from clearsight.training.api import resume, train
from clearsight.training.interrupt import Interrupted, NotFinite
from clearsight.training.objectives import objective
from clearsight.training.storage import checkpoint
from tests.pictures import digit_arrays

DATA = digit_arrays(per_class=24)
SETTINGS = {"epochs": 3, "batch": 32, "speed": "channels-last", "seed": 3, "size": 28, "quiet": True}
KINDS = {
    "swift": {"model": "swift"},
    "adamw, dropout, ema, accumulation": {
        "model": "convnet", "optimizer": "adamw", "lr": 1e-3, "ema": 0.9, "accumulate": 2, "augment": "flip crop:1",
    },
    "sgd, plateau, clip, weights": {
        "model": "lenet5", "optimizer": "sgd", "lr": 0.05, "schedule": "plateau", "clip": 1.0, "class_weights": "balanced",
    },
}  # fmt: skip
STEPS = 6  # 172 training pictures in batches of at most 32


def weights(run: Path) -> bytes:
    return (run / "model.safetensors").read_bytes()


def columns(run: Path) -> list[list[str]]:
    """`results.csv` without the two columns that tell the time."""
    return [line.split(",")[:-2] for line in (run / "results.csv").read_text().splitlines()]


def sigterm() -> None:
    """What SIGTERM does, without the signal: the process of the tests has loaded libraries that take signals too."""
    signal.getsignal(signal.SIGTERM)(signal.SIGTERM, None)


def stop_after(monkeypatch, steps: int) -> None:
    step, count = loop._step, [0]

    def counted(*given):
        count[0] += 1
        if count[0] == steps:
            given[-1].asked = signal.SIGTERM
        return step(*given)

    monkeypatch.setattr(loop, "_step", counted)


@pytest.mark.parametrize("kind", KINDS)
def test_stopped_anywhere_it_ends_the_same(kind, tmp_path, monkeypatch):
    straight = train(DATA, out=str(tmp_path / "straight"), **SETTINGS, **KINDS[kind])
    run = tmp_path / "stopped"
    with monkeypatch.context() as patch:
        stop_after(patch, 2)
        with pytest.raises(Interrupted, match="--resume"):
            train(DATA, out=str(run), **SETTINGS, **KINDS[kind])
    for steps in (STEPS - 2, 3):  # the last step of an epoch, then the middle of one
        with monkeypatch.context() as patch:
            stop_after(patch, steps)
            with pytest.raises(Interrupted):
                resume(run, data=DATA, quiet=True)
    ended = resume(run, data=DATA, quiet=True)
    assert weights(run) == weights(straight.run)
    assert columns(run) == columns(straight.run)
    assert ended.validation == straight.validation


def test_a_training_that_failed_says_why_and_goes_on_to_the_same_end(tmp_path, monkeypatch):
    straight = train(DATA, out=str(tmp_path / "straight"), **SETTINGS, model="pixels")
    run = tmp_path / "failed"
    with monkeypatch.context() as patch:
        patch.setattr(session, "watch", lambda *_: os.write(-1, b""))
        with pytest.raises(OSError, match="Bad file descriptor"):
            train(DATA, out=str(run), **SETTINGS, model="pixels")
    assert Run(run).state == "failed" and "Bad file descriptor" in reason_of(run)
    resume(run, data=DATA, quiet=True)
    assert Run(run).state == "finished" and not (run / "error.json").exists() and weights(run) == weights(straight.run)


@pytest.mark.parametrize("epoch", [1, 3])
def test_a_validation_is_interrupted_and_made_up_for(epoch, tmp_path, monkeypatch):
    straight = train(DATA, out=str(tmp_path / "straight"), **SETTINGS, model="pixels")
    validate, run = objective.validate, tmp_path / "stopped"

    def asked(context, weights, stop=None, **more):
        if stop and context.state.counters.epoch == epoch - 1:
            stop.asked = signal.SIGTERM
        return validate(context, weights, stop, **more)

    with monkeypatch.context() as patch:
        patch.setattr(objective, "validate", asked)
        with pytest.raises(Interrupted):
            train(DATA, out=str(run), **SETTINGS, model="pixels")
    assert checkpoint.checkpoints(run / "checkpoints")[0].name == f"{epoch - 1:05d}-{STEPS:07d}.checkpoint"
    resume(run, data=DATA, quiet=True)
    assert weights(run) == weights(straight.run)
    assert columns(run) == columns(straight.run)


def test_same_seed_same_weights_and_another_seed_others(tmp_path):
    runs = [train(DATA, out=str(tmp_path / name), **{**SETTINGS, "epochs": 1, "seed": seed}, model="swift").run for name, seed in
            (("a", 0), ("b", 0), ("c", 1))]  # fmt: skip
    a, b, c = map(weights, runs)
    assert a == b != c


def test_a_damaged_checkpoint_is_skipped_for_the_one_before(tmp_path, monkeypatch, capsys):
    straight = train(DATA, out=str(tmp_path / "straight"), **SETTINGS, model="pixels")
    run = tmp_path / "stopped"
    with monkeypatch.context() as patch:
        stop_after(patch, STEPS + 2)
        with pytest.raises(Interrupted):
            train(DATA, out=str(run), **SETTINGS, model="pixels")
    newest = checkpoint.checkpoints(run / "checkpoints")[0]
    data = bytearray(newest.read_bytes())
    data[len(data) // 2] ^= 4
    newest.write_bytes(data)
    resume(run, data=DATA)
    assert f"skipped {newest}: damaged" in capsys.readouterr().err
    assert weights(run) == weights(straight.run)


def test_no_whole_checkpoint_is_said(tmp_path):
    train(DATA, out=str(tmp_path / "run"), **SETTINGS, model="pixels")
    for path in checkpoint.checkpoints(tmp_path / "run" / "checkpoints"):
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ClearsightError, match="no whole checkpoint"):
        resume(tmp_path / "run", data=DATA, quiet=True)


def test_processes_that_see_other_checkpoints_do_not_train_on(tmp_path, monkeypatch):
    train(DATA, out=str(tmp_path / "run"), **SETTINGS, model="pixels")
    monkeypatch.setattr(ProcessGroup, "broadcast", lambda group, number: number + 1)  # what the first process says
    with pytest.raises(ClearsightError, match="must be on a disk they share"):
        resume(tmp_path / "run", data=DATA, quiet=True)


def test_two_checkpoints_are_kept_and_the_events_of_every_epoch(tmp_path):
    train(DATA, out=str(tmp_path / "run"), **SETTINGS, model="pixels")
    assert [path.name for path in checkpoint.checkpoints(tmp_path / "run" / "checkpoints")] == [
        "00003-0000000.checkpoint",
        "00002-0000000.checkpoint",
    ]
    assert len(list((tmp_path / "run" / "events").iterdir())) == 3  # for TensorBoard, one an epoch


def test_a_number_that_is_none_stops_the_run_and_keeps_the_checkpoint(tmp_path):
    with pytest.raises(NotFinite, match=r"epoch \d+, batch \d+: .*layer '.+'.*Try --lr"):
        train(DATA, out=str(tmp_path / "run"), **SETTINGS, model="lenet5", optimizer="sgd", lr=1e12, schedule="constant", warmup=0.0)
    assert not (tmp_path / "run" / "config.json").exists()


def test_two_processes_train_one_model_and_validate_every_picture_once(tmp_path):
    command = [sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "clearsight"]
    words = ["train", "digits", "--model", "lenet5", "--epochs", "2", "--speed", "plain", "--out", str(tmp_path / "two"), "--json"]
    done = subprocess.run([*command, *words], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.strip().splitlines()) == 1
    alone = train("digits", out=str(tmp_path / "one"), model="lenet5", epochs=2, speed="plain", quiet=True)
    ours, theirs = columns(tmp_path / "two"), columns(alone.run)
    # the same batches and, without batch norm and dropout, the same gradients but for the order of float32 sums
    for row, other in zip(ours[1:], theirs[1:], strict=True):
        assert [float(x) for x in row] == pytest.approx([float(x) for x in other], rel=2e-2)


def test_the_same_command_begins_and_continues(tmp_path, monkeypatch):
    run, words = tmp_path / "run", {**SETTINGS, **KINDS["sgd, plateau, clip, weights"], "or_resume": True}
    with monkeypatch.context() as patch:
        stop_after(patch, 2)
        with pytest.raises(Interrupted):
            train(DATA, out=str(run), **words)
    before = (run / "recipe.toml").read_bytes()
    train(DATA, out=str(run), **words)
    assert (run / "recipe.toml").read_bytes() == before and len(columns(run)) == 1 + SETTINGS["epochs"]
    done = weights(run)
    train(DATA, out=str(run), **words)  # a finished run is only published again
    assert weights(run) == done
    with pytest.raises(UsageError, match=r"begun with other settings \(lr was 0.05, is 0.1\): repeat those, or name another --out"):
        train(DATA, out=str(run), **{**words, "lr": 0.1})
    with pytest.raises(UsageError, match="needs the name of its folder"):
        train(DATA, **words)


ROW = {"epoch": 2, "loss": 0.5, "accuracy": 0.75, "val_loss": 0.25, "val_accuracy": 0.8, "pictures_per_second": 1234.5}


@pytest.mark.parametrize(
    ("row", "val", "best", "keep", "expected"),
    [
        ({}, 30, 2, "best", "epoch 2/3  loss 0.5000 (val 0.2500)  top-1 75.00% (val 80.00%)  1,234/s  best"),
        ({}, 30, 1, "best", "epoch 2/3  loss 0.5000 (val 0.2500)  top-1 75.00% (val 80.00%)  1,234/s"),
        ({}, 30, 2, "last", "epoch 2/3  loss 0.5000 (val 0.2500)  top-1 75.00% (val 80.00%)  1,234/s"),
        ({}, 29, 2, "best", "epoch 2/3  loss 0.5000 (val 0.2500)  top-1 75.00% (val 80.00%)  1,234/s  kept"),
        ({}, 0, 1, "last", "epoch 2/3  loss 0.5000 (held-out 0.2500)  top-1 75.00% (held-out 80.00%)"),
        ({"epoch": 0}, 30, 1, "best", "solved head  loss 0.5000 (val 0.2500)  top-1 75.00% (val 80.00%)  1,234/s"),
        ({"knn_accuracy": 0.5}, 30, 2, "best", "epoch 2/3  loss 0.5000 (val 0.2500)  top-1 75.00% (val 80.00%)  knn 50.00%  best"),
        ({"l2": 1e-3, "evaluations": 7}, 30, 2, "best", "l2 1.0e-03 (7 steps)  loss 0.5000 (val 0.2500)  top-1 75.00% (val 80.00%)  best"),
        ({"l2": 1e-3, "evaluations": 7}, 29, 2, "best", "l2 1.0e-03 (7 steps)  loss 0.5000 (val 0.2500)  top-1 75.00% (val 80.00%)"),
        (
            {"epoch": 12, "pictures_per_second": 123_456.0}, 30, 12, "best",
            "epoch 12/3  loss 0.5000 (val 0.2500)  top-1 75.00% (val 80.00%)  123,456/s  best",  # 80
        ),
        (
            {"epoch": 123, "pictures_per_second": 123_456.0}, 30, 123, "best",
            "epoch 123/3  loss 0.5000 (val 0.2500)  top-1 75.00% (val 80.00%)  best",
        ),
    ],
)  # fmt: skip
def test_the_line_of_an_epoch(row, val, best, keep, expected):
    """In 80 columns: where there is no room, without the speed."""
    recipe, counters = SimpleNamespace(epochs=3, keep=keep), SimpleNamespace(best_epoch=best)
    context = SimpleNamespace(val=range(val), recipe=recipe, state=SimpleNamespace(counters=counters))
    assert session._line(context, {**ROW, **row}) == expected


def test_a_network_looks_at_pictures_once_before_it_is_trained(tmp_path, monkeypatch):
    looked = []
    monkeypatch.setattr(Model, "initialise", lambda self, inputs: looked.append(len(inputs)))
    made = train(DATA, out=str(tmp_path / "run"), model="pixels", **(SETTINGS | {"epochs": 1}))
    assert looked == [len(made.parts.parts["train"])]
