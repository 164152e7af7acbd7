"""An evaluation in a terminal: figures with intervals, the worst classes, mistakes; names are text."""

import io

from rich.console import Console

from clearsight.reports.console import MOST_CLASSES, tables
from tests.evaluation.stand_in import judged


def printed(evaluation) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=200)
    for table in tables(evaluation):
        console.print(table)
    return stream.getvalue()


def test_figures_and_mistakes_by_hand():
    text = printed(judged([0, 0, 0, 1], [0, 0, 1, 1], ("cat", "dog")))
    assert "top-1 accuracy" in text and "75.00%" in text and "macro accuracy" in text and "83.33%" in text
    lines = [line for line in text.splitlines() if "predicted" in line or "33.3%" in line]
    assert len(lines) == 2 and "cat" in lines[1] and "dog" in lines[1]  # one of three cats


def test_without_mistakes_there_is_no_third_table():
    assert len(tables(judged([0, 1], [0, 1], ("a", "b")))) == 2


def test_of_many_classes_the_worst_are_shown():
    classes = tuple(f"class{i:02d}" for i in range(MOST_CLASSES + 5))
    labels = list(range(len(classes)))
    guesses = [*labels[:-1], 0]
    text = printed(judged(labels, guesses, classes))
    assert f"the {MOST_CLASSES} of {len(classes)} classes with the lowest F1" in text
    shown = [line for line in text.splitlines() if "class" in line and line.count("│") >= 4]
    assert f"class{len(classes) - 1}" in shown[0] or any(f"class{len(classes) - 1}" in line for line in shown[:3])


def test_a_class_may_be_called_anything():
    text = printed(judged([0, 1, 1], [0, 1, 0], ("[red]x[/red]", "\x1b[31my")))
    assert "[red]x[/red]" in text and "\x1b" not in text
