"""Progress: nothing on stdout, and in a log a line only after `every` seconds."""

import io
import sys

import pytest

from clearsight.base import progress


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_log_gets_a_line_only_after_every_seconds(capsys, clock):
    lines = []
    with progress.Progress("train", 60, every=15.0) as bar:
        for _ in range(60):
            clock[0] += 1
            bar.update(1, "loss 0.5" if clock[0] < 110 else "")
            out, err = capsys.readouterr()
            assert out == ""
            if err:
                lines.append((clock[0] - 100, err))
    assert [second for second, _ in lines] == [16, 32, 48]
    assert lines[0][1] == "train 16/60 1 pictures/s 44 s left loss 0.5\n"  # the last note stays
    assert capsys.readouterr() == ("", "")


def test_what_was_done_earlier_does_not_enter_the_rate(capsys, clock):
    with progress.Progress("train", 1000, "steps", every=1.0) as bar:
        bar.skip(900)
        clock[0] += 2
        bar.update(20)
    assert bar.rate == 10
    assert capsys.readouterr() == ("", "train 920/1000 10 steps/s 8 s left \n")


def test_quiet_prints_nothing(capsys, clock):
    with progress.Progress("train", 10, quiet=True, every=0.0) as bar:
        clock[0] += 100
        bar.update(10)
    assert capsys.readouterr() == ("", "")


def test_an_error_goes_through(clock):
    with pytest.raises(KeyError), progress.Progress("train", 10):
        raise KeyError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("fails", [False, True])
def test_a_terminal_gets_a_bar_that_is_stopped(monkeypatch, capsys, fails):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    bar = progress.Progress("train", 10)
    try:
        with bar:
            bar.update(4, "loss 0.5")
            bar._bar.refresh()
            if fails:
                raise KeyError
    except KeyError:
        assert fails
    assert not bar._bar.live.is_started
    shown = sys.stderr.getvalue()
    assert "train" in shown and "4/10" in shown and "loss 0.5" in shown
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("seconds", "said"), [(0.5, "2 files/s"), (1, "1 files/s"), (20, "20.0 s each")])
def test_slow_work_is_told_in_seconds_of_a_unit(clock, seconds, said):
    with progress.Progress("export", 3, "files", quiet=True) as bar:
        clock[0] += seconds
        bar.update(1)
    assert bar.pace == said


def test_a_listener_hears_every_step_also_of_quiet_bars_and_ends_what_it_likes(capsys, clock):
    heard = []
    with progress.listening(heard.append), progress.Progress("train", 60, "steps", quiet=True) as bar:
        clock[0] += 2
        bar.update(20, "loss 0.5")
        bar.update(20)
    bar.update(20)  # nobody listens any more
    assert [(one.label, one.done, one.total, one.unit, one.note) for one in heard] == [
        ("train", n, 60, "steps", "loss 0.5") for n in (20, 40)
    ]
    assert heard[0].rate == 10 and capsys.readouterr() == ("", "")


def cancel(report):
    raise progress.Cancelled


@pytest.fixture(scope="module")
def verbs(tmp_path_factory):
    """Verbs of each kind, with little to do."""
    import numpy as np
    from PIL import Image

    import clearsight as cs
    from tests.exports.made import spread

    data = tmp_path_factory.mktemp("data")
    for k in range(24):
        (data / "ab"[k % 2]).mkdir(exist_ok=True)
        values = np.random.default_rng(k).integers(0, 256, (28, 28), np.uint8)
        Image.fromarray(values).save(data / "ab"[k % 2] / f"{k}.png")
    model = spread("lenet5", 28, classes=("a", "b"), channels=1)
    run = data.parent / "run"
    return {
        "check": lambda: cs.check(data, cache="off", quiet=True),
        "evaluate": lambda: cs.evaluate(model, data, split="all", quiet=True),
        "stress": lambda: cs.stress(model, data, split="all", only=("gaussian-noise",), severities=(1,), quiet=True),
        "attack": lambda: cs.attack(model, data, "fgsm", split="all", quiet=True),
        "labels": lambda: cs.find_label_errors(data, folds=2, quiet=True),
        "train": lambda: cs.train(data, model="lenet5", epochs=1, out=run, quiet=True),
    }


@pytest.mark.parametrize("verb", ["check", "evaluate", "stress", "attack", "labels", "train"])
def test_a_listener_cancels_every_kind_of_verb(verbs, verb):
    with progress.listening(cancel), pytest.raises(progress.Cancelled):
        verbs[verb]()
