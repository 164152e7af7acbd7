"""Run every benchmark and write docs/performance.md from what they found: what `make bench` does.

    python benchmarks/all.py                     # all, about three hours on 2 cores
    python benchmarks/all.py training startup    # these again; the page keeps the others
    python benchmarks/all.py --page              # only write the page from benchmarks/results
    python benchmarks/all.py --quick             # small sizes, minutes: shows that everything runs; page and results go to build/

The peers' environment is built first when it is not there (not by --quick). A benchmark that fails is named, and the rest go on.
"""

import argparse
import datetime
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import peers
from common import HEADER, LONGEST, ROOT, Row, cells, say


class Part(NamedTuple):
    """One section of the page: a script and its words, and those that make it quick (None: it cannot be).

    `peers` of a script that takes turns with ours in one process have to be in its environment.
    """

    script: str
    words: str
    quick: str | None
    peers: tuple[str, ...] = ()


HERE = ROOT / "benchmarks"
RESULTS, PAGE, QUICK = HERE / "results", ROOT / "docs" / "performance.md", ROOT / "build" / "performance"
PARTS = {
    "training": Part("training.py", "", "--pictures 2000 --test 1000 --rounds 1"),
    "training-resnet18": Part("training.py", "--network resnet18", "--pictures 256 --test 128 --rounds 1"),
    "accuracy": Part("training.py", "--accuracy", "--pictures 2000 --test 1000 --epochs 1 --seeds 2"),
    "swift": Part("swift.py", "", "--names swift -n 1 --epochs 1 --pictures 2000"),
    "inference": Part("inference.py", "", "--pictures 64 --turns 1"),
    "zoo": Part("zoo.py", "", "--networks resnet50 --batch 1 --rounds 1 --eager"),
    "handmade": Part("handmade.py", "", "--pictures 2000 --rounds 1", ("clearsight", "opencv-python-headless", "scikit-image")),
    "attacks": Part(
        "attacks.py",
        "",
        "--network lenet5 --pictures 200 --epochs 1 --rounds 1",
        ("clearsight", "foolbox", "torchattacks", "adversarial-robustness-toolbox"),
    ),
    "finetune": Part("finetune.py", "", "--pictures 500 --before 256 --network lenet5 --epochs 3 --rounds 1"),
    "photos": Part(
        "photos.py", "--rounds 3 --labels 5 all", "--rounds 1 --labels 2 --contestants clearsight --rows build/performance/photos.jsonl"
    ),
    "auto-attack": Part("auto_attack.py", "", None),
    "label-errors": Part("label_errors.py", "", "--pictures 300 --seeds 1"),
    "ntxent": Part("ntxent.py", "", "--batch 64 --rounds 1", ("clearsight", "lightly")),
    "look": Part("look.py", "", "--network resnet18 --size 32 --rounds 1"),
    "augment": Part(
        "augment.py", "", "--size 32 --batch 32 --rounds 1 --only flip", ("clearsight", "kornia", "albumentations", "torchvision")
    ),
    "corruptions": Part("corruptions.py", "", "--pictures 2 --rounds 1"),
    "export": Part("export.py", "", "--rounds 1"),
    "input-pipeline": Part("input_pipeline.py", "", "--pictures 256 --rounds 1"),
    "startup": Part("startup.py", "", "--rounds 1"),
    "checkpoint": Part("checkpoint.py", "", "--rounds 3"),
    "duplicates": Part("planted_duplicates.py", "", None),
    "unknown": Part("unknown.py", "", None),
    "small-validation": Part("small_validation.py", "", "--sets 24"),
    "many-files": Part("many_files.py", "", "--files 100 200"),
    "shards": Part("shards.py", "--peers build/scale/bin/python", "--pictures 2000 --rounds 1"),
    "serve": Part("serve.py", "", "--seconds 4 --only clearsight fastapi"),
    "studio": Part("studio.py", "", "--rounds 2"),
    "gpu": Part("gpu.py", "", ""),
}
LEAD = """\
<!-- Made by benchmarks/all.py (`make bench`) from benchmarks/results. Do not edit. -->

# Performance

Every figure is measured, by the command above its table. The contestants run alternating, each in a process of its own, on
the same data, network, batch and epochs. Figures are medians over n rounds, in brackets the least and the largest. The ratio
says how many times better Clearsight is (more pictures a second, fewer seconds, less memory); below 1 the peer is better. In
brackets, the least and the largest of any round. If the machine was also in use by others, a note says so.

"""


