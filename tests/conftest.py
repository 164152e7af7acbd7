"""Shared by all tests: slow ones only on request, no colour, no user's cache, one thread a worker; what failed, where the time went."""

import os
import random
import re
from collections import Counter
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from clearsight import Classifier

FOLDERS = count()  # numbers of the tests' folders

if "PYTEST_XDIST_WORKER" in os.environ:  # workers share the cores: with a thread per core each, they wait for one another
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--runslow", action="store_true", help="run the tests marked slow as well")
    parser.addoption(
        "--peers", action="store_true", help="a library that tests compare with must be there: what is skipped without it fails"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--runslow") or "slow" in config.getoption("-m"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="slow: give --runslow"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    report = yield
    why = report.longrepr[2] if report.skipped and isinstance(report.longrepr, tuple) else ""
    if item.config.getoption("--peers") and ("could not import" in why or "is not installed: nothing to compare" in why):
        report.outcome, report.longrepr = "failed", f"{why} (with --peers it must be there: make peers)"
    return report


class Told:
    """A line for each failed test as soon as it has failed, so that it can be mended while the others run."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        terminal = self.config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal:  # a worker has no terminal: the process that started it writes
            behind_dots = "\n" if hasattr(report, "node") else ""  # of workers, dots alone are written, without the file's name
            terminal.write_line(f"{behind_dots}FAILED {report.nodeid}" + (f" ({report.when})" if report.when != "call" else ""))


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Told(config))


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    """The seconds of each folder, all workers together, after `--durations`."""
    if not config.getoption("durations"):
        return
    seconds: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                folder, _, name = report.nodeid.partition("::")[0].removeprefix("tests/").rpartition("/")
                seconds[folder.partition("/")[0] or name] += report.duration
    terminalreporter.write_sep("=", "seconds of each part")
    for part, spent in seconds.most_common():
        if spent >= 1:
            terminalreporter.write_line(f"{spent:7.0f}s  {part}")


@pytest.fixture(scope="session")
def chromium():
    """One browser for all pages: Playwright runs once in a process."""
    from tests.browser import launched

    with launched() as browser:
        yield browser


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with no other test's folder next to it: a table looks for its pictures there, and thousands take it half a second.

    It is numbered by counting: pytest's own looks through the folders of all tests before it.
    """
    own = tmp_path_factory.getbasetemp() / f"{next(FOLDERS)}-{re.sub(r'[^a-z0-9]', '_', request.node.name.lower())[:30]}" / "own"
    own.mkdir(parents=True)
    return own


@pytest.fixture(autouse=True)
def _same_draws():
    """What a test draws without a seed of its own is the same in every run, and not what the tests before it have left."""
    import numpy as np
    import torch  # not above: it reads the number of threads when it is imported

    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    caches = tmp_path_factory.getbasetemp() / f"caches-{next(FOLDERS)}"  # made by the tests that keep something there
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(caches / "clearsight"))
    for name in ("TORCH_HOME", "KERAS_HOME", "HF_HUB_CACHE"):  # of the user's weights, no test depends
        monkeypatch.setenv(name, str(caches / name.lower()))
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture(scope="session")
def _store():
    from tests.s3 import serving

    with serving() as faulty:
        yield faulty


@pytest.fixture
def s3(_store, request):
    """A store without faults, and the address of a folder in it of the test's own, as `s3.folder`."""
    return _without_faults(_store, "s3", request.node.nodeid)


@pytest.fixture(scope="session")
def google():
    """A stand-in for Google Cloud Storage."""
    from tests.gcs import serving

    with serving() as faulty:
        yield faulty


@pytest.fixture(params=["s3", "gs"])
def bucket(request):
    """As `s3`, of each kind of store that can be written to."""
    store = request.getfixturevalue("_store" if request.param == "s3" else "google")
    return _without_faults(store, request.param, request.node.nodeid)


def _without_faults(store, scheme, name):
    import hashlib

    from tests.s3 import BUCKET

    store.share, store.sent, store.faults, store.kinds, store.conditional = 0.0, 0, 0, store.KINDS, True
    store.asked.clear()
    store.folder = f"{scheme}://{BUCKET}/{hashlib.sha256(name.encode()).hexdigest()[:12]}"
    return store


@pytest.fixture
def ray():
    """Ray, whose cluster of this machine ends with the test: its processes have the environment in which it was started."""
    ray = pytest.importorskip("ray")
    yield ray
    ray.shutdown()


@dataclass(frozen=True)
class Exported:
    """A small classifier with novelty, calibration and golden samples: in memory, as an artefact, and exported both ways."""

    classifier: "Classifier"
    folder: Path
    onnx: Path
    fitted: Path


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """A network of random weights whose answers differ between pictures; nothing may change what is in its folder."""
    pytest.importorskip("onnxruntime")
    from clearsight.classifier import save
    from clearsight.exports.comparison import drawn
    from clearsight.exports.write import export
    from tests.exports.made import spread

    classifier, folder = spread("lenet5", size=32), tmp_path_factory.mktemp("exported") / "run"
    save(classifier, folder, drawn(classifier.preprocessing)[:4])
    export(classifier, to=("onnx", "fitted"), quiet=True)
    return Exported(classifier, folder, folder / "export" / "model.onnx", folder / "export" / "fitted.onnx")
