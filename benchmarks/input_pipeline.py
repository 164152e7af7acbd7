"""A folder of JPEG files to augmented batches of 224 px, on one core, against torchvision's usual pipeline on Pillow.

    python benchmarks/input_pipeline.py [--pictures 2000] [--rounds 5]

500×375 px, quality 90: crops of the photographs in scikit-image and scikit-learn with noise. Decoding, random resized crop
(area 0.08 to 1), flip, colour jitter (0.4, 0.4, 0.4, 0.1), normalising. Ours decodes once, into a cache that every round
begins without; its crops come from pictures stored at 1.15 times the size, torchvision's from the whole file.
"""

import importlib.util
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import peers
from common import CONTESTANTS, Contestant, Row, Runs, alternate, compare, finish, load_check, parser, run

PILLOW, SIMPLEJPEG, TORCHVISION = "ours, Pillow", "ours, simplejpeg", "torchvision"
ALONE = {"CLEARSIGHT_CACHE": "cache", "OMP_NUM_THREADS": "1"}  # in the child's own folder
KINDS = ((PILLOW, "first", "first epoch, Pillow", 2.0), (SIMPLEJPEG, "first", "first epoch, simplejpeg", 3.5),
         (PILLOW, "second", "from the second epoch", 10.0))  # fmt: skip


def rows_of(runs: Runs) -> list[Row]:
    """Ours against torchvision by processor time, which others on the machine disturb less, and by the clock."""
    rows = []
    for name, figure, what, goal in KINDS:
        for suffix, how in (("", "processor time"), ("_clock", "clock")):
            mine, peer = runs.values(name, figure + suffix), runs.values(TORCHVISION, "first" + suffix)
            if mine and peer:
                rows.append(compare(f"{what}, {how}", mine, peer, "pictures/s", against=TORCHVISION, goal=goal))
    return rows


def main() -> None:
    made = parser(__doc__, rounds=5)
    made.add_argument("--pictures", type=int, default=2000)
    given = made.parse_args()
    notes = [*load_check(), *peers.missing(("torchvision",))]
    script, used = str(CONTESTANTS / "input_pipeline.py"), {"pillow": version("pillow")}
    with tempfile.TemporaryDirectory() as folder:
        run(Contestant("noisy", [sys.executable, str(CONTESTANTS / "data.py"), "noisy", folder, str(given.pictures)]))
        everybody = [Contestant(PILLOW, [sys.executable, script, "pillow", folder], env=ALONE)]
        if importlib.util.find_spec("simplejpeg"):
            everybody.append(Contestant(SIMPLEJPEG, [sys.executable, script, "simplejpeg", folder], env=ALONE))
            used["simplejpeg"] = version("simplejpeg")
        else:
            notes.append("simplejpeg is not installed here (pip install 'clearsight[fast]')")
        if "torchvision" in peers.versions():
            everybody.append(Contestant(TORCHVISION, [peers.python(), script, "torchvision", folder], env=ALONE))
            used["torchvision"] = peers.versions()["torchvision"]
        mean = sum(path.stat().st_size for path in Path(folder).rglob("*.jpg")) / given.pictures
        runs = alternate(given.rounds, everybody)
    title = f"Input pipeline on one core, {given.pictures:,} JPEG files of {mean / 1e3:.1f} kB"
    finish(given, title, rows_of(runs), [*notes, *runs.notes], used)


if __name__ == "__main__":
    main()