def measure(name: str, folder: Path, quick: bool) -> None:
    """Run one part and keep its result in `folder`; a failure is a result, too."""
    part = PARTS[name]
    words = f"{part.words} {part.quick or '' if quick else ''}".split()
    file, start = folder / f"{name}.json", time.perf_counter()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    say(f"== {name}: {' '.join([part.script, *words])}")
    python = peers.python() if "clearsight" in part.peers and "clearsight" in peers.versions() else sys.executable
    code, out = _ended([python, part.script, *words, "--json", str(file)])
    if code == 2:  # it has no such option: what it prints is the result
        code, out = _ended([python, part.script, *words])
    say(out)
    try:
        result = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        result = {"script": part.script, "title": name, "rows": [], "hardware": {}, "versions": {}, "notes": [], "text": out.strip()}
    if code:
        say(f"== {name} failed")
        result = {**result, "rows": [], "notes": [f"failed with exit code {code}"], "text": ""}
    result["notes"] = list(dict.fromkeys([*result["notes"], *peers.missing(part.peers)]))
    result["command"] = " ".join(["python", f"benchmarks/{part.script}", *words])
    result.setdefault("date", datetime.date.today().isoformat())
    result["minutes"] = round((time.perf_counter() - start) / 60, 1)
    file.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _ended(words: list[str]) -> tuple[int, str]:
    """Exit code and output of an interpreter, a script of this folder and its words; one that never ends is stopped."""
    python, script, *rest = words
    try:
        done = subprocess.run([python, str(HERE / script), *rest], stdout=subprocess.PIPE, text=True, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return 124, ""
    return done.returncode, done.stdout


def page(results: dict[str, dict[str, Any] | None]) -> str:
    """The page for results by part; None is one that has not been measured."""
    return LEAD + "\n".join(section(name, result) for name, result in results.items())


def section(name: str, result: dict[str, Any] | None) -> str:
    """One part: title, command, table, notes, and what it was measured on."""
    if result is None:
        return f"## {name}\n\nNot measured yet.\n"
    facts = ", ".join(f"{key} {value}" for key, value in {**result["hardware"], **result["versions"]}.items())
    lines = [f"## {result['title']}", "", "```sh", result["command"], "```", ""]
    if result["rows"]:
        lines += [*markdown(result["rows"]), ""]
    if result.get("text"):
        lines += ["```text", result["text"], "```", ""]
    lines += [f"- {note}" for note in result["notes"]] + ([""] if result["notes"] else [])
    return "\n".join([*lines, f"{result['date']}, {result.get('minutes', 0)} min. {facts}".strip(), ""])


def markdown(rows: Sequence[Row]) -> list[str]:
    """The rows as a table; columns that are empty throughout are left out."""
    every = [cells(row) for row in rows]
    kept = [column for column in range(len(HEADER)) if any(line[column] for line in every)]

    def line(texts: Sequence[str]) -> str:
        return "| " + " | ".join(texts[column].replace("|", "\\|") for column in kept) + " |"

    return [line(HEADER), "|" + "|".join("---" if column < 2 else "---:" for column in kept) + "|", *map(line, every)]


def kept(folder: Path) -> dict[str, dict[str, Any] | None]:
    """The result of every part that lies in `folder`."""
    files = {name: folder / f"{name}.json" for name in PARTS}
    return {name: json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None for name, file in files.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"default all: {' '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="small sizes; into build/performance")
    parser.add_argument("--page", action="store_true", help="measure nothing")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there is {', '.join(PARTS)}")
    folder, out = (QUICK, QUICK / "performance.md") if given.quick else (RESULTS, PAGE)
    if not (given.quick or given.page):
        peers.build()
    wanted = given.parts or [name for name, part in PARTS.items() if not given.quick or part.quick is not None]
    for name in [] if given.page else wanted:
        measure(name, folder, given.quick)
    out.write_text(page(kept(folder)), encoding="utf-8")
    print(out)


if __name__ == "__main__":
    main()
