"""`clearsight exercises`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import json_option, print_json

if TYPE_CHECKING:
    from ..exercises.sheet import Checked, Sheet

FORMATS = ".html, .pdf, .md or .xml (Moodle)"


def _names(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, ...]:
    return tuple(filter(None, (name.strip() for name in value.split(","))))


@click.command()
@click.option("--topics", default="", callback=_names, metavar="A,B", help="Only these topics (--list has them).")
@click.option("--only", default="", callback=_names, metavar="A,B", help="Only these exercises.")
@click.option("--n", type=click.IntRange(1), help="So many of them, drawn by the seed (default: all).")
@click.option("--seed", type=click.IntRange(0), help="Seed of the numbers, the same for a whole class (default: 0).")
@click.option("--student", default="", metavar="NAME", help="Numbers of one's own for this student, derived from seed and name.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help=f"Write the sheet: {FORMATS}.")
@click.option("--key", is_flag=True, help="With answers, worked solutions and the wrong answers that are recognised.")
@click.option("--template", type=click.Path(path_type=Path), metavar="FILE", help="Write the empty file of answers (TOML).")
@click.option(
    "--check", type=click.Path(path_type=Path), multiple=True, metavar="FILE", help="Grade a file of answers, or a folder of them."
)
@click.option("--list", "listing", is_flag=True, help="List the exercises and topics.")
@json_option
def exercises(
    topics: tuple[str, ...],
    only: tuple[str, ...],
    n: int | None,
    seed: int | None,
    student: str,
    out: Path | None,
    key: bool,
    template: Path | None,
    check: Sequence[Path],
    listing: bool,
    as_json: bool,
) -> None:
    """Exercises on the lecture, with numbers drawn from a seed and answers computed by Clearsight itself.

    On a terminal it asks one after the other: ? gives a hint, Enter goes on, q ends. With --check and --seed every file must
    have this seed.

    \b
      clearsight exercises --topics convolution,sizes
      clearsight exercises --seed 7 --out sheet.html --template answers.toml
      clearsight exercises --seed 7 --out key.pdf --key
      clearsight exercises --check answers.toml
    """
    from ..exercises.sheet import sheet

    if listing:
        _list(as_json)
        return
    if check:
        _check(check, seed, out, as_json)
        return
    made = sheet(seed or 0, student, topics, only, n or 0)
    if out or template:
        _write(made, out, template, key)
        if not as_json:
            return
    if as_json:
        print_json(made.to_json(key))
    elif sys.stdin.isatty() and sys.stdout.isatty() and not key:
        from .quiz import ask

        ask(made)
    else:
        from ..reports.exercises.markdown import markdown

        click.echo(markdown(made, key), nl=False)


def _list(as_json: bool) -> None:
    from ..exercises.table import GENERATORS
    from .columns import print_columns

    rows = [[name, row.topic, row.title] for name, row in GENERATORS.items()]
    if as_json:
        print_json([dict(zip(("name", "topic", "title"), row, strict=True)) for row in rows])
    else:
        print_columns([["name", "topic", "title"], *rows])


def _write(made: "Sheet", out: Path | None, template: Path | None, key: bool) -> None:
    from ..base.files import write_atomic
    from ..exercises.sheet import template as empty
    from ..reports.exercises.write import rendered

    data = rendered(made, out.suffix, key) if out else b""
    if template:
        _require_unanswered(template, out, empty(made))
    for path, content in ((out, data), (template, empty(made).encode())):
        if path:
            write_atomic(path, content)
            click.echo(f"wrote {path}", err=True)


def _require_unanswered(template: Path, out: Path | None, content: str) -> None:
    """Raise UsageError where the empty file of answers would be written over another one, which may be filled in."""
    from ..base.errors import UsageError

    if out and out.resolve() == template.resolve():
        raise UsageError(f"--out and --template are both {out}: give them two names.")
    if template.is_file() and template.read_bytes() != content.encode():
        raise UsageError(f"{template} exists, and may have answers: name another file with --template, or remove it.")


def _check(paths: Sequence[Path], seed: int | None, out: Path | None, as_json: bool) -> None:
    from ..exercises.sheet import answer_files, check, points_csv

    graded = [check(path, seed) for path in answer_files(paths)]
    if out:
        from ..base.errors import wrong
        from ..base.files import write_atomic

        if out.suffix != ".csv":
            raise wrong("--out of --check", "a name that ends in .csv", out.name)
        write_atomic(out, points_csv(graded))
        click.echo(f"wrote {out}", err=True)
    if as_json:
        print_json([one.to_json() for one in graded])
        return
    for one in graded:
        click.echo(one.headline() if len(graded) > 1 else _told(one))


def _told(checked: "Checked") -> str:
    from textwrap import fill

    from ..base.errors import plain

    lines = []
    for one in checked.graded:
        lines.append(f"{one.exercise.title}: {one.points}/{one.exercise.points}")
        for mark in one.marks:
            words = plain("; ".join(mark.given.strip().splitlines()))
            given = f"{words[:40]}{'…' * (len(words) > 40)}: " if words else ""
            text = f"{mark.part} {mark.points}/{mark.most}  {given}{plain(mark.comment)}"
            lines.append(fill(text, 80, initial_indent="  ", subsequent_indent="      "))
    return "\n".join([*lines, "", plain(checked.headline())])
