"""One process that forks, for all tests here; and the smallest run that does everything."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.faults.harness import Bench, Zygote
from tests.pictures import digit_arrays, digit_folder

SETTINGS = {"model": "pixels", "size": 8, "epochs": 2, "batch": 24, "speed": "plain", "checkpoint-minutes": 0}


@pytest.fixture(scope="session")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    started = Zygote(tmp_path_factory.mktemp("cache"))
    yield started
    started.close()


@pytest.fixture(scope="session")
def bench(zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Bench]:
    """`bench(pictures="folder", ranks=2, epochs=3)`: a new bench, its uninterrupted run made."""

    def make(pictures: str = "arrays", **words: Any) -> Bench:
        folder = tmp_path_factory.mktemp("bench")
        data = _folder(folder) if pictures == "folder" else _arrays(folder)
        own = {name: words.pop(name) for name in ("ranks", "steps", "newest_only", "mutation") if name in words}
        chosen = SETTINGS | {name.replace("_", "-"): value for name, value in words.items()}
        return Bench(zygote, folder, str(data), tuple(str(word) for name in chosen for word in (f"--{name}", chosen[name])), **own)

    return make


@pytest.fixture(scope="session")
def plain(bench: Callable[..., Bench]) -> Bench:
    return bench()


def _arrays(folder: Path) -> Path:
    pictures, labels = digit_arrays(per_class=20, classes=4)
    np.savez(folder / "digits.npz", x=pictures, y=labels)
    return folder / "digits.npz"


def _folder(folder: Path) -> Path:
    return digit_folder(folder / "digits", per_class=20, classes=4, side=8)
