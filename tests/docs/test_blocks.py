"""The Python of every page runs: a page's blocks one after the other, in a folder with pictures and the runs that they name.

What would take long or needs the network is made smaller, by the table below. A block that cannot run has a line
`<!-- not run: reason -->` before it, and is counted here.
"""

import functools
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import clearsight
from clearsight.models import own
from clearsight.training.api import train

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^(?:<!-- not run: ([^\n]+) -->\n+)?```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_RUN = 2  # how-to/serve.md: tests/serving/test_server.py runs them
SMALLER = (
    (r'"fashion-mnist"', '"digits"'),
    (r'"(?:torchvision|timm|keras):[\w.]+"', '"runs/pets"'),  # weights that somebody else trained would have to be fetched
    (r'"resnet18"', '"convnet"'),
    (r'train\("photos", out="pets-2"\)', 'train("photos", model="convnet", epochs=1, out="pets-2")'),
    (r"\bepochs=\d+", "epochs=1"),
    (r"\bn=\d{3,}", "n=20"),
    (r"\bcv=\d+", "cv=2"),
    (r"load_digits\(", "load_digits(n_class=3, "),
    (r'model="hog", size=16', 'model="pixels", epochs=1'),
)
# what a page's text has defined before its first block
BEFORE = {
    "docs/how-to/a-new-network.md": """
from dataclasses import replace
from clearsight.layers.dialect import Dialect
from clearsight.models.convnets import resnet
TABLE = dict(resnet.TABLE)
""",
    "docs/how-to/look.md": """
import torch
my_module = torch.nn.Sequential()
my_module.add_module("conv1", torch.nn.Conv2d(3, 8, 3))
my_module.add_module("conv2", torch.nn.Conv2d(8, 20, 3))
batch = torch.rand(2, 3, 16, 20, generator=torch.Generator().manual_seed(0))
""",
}


def blocks(text: str) -> list[tuple[str, str]]:
    """(why it is not run or "", code) of every block of Python, made smaller."""
    found = BLOCK.findall(text)
    for pattern, instead in SMALLER:
        found = [(why, re.sub(pattern, instead, code)) for why, code in found]
    return found


def _photos() -> None:
    random = np.random.default_rng(0)
    for label, name in enumerate(("cat", "dog")):
        Path("photos", name).mkdir(parents=True)
        for k in range(30):
            picture = random.integers(0, 120, (32, 32, 3), np.uint8)
            picture[..., label] += 100
            Image.fromarray(picture).save(f"photos/{name}/{k}.jpg")
    shutil.copy("photos/cat/0.jpg", "cat.jpg")


def _pets() -> None:
    found = train("photos", out="pets", model="convnet", epochs=1, quiet=True)
    for k in (1, 2, 3):
        clearsight.save(found.classifier, f"runs/pets/members/{k}", [clearsight.decode("cat.jpg")])


RUNS: dict[str, Callable[[], object]] = {
    "pets": _pets,
    "templates": lambda: train("digits", out="templates", model="pixels", epochs=1, quiet=True),
    "few": lambda: train("digits", out="few", model="pixels", epochs=1, labels="10", quiet=True),
    "fashion-mnist-lenet5": lambda: train("digits", out="fashion-mnist-lenet5", model="lenet5", epochs=1, quiet=True),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a run with its data, trained when a page first asks for it."""

    @functools.cache
    def make(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            _photos()
            RUNS[name]()
        return folder

    return make


def _with_python(pages: list[Path]) -> list[str]:
    return [page.relative_to(ROOT).as_posix() for page in pages if BLOCK.search(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("name", _with_python(PAGES))
def test_blocks_run(name: str, made: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = blocks((ROOT / name).read_text(encoding="utf-8"))
    wanted = {run for run in RUNS for _, code in found if f"runs/{run}" in code}
    _lay(tmp_path, [made(run) for run in sorted(wanted)])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(own, "REGISTERED", dict(own.REGISTERED))  # networks that a page registers are not there for later tests
    if not wanted:
        _photos()
    scope: dict[str, object] = {"__name__": "block"}
    exec(compile(BEFORE.get(name, ""), "before", "exec"), scope)
    for number, (why, code) in enumerate(found, start=1):
        if not why:
            exec(compile(code, f"{name}, block {number}", "exec"), scope)


def _lay(folder: Path, runs: list[Path]) -> None:
    for run in runs:
        shutil.copytree(run, folder, dirs_exist_ok=True)


def test_blocks_that_do_not_run_are_counted() -> None:
    assert sum(bool(why) for page in PAGES for why, _ in blocks(page.read_text(encoding="utf-8"))) == NOT_RUN


def test_blocks_are_found_and_made_smaller() -> None:
    text = 'a\n```python\ntrain("fashion-mnist", epochs=20)\n```\n<!-- not run: takes a day -->\n```python\nx\n```\n```sh\nno\n```\n'
    assert blocks(text) == [("", 'train("digits", epochs=1)\n'), ("takes a day", "x\n")]
