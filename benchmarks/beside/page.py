"""docs/how-to/next-to.md from benchmarks/results/side-by-side.json and words.toml."""

import statistics
import tomllib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

TASKS = {
    "why": "Why this answer?",
    "labels": "Find the wrong labels",
    "train": "Train on my pictures",
    "runs": "Which of two runs is better?",
    "layer": "What does this layer do?",
}
OURS = "Clearsight studio"
LEAD = """\
<!-- Made by benchmarks/side_by_side.py from benchmarks/results/side-by-side.json. Do not edit. -->

# The studio next to other programs

Five tasks in [the studio](studio.md) and in six other programs that people use for them: how many steps, how long, and what cannot be
done. A click, a key, a dropped file, a typed command and a line of a script that has to be written are one step each. Seconds go from the
first command to the answer in the page; a person's own time is not in them. Everybody gets the same 107 photographs in class folders,
of which four lie in the wrong folder for the labels, the same two runs, and the network as an ONNX file.

Each was built for something else. A dash is no judgement: most of these programs do not claim the task.
"""
BUSY = """\
The machine was in use by others (a load of {low:.0f} to {high:.0f}): the seconds are upper bounds, good for an order of magnitude,
and the steps are what to compare. """
END = """\
## What was measured

{chip}, {cores} cores; n = {n} a task; {versions}. {busy}What ran did so in Debian's Chromium, driven by
Playwright. *Not run* is no verdict: steps next to it are counted from the documentation, and `python benchmarks/side_by_side.py --only
PROGRAM:TASK` fills it in. What a program cannot do is taken from its documentation; some of the linked pages, most of
Teachable Machine's and TensorBoard's, were not opened when this was written.
"""


def page(kept: dict[str, Any], able: Mapping[str, Collection[str]]) -> str:
    """The page; what another program does better comes first. `able` is what each program has a script for."""
    words = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
    cells = kept["cells"]
    parts = [
        LEAD,
        "## Where another program is better",
        *ahead(cells, words),
        *(f"\n{task_part(task, cells, words, able)}" for task in TASKS),
    ]
    parts += ["\n## The steps", *listed(cells, words), "", end(kept)]
    return "\n".join(parts)


def ahead(cells: dict[str, Any], words: dict[str, Any]) -> list[str]:
    """What each program does better, and the tasks in which it takes fewer steps or seconds."""
    lines = [""]
    for name, about in words.items():
        fewer = []
        for task, title in TASKS.items():
            own, other = cells.get(OURS, {}).get(task), cells.get(name, {}).get(task)
            if own and other:
                counts, times = [len(one["steps"]) for one in (other, own)], [statistics.median(one["seconds"]) for one in (other, own)]
                said = [f"{counts[0]} step{'s' * (counts[0] > 1)}, the studio {counts[1]}"] if counts[0] < counts[1] else []
                said += [f"{times[0]:.0f} s, the studio {times[1]:.0f} s"] if times[0] < times[1] else []
                fewer += [f"{title} {'; '.join(said)}{' (for a part of the answer)' if about[task].get('lacks') else ''}."] if said else []
        lines.append(" ".join([f"- **{name}**: {about['better']}.", *fewer]))
    return lines


def task_part(task: str, cells: dict[str, Any], words: dict[str, Any], able: Mapping[str, Collection[str]]) -> str:
    """One task as a table: who does all of it with the fewest steps comes first, who cannot do it last."""
    rows = []
    for name in (OURS, *words):
        cell, about = cells.get(name, {}).get(task), words.get(name, {}).get(task, {})
        lacks = f"{about['lacks']} ([documentation]({about['source']}))" if about.get("lacks") else ""
        if cell:
            rows.append((bool(lacks), len(cell["steps"]), [name, len(cell["steps"]), spread(cell["seconds"]), cell["sees"], lacks]))
        elif about.get("steps"):
            rows.append((bool(lacks), len(about["steps"]), [name, len(about["steps"]), "not run", about["sees"], words[name]["not_run"]]))
        else:
            untried = task in able.get(name, ())
            rows.append((True, 10**6 + (not untried), [name, "–", "–", "not run" if untried else "it cannot", lacks]))
    rows.sort(key=lambda row: row[:2])
    return "\n".join([f"## {TASKS[task]}", "", *table(("program", "steps", "s", "it shows", "missing"), [row[2] for row in rows])])


def listed(cells: dict[str, Any], words: dict[str, Any]) -> list[str]:
    """Each step of each program, so that they can be counted again."""
    lines = [""]
    for name in (OURS, *words):
        for task, title in TASKS.items():
            if steps := (cells.get(name, {}).get(task) or words.get(name, {}).get(task, {})).get("steps"):
                lines.append(f"- {name}, {title.lower().rstrip('?')}: {' → '.join(map(step_text, steps))}.")
    return lines


def step_text(step: str) -> str:
    """Commands and lines as code."""
    kind, _, what = step.partition(": ")
    return f"{kind} `{what}`" if kind in ("command", "key", "line") else f"{kind} {what}"


def end(kept: dict[str, Any]) -> str:
    """Versions, machine, n."""
    every = [cell for of in kept["cells"].values() for cell in of.values()]
    loads = [cell["load"] for cell in every]
    counts = sorted({len(cell["seconds"]) for cell in every})
    return END.format(
        chip=kept["hardware"]["processor"],
        cores=kept["hardware"]["cores"],
        n=" to ".join(map(str, dict.fromkeys((counts[0], counts[-1])))),
        versions=", ".join(f"{name} {version}" for name, version in sorted(kept["versions"].items())),
        busy=BUSY.format(low=min(loads), high=max(loads)) if max(loads) > 2 * kept["hardware"]["cores"] else "",
    )


def spread(seconds: Sequence[float]) -> str:
    """The median, and in brackets the least and the largest."""
    middle = f"{statistics.median(seconds):.0f}"
    return middle if len(seconds) == 1 else f"{middle} ({min(seconds):.0f} to {max(seconds):.0f})"


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """A table of Markdown; numbers to the right."""
    lines = [f"| {' | '.join(head)} |", "| --- | ---: | ---: | --- | --- |"]
    return lines + [f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
