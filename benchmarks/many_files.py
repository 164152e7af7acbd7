"""Memory and first answer over 10,000 and 100,000 files: `check FOLDER` and `classify RUN FOLDER`.

    python benchmarks/many_files.py [--files 10000 100000]

The files are hard links to 20 small pictures, in 10 class folders. Peak resident memory of the process in MiB, seconds from typing
`classify` to its first answer, and seconds of the whole command.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import CLEARSIGHT, ROOT, Row, alone, finish, load_check, parser, say

CLASSES, PICTURES = 10, 20
MADE = """
import sys
from PIL import Image
from sklearn.datasets import load_digits
for i, picture in enumerate(load_digits().images[: int(sys.argv[2])]):
    Image.fromarray((picture * 15).astype("uint8")).save(f"{sys.argv[1]}/{i}.png")
"""


def links(folder: Path, pictures: Path, files: int) -> Path:
    """A data set of so many files."""
    for i in range(files):
        place = folder / f"class {i % CLASSES}"
        place.mkdir(parents=True, exist_ok=True)
        os.link(pictures / f"{i % PICTURES}.png", place / f"{i:06d}.png")
    return folder


def measured(words: list[str], env: dict[str, str]) -> tuple[float, float, float]:
    """MiB at most, seconds to the first answer (the line after the header), and seconds of the whole command."""
    start = time.perf_counter()
    process = subprocess.Popen([*CLEARSIGHT, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env)
    assert process.stdout
    process.stdout.readline()
    process.stdout.readline()
    first = time.perf_counter() - start
    for _ in process.stdout:
        pass
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1):  # 1: check has found copies
        raise RuntimeError(f"{' '.join(words)} failed")
    return used.ru_maxrss / 1024, first, time.perf_counter() - start


def main() -> None:
    options = parser(__doc__, rounds=1)
    options.add_argument("--files", type=int, nargs="+", default=[10_000, 100_000])
    given, notes = options.parse_args(), load_check()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as made:
        home = Path(made)
        env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "CLEARSIGHT_CACHE": f"{made}/cache", "PYTHONUNBUFFERED": "1"}
        (home / "pictures").mkdir()
        subprocess.run([sys.executable, "-c", MADE, str(home / "pictures"), str(PICTURES)], check=True)
        train = ["train", "digits", "--model", "pixels", "--epochs", "1", "--out", str(home / "run"), "-q"]
        subprocess.run([*CLEARSIGHT, *train], check=True, env=env, stdout=subprocess.DEVNULL)
        for files in given.files:
            folder = links(home / str(files), home / "pictures", files)
            for words in (["check", str(folder)], ["classify", str(home / "run"), str(folder)]):
                figures = [measured(words, env) for _ in range(given.rounds)]
                what = f"`{words[0]}`, {files:,} files"
                say(f"{what}: {figures}")
                memory, first, whole = zip(*figures, strict=True)
                rows += [alone(f"{what}, memory", memory, "MiB"), alone(f"{what}, all", whole, "s")]
                rows += [alone(f"{what}, first answer", first, "s")] if words[0] == "classify" else []
    finish(given, "Memory and first answer over many files", rows, notes, {})


if __name__ == "__main__":
    main()
