"""What everybody is given: pictures in class folders, some of them in the wrong one, two trained runs, a file of the network."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from common import CLEARSIGHT, ROOT, say

WRONG = {"fish": "tools", "monuments": "windmills", "tools": "monuments", "windmills": "fish"}  # one picture of each, and where it is put
RUNS = {
    "a": "--recipe tune --tune all --from package:efficientnet_lite0 --epochs 3",
    "b": "--recipe solved --from package:efficientnet_lite0",
}


@dataclass(frozen=True)
class Given:
    """The folder in which all commands run, and the names of the pictures with a wrong label."""

    folder: Path
    wrong: tuple[str, ...]

    @property
    def picture(self) -> Path:
        """A photograph as PNG, which every program reads."""
        return self.folder / "windmill.png"


def prepared(folder: Path) -> Given:
    """Make what is missing: `pictures`, `planted`, `runs/a`, `runs/b`, `b.onnx`, `windmill.png`."""
    from PIL import Image

    source = ROOT / "src" / "clearsight" / "datasets" / "photos"
    folder.mkdir(parents=True, exist_ok=True)
    pictures, planted = folder / "pictures", folder / "planted"
    if not pictures.is_dir():
        for one in filter(Path.is_dir, source.iterdir()):
            shutil.copytree(one, pictures / one.name)
    wrong = {kind: sorted((pictures / kind).iterdir())[len(list((pictures / kind).iterdir())) // 2] for kind in WRONG}
    if not planted.is_dir():
        shutil.copytree(pictures, planted)
        for kind, other in WRONG.items():
            (planted / kind / wrong[kind].name).rename(planted / other / wrong[kind].name)
    made = Given(folder, tuple(f"{WRONG[kind]}/{file.name}" for kind, file in wrong.items()))
    if not made.picture.is_file():
        Image.open(wrong["windmills"]).convert("RGB").save(made.picture)
    for name, words in RUNS.items():
        if not (folder / "runs" / name / "config.json").is_file():
            _clearsight(folder, f"train pictures {words} --out {name} -q")
            _clearsight(folder, f"evaluate runs/{name}")
    if not (folder / "b.onnx").is_file():
        _clearsight(folder, "export runs/b --out b.onnx --to fitted")
    return made


def _clearsight(folder: Path, words: str) -> None:
    say(f"clearsight {words}")
    subprocess.run([*CLEARSIGHT, *words.split()], cwd=folder, check=True, stdout=subprocess.DEVNULL)
