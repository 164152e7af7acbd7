"""Run the commands of the tutorial and write their outputs and figures into its pages: `python docs/outputs.py [PAGE...]`.

A block of shell or Python is run in one folder, page after page. Where `<!-- output: words | words -->` and a block of text follow it,
the block gets the lines of the output that contain any of the words (`*`: every line), with `...` for what is left out; a figure that
a command writes with --out goes to docs/images/tutorial. `--folder` keeps the runs, so that a page can be run again alone.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

DOCS = Path(__file__).parent
PAGES = sorted((DOCS / "tutorial").glob("*.md"))
FIGURES = DOCS / "images" / "tutorial"
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```\n(?:\n<!-- output: (.+?) -->\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)
FIGURE = re.compile(r"--out (\S+\.(?:png|svg|gif|html))")
COLUMNS = "100"


def shortened(output: str, words: str) -> str:
    """The lines of `output` that contain any of the words between bars, with `...` for each run of lines between them that is left out."""
    wanted, kept, skipped = [word.strip() for word in words.split("|")], [], False
    for line in output.splitlines():
        if wanted == ["*"] or any(word in line for word in wanted):
            kept += ["..."] * (skipped and bool(kept)) + [line.rstrip()]
            skipped = False
        else:
            skipped = True
    return "\n".join(kept) + "\n"


def filled(text: str, run: Callable[[str, str], str]) -> str:
    """A page with the output of `run(kind, code)` in the block of text that follows a block of shell or Python."""

    def block(found: re.Match[str]) -> str:
        kind, code, words, _ = found.groups()
        output = run(kind, code)
        lead = f"```{kind}\n{code}```\n"
        return f"{lead}\n<!-- output: {words} -->\n```text\n{shortened(output, words)}```\n" if words else lead

    return BLOCK.sub(block, text)


def run_in(folder: Path, kind: str, code: str) -> str:
    """What a block prints, run in `folder`; raises SystemExit where a command is refused."""
    path = os.pathsep.join([str(DOCS.parent / "src"), *(place for place in sys.path if place)])
    env = {**os.environ, "PYTHONPATH": path, "COLUMNS": COLUMNS, "NO_COLOR": "1"}
    script = code if kind == "python" else f'set -e\nclearsight() {{ "{sys.executable}" -m clearsight "$@"; }}\n{code}'
    words = [sys.executable, "-c", script] if kind == "python" else ["bash", "-c", script]
    done = subprocess.run(words, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{code}\n{done.stdout}\nexit code {done.returncode}")
    return done.stdout


def main() -> None:
    """Fill the pages that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", type=Path, default=PAGES)
    parser.add_argument("--folder", type=Path, help="where the commands are run (default: a new folder, removed afterwards)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = given.folder or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        for page in given.pages:
            text = page.read_text(encoding="utf-8")
            page.write_text(filled(text, lambda kind, code: run_in(folder, kind, code)), encoding="utf-8")
            FIGURES.mkdir(parents=True, exist_ok=True)
            for name in FIGURE.findall(text):
                (FIGURES / Path(name).name).write_bytes((folder / name).read_bytes())
            print(page.name, flush=True)


if __name__ == "__main__":
    main()
