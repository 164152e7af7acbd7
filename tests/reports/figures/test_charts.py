"""The charts of the reports: what their axes hold, and odd values that they survive."""

import numpy as np
import pytest

from clearsight.metrics.calibration import Bin
from clearsight.reports.figures import charts

NAN = float("nan")


def test_curves_survive_odd_histories():
    assert charts.lines([("a", [NAN, NAN], "accent")], [1, 2]) is None
    drawn = charts.lines([("a", [NAN, 1.0, 2.0], "accent"), ("b", [1.0, 2.0, NAN], "second")], [1, 2, 3], best=2)
    assert "nan" not in drawn.svg() and len(drawn.tips) == 4
    assert charts.lines([("a", [0.0], "accent"), ("b", [0.0], "second")], [1], share=True).svg()
    assert len(charts.lines([("a", list(map(float, range(500))), "accent")], list(range(1, 501))).tips) == 1, "no bead for each epoch"


def test_curves_have_their_values_and_names():
    axes = charts.lines([("training", [1.0, 0.5], "second")], [1, 2], y="loss").figure.axes[1]
    assert axes.lines[0].get_ydata().tolist() == [1.0, 0.5] and (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "loss")
    assert [one.get_text() for one in axes.texts] == ["training"]


@pytest.mark.parametrize("values", [(1.0,), (0.0, 1.0), (0.949, 1.0)])
def test_recall_begins_near_the_lowest(values):
    chart = charts.recall([(f"class {i}", value, None, 10) for i, value in enumerate(values)])
    low, high = chart.figure.axes[1].get_xlim()
    assert high == 1 and low <= min(values) and low < 1 and min(values) - low <= 0.1


def test_reliability_says_how_many_and_has_no_whisker_without_an_interval():
    bins = [Bin(0.0, 0.5, 1, 0.4, 1.0), Bin(0.5, 1.0, 373, 0.9, 0.88), Bin(1.0, 1.0, 0, None, None)]
    with_one = charts.reliability(bins, [(0.2, 1.0), (0.85, 0.91), None])
    sizes = [line.get_markersize() for line in with_one.figure.axes[1].lines if line.get_marker() == "o"]
    assert sizes[0] < sizes[1] / 2, "one picture does not weigh as much as 373"
    assert with_one.svg().count('class="whisker"') == 2 and "whisker" not in charts.reliability(bins, [None] * 3).svg()
    assert "373 pictures" in with_one.tips["tip-bin-1"]


def test_confusion_colours_mistakes_and_not_what_is_right():
    chart = charts.confusion(np.array([[8, 2], [0, 10]]), ("cat", "dog"))
    assert chart.tips == {"tip-0-1": "cat predicted as dog: 2 of 10"}
    assert [one.get_text() for one in chart.figure.axes[1].texts] == ["80 %", "2", "100 %"]
    assert charts.confusion(np.array([[0, 0], [0, 3]]), ("cat", "dog")).svg()


def test_rungs_that_are_all_right_have_an_axis():
    top = {"value": 1.0, "low": 1.0, "high": 1.0}
    chart = charts.rungs([("pixels", [None, top], top)])
    assert chart.figure.axes[1].get_xlim() == (0.9, 1.0) and len(chart.tips) == 2
