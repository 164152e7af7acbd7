"""As a library, Clearsight leaves the process that it is called in as it was: generators, filters, handlers, loggers, memory."""

import logging
import os
import random
import signal
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest
import sklearn.cluster  # sets filters and variables of its own when it is imported
import sklearn.linear_model  # noqa: F401
import torch
from PIL import TiffImagePlugin

import clearsight
from clearsight.attacks.attack import attack
from clearsight.base.compute import memory
from clearsight.evaluation.evaluate import evaluate
from clearsight.evaluation.stress import stress
from clearsight.images import decoder_messages
from clearsight.images.decode import decode, picture_facts
from clearsight.labels.label_errors import errors
from clearsight.training.api import train
from clearsight.training.pretrain import pretrain
from tests.images.test_decode_files import BROKEN_EXIF, KINDS, with_exif
from tests.pictures import digit_folder

QUICK = {"epochs": 1, "batch": 16, "speed": "plain", "quiet": True}
BROKEN = with_exif(KINDS["jpeg"](), BROKEN_EXIF[0])


def state() -> dict[str, object]:
    """What of the process everybody in it shares."""
    return {
        "torch": torch.get_rng_state().tolist(),
        "random": random.getstate(),
        "numpy": repr(np.random.get_state()),
        "warnings": list(warnings.filters),
        "environment": {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        "signals": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
        "loggers": [(logging.getLogger(name).handlers[:], logging.getLogger(name).level) for name in ("", "PIL", "clearsight")],
        "libtiff": libtiff(),
        "threads": torch.get_num_threads(),
        "grad": torch.is_grad_enabled(),
        "dtype": torch.get_default_dtype(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
    }


def libtiff() -> list[object]:
    found = [handler(None) for handler in decoder_messages._handlers()]
    for handler, before in zip(decoder_messages._handlers(), found, strict=True):
        handler(before)
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("host")
    digit_folder(folder / "data", per_class=12, classes=2)
    trained = train(folder / "data", out=str(folder / "run"), model="lenet5", dropout=0.5, **QUICK)
    return folder, trained.run


@pytest.fixture
def untouched(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(memory, "_tell_glibc", lambda: pytest.fail("a library call changed how malloc behaves"))
    torch.manual_seed(1234)
    random.seed(5)
    np.random.seed(6)
    for draw in (torch.rand, np.random.rand):
        draw(3)
    before = state()
    yield
    after = state()
    assert {name for name in before if before[name] != after[name]} == set()


def data_of(folder):
    return next(iter(clearsight.open_dataset(folder / "data").parts.values()))


def batch_of(folder):
    data = data_of(folder)
    pictures = torch.stack([torch.from_numpy(decode(data.source(i), channels=1)).permute(2, 0, 1) for i in range(len(data))])
    return torch.nn.functional.interpolate(pictures, (28, 28)), torch.from_numpy(data.labels)


CALLS = {
    "check": lambda folder, run: clearsight.check(clearsight.open_dataset(folder / "data"), quiet=True),
    "train": lambda folder, run: train(folder / "data", out=str(folder / "again"), model="lenet5", dropout=0.5, **QUICK),
    "train from": lambda folder, run: train(folder / "data", out=str(folder / "from"), from_=str(run), channels=3, **QUICK),
    "solved": lambda folder, run: train(folder / "data", out=str(folder / "hog"), model="hog", quiet=True),
    "ensemble": lambda folder, run: train(folder / "data", out=str(folder / "two"), model="pixels", ensemble=2, **QUICK),
    "pretrain": lambda folder, run: pretrain(folder / "data", out=str(folder / "pre"), model="lenet5", **QUICK),
    "load": lambda folder, run: clearsight.load(run),
    "verify": lambda folder, run: clearsight.verify(run),
    "save": lambda folder, run: clearsight.save(clearsight.load(run), folder / "saved"),
    "classify": lambda folder, run: list(clearsight.load(run).classify_many([data_of(folder).source(0), BROKEN])),
    "evaluate": lambda folder, run: evaluate(clearsight.load(run), data_of(folder), quiet=True),
    "stress": lambda folder, run: stress(clearsight.load(run), data_of(folder), severities=(3,), quiet=True),
    "attack": lambda folder, run: attack(clearsight.load(run), *batch_of(folder), method="pgd", steps=2),
    "smoothing": lambda folder, run: attack(clearsight.load(run), *batch_of(folder), method="noise"),
    "errors": lambda folder, run: errors(folder / "data", folds=2, settings={"model": "pixels", "epochs": 1}, quiet=True),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_leaves_the_process_as_it_was(name, made, untouched):
    CALLS[name](*made)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_decoding_leaves_the_process_as_it_was(kind, untouched):
    data = KINDS[kind]()
    for source in (data, data[: len(data) // 2], b"rubbish", BROKEN):
        for read in (decode, picture_facts):
            try:
                read(source)
            except clearsight.UnreadableImage:
                continue


def test_importing_adds_no_filter_for_pictures_and_no_handler():
    script = """
import logging, warnings
import numpy, PIL.Image, torch  # they have filters of their own
before = list(warnings.filters)
import clearsight
assert warnings.filters == before
from clearsight.images.decode import decode
assert warnings.filters == before, warnings.filters
assert not logging.getLogger("PIL").handlers
for name in clearsight.__all__:
    getattr(clearsight, name)
added = [one for one in warnings.filters if one not in before]
assert not [one for one in added if one[3] and "PIL" in getattr(one[3], "pattern", "")], added
print("as before")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout == "as before\n", done.stderr


def test_the_hosts_own_remarks_are_heard_after_and_other_threads_lose_none():
    stop, counts = threading.Event(), []

    def busy():
        n = 0
        while not stop.is_set():
            assert decode(BROKEN).shape == (48, 64, 3)
            n += 1
        counts.append(n)

    before = list(warnings.filters)
    threads = [threading.Thread(target=busy) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(30):
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            warnings.warn("the host's own", UserWarning, stacklevel=1)
        assert len(heard) == 1
    stop.set()
    for thread in threads:
        thread.join()
    assert min(counts) > 0 and decoder_messages.no_warnings.within == 0
    warnings.filters[:] = [one for one in warnings.filters if one in before]  # those that this thread's catch_warnings put back
    with pytest.warns(UserWarning, match="Metadata Warning"):
        TiffImagePlugin.warnings.warn_explicit("Metadata Warning", UserWarning, "TiffImagePlugin.py", 1, module="PIL.TiffImagePlugin")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes that are forked")
def test_a_forked_process_decodes_and_has_the_hosts_filters():
    script = f"""
import os, warnings
from clearsight.images import decoder_messages
from clearsight.images.decode import decode
before = list(warnings.filters)
decoder_messages.no_warnings.__enter__(), decoder_messages.no_libtiff_messages.__enter__()
decoder_messages.no_warnings.lock.acquire()  # as another thread may have at the time
if not (child := os.fork()):
    assert warnings.filters == before and decode({BROKEN!r}).shape == (48, 64, 3) and warnings.filters == before
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_the_command_line_keeps_large_buffers_and_a_call_does_on_request(monkeypatch):
    told = []
    monkeypatch.setattr(memory, "_tell_glibc", lambda: told.append(True))
    monkeypatch.setattr(sys, "argv", ["clearsight", "--version"])
    with pytest.raises(SystemExit):
        __import__("clearsight.cli").cli.main()
    clearsight.keep_large_buffers()
    assert len(told) == (2 if "CS_GNU_LIBC_VERSION" in os.confstr_names else 0)


def test_a_seed_of_the_host_survives_a_training(made):
    drawn = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        train(made[0] / "data", out=str(made[0] / f"seed{seed}"), model="pixels", **QUICK)
        drawn.append(float(torch.rand(())))
    assert drawn == [float(torch.rand((), generator=torch.Generator().manual_seed(seed))) for seed in (1, 2)]
