"""What is skipped, and why: nothing for want of a library that no extra installs, and the rest is in a list.

Tests marked slow are beside this: `make slow` runs them.
"""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
# the extras `dev` and `peers` bring these; where a distribution has another name, it is said
DISTRIBUTIONS = {
    "cv2": "opencv-python-headless", "captum.attr": "captum", "lightly.loss": "lightly", "pytorch_grad_cam": "grad-cam",
    "moto.server": "moto", "sklearn": "scikit-learn", "pi_heif": "pi-heif", "playwright.sync_api": "playwright",
    "axe_playwright_python.sync_playwright": "axe-playwright-python",
}  # fmt: skip
STANDARD = ("fcntl",)
# what stays skipped with both extras: where, and why
STAYS = {
    "base/test_download.py": "fcntl is there but on Windows",
    "base/test_lock.py": "Windows does not fork",
    "browser.py": "Debian's package chromium is not on every machine",
    "cli/test_streams.py": "Windows closes no pipe as a POSIX shell does",
    "datasets/shards/test_interop.py": "webdataset and datasets are in no extra: only these tests need them (slow)",
    "datasets/test_cache.py": "permissions are those of POSIX",
    "datasets/test_folder_rubbish.py": "root may read everything, and CI is root",
    "datasets/test_named.py": "Debian's package dataset-fashion-mnist is not on every machine",
    "examples/test_exported.py": "npm's packages are not in an extra: npm install in examples/exported brings them",
    "look/test_receptive_field.py": "networks designed by hand have no gradients to compare (slow)",
    "models/peers.py": "the helper that skips where a peer is not installed",
    "real.py": "the helper that skips where a package of real weights or photographs is not installed",
    "rubbish/test_mutants.py": "reads a folder of files of one's own, which CLEARSIGHT_CORPUS names",
    "serving/test_server.py": "curl is not on every machine",
    "studio/test_browser.py": "only Linux tells the children of a process",
    "studio/test_train_browser.py": "Windows has other signals: a training is stopped and killed",
    "studio/test_trainings.py": "Windows has other signals: a training is stopped and killed",
    "test_host.py": "Windows does not fork",
    "test_startup.py": "builds of torch that wait by another library than libgomp",
    "training/storage/test_loggers.py": "MLflow is in an extra of its own: stubs test the rest",
    "training/storage/test_vectors.py": "permissions are those of POSIX",
    "weights/test_nasnet.py": "Keras builds NASNet on JAX alone, which is in the benchmarks' environment (slow)",
}


def sources():
    for path in sorted((ROOT / "tests").rglob("*.py")):
        if path != Path(__file__) and path.name != "conftest.py":
            yield str(path.relative_to(ROOT / "tests")), path.read_text(encoding="utf-8")


def test_every_library_that_a_test_skips_without_is_in_an_extra():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [line for extra in (project["dependencies"], *project["optional-dependencies"].values()) for line in extra]
    brought = {re.split(r"[<>=\[; ]", line)[0] for line in lines}
    asked = {name for _, text in sources() for name in re.findall(r"""(?:importorskip|\bpeer)\(\s*["']([\w.]+)["']""", text)}
    assert len(asked) > 10
    assert {DISTRIBUTIONS.get(name, name) for name in asked} - set(STANDARD) <= brought


def test_what_else_is_skipped_is_listed():
    words = re.compile(r"pytest\.skip\(|skipif\(|importorskip\(\s*[\"']fcntl")
    assert {name for name, text in sources() if words.search(text)} == set(STAYS)
