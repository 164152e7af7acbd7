"""Curves in a browser: the values at the place that is chosen, with the intervals of what was measured."""

from itertools import pairwise

import pytest

from clearsight.look.depth import gradient_by_depth
from clearsight.reports.live.curves import live_few_labels, live_members, live_plateau, live_training_size, measured
from tests.reports.live.examples import example

READ = "nodes => nodes.map(node => node.dataset.value && Number(node.dataset.value))"


def test_gradients_are_the_computations(show):
    with show(example("curves")) as window:
        shown = window.locator(".measured td[data-value]")
        for key, layer in (("Home", 0), ("ArrowRight", 1)):
            window.get_by_role("slider").press(key)
            wanted = [gradient_by_depth(depth, shortcuts)[layer] for depth in (19, 55) for shortcuts in (True, False)]
            assert shown.evaluate_all(READ) == pytest.approx(wanted)
        window.get_by_role("slider").press("End")
        assert shown.all_inner_texts()[:2] == ["–", "–"]  # 20 layers end before
        assert window.locator(".graph path").count() == 4
        assert window.locator(".framed .up span").all_inner_texts() == ["1e−21", "1e−16", "1e−11", "1e−6", "0.1"]
        assert window.locator(".framed .along span").all_inner_texts() == ["10", "20", "30", "40", "50"]
        low, high = (window.locator(".framed .up span").nth(k).bounding_box()["y"] for k in (0, 4))
        graph = window.locator(".graph").bounding_box()
        assert graph["y"] < high < low < graph["y"] + graph["height"]


def lines(live):
    return {line["name"]: [point and point["value"] for point in line["points"]] for line in live().data["lines"]}


def test_the_lines_have_every_place_and_each_value_lies_in_its_interval():
    for live in (live_training_size, live_few_labels, live_members, live_plateau):
        data = live().data
        assert all(len(one) == len(data["places"]) for one in lines(live).values())
        points = [point for line in data["lines"] for point in line["points"] if point and "low" in point]
        assert all(0 <= point["low"] <= point["value"] <= point["high"] <= 1 for point in points)
        n = measured()["networks"]["runs"][0]["validation"] if live is live_plateau else measured()["n"]
        assert f"{n} {'validation' if live is live_plateau else 'test'} pictures" in data["said"]


def test_features_learnt_without_labels_need_fewer_of_them_and_poor_ones_stay_poor():
    learnt, designed = lines(live_few_labels), lines(live_training_size)
    before, after = learnt["LeNet-5, untrained"], learnt["LeNet-5, pretrained without labels"]
    assert all(less < more for less, more in zip(after, before, strict=True))
    assert designed["HOG"][-1] < designed["pixels"][-1] < designed["histogram"][-1]


def test_seven_networks_err_less_than_one_and_the_learning_rate_falls_tenfold():
    assert all(errors[-1] < errors[0] for errors in lines(live_members).values())
    rates = live_plateau().data["beside"][0]["values"]
    assert {round(before / after, 6) for before, after in pairwise(rates) if after and before != after} == {10}
