"""The lecture's examples, number by number."""

import json

import pytest
import torch

from clearsight.base.errors import UsageError
from clearsight.look.convolution import EXAMPLES, NO_MATCH, calculate, older_json, transposed_remark

MAP = [[32.5, -105.5, -44, -60.5], [-105.5, 104, 224, 213.5], [185.5, 217.5, 38.5, 52.5], [54, 31, -18, 37.5]]
PRINTED = [[32.5, -105.5, 185.5, 54], [-105.5, 104, 217.5, 31], [-44, 224, 38.5, -18], [-60.5, 213.5, 52.5, 37.5]]


def test_the_lectures_map():
    found = calculate().to_json()
    assert found["convolution"]["maps"] == [MAP]
    relu, pool = found["stages"]
    assert relu["maps"] == [[[max(value, 0) for value in row] for row in MAP]]
    assert pool["maps"] == [[[104, 224], [217.5, 52.5]]]
    assert older_json(calculate()) == {"feature_map": MAP, "relu": relu["maps"][0], "max_pool": pool["maps"][0]}


def test_the_lecture_prints_it_transposed():
    found = calculate()
    assert found.convolution.maps[0].T.tolist() == PRINTED
    assert "-44 in row 0, column 2 corresponds to the lecture's 185.5" in transposed_remark(found)


def test_the_curve_detector():
    assert calculate("curve").convolution.maps.tolist() == [[[6600]]]
    assert calculate("curve", picture=NO_MATCH).convolution.maps.tolist() == [[[0]]]
    assert older_json(calculate("curve"))["max_pool"] == []


def test_pooling_takes_each_map_on_its_own():
    largest, means = (calculate(name).stages[0].maps for name in ("maxpool", "avgpool"))
    assert largest.tolist() == [[[6, 8], [3, 4]], [[9, 5], [6, 8]]]
    assert means[0].tolist() == [[(1 + 1 + 5 + 6) / 4, (2 + 4 + 7 + 8) / 4], [(3 + 2 + 1 + 2) / 4, (1 + 0 + 3 + 4) / 4]]


def test_the_volume_of_the_lecture():
    found = calculate("volume")
    done = found.convolution
    assert tuple(found.picture.shape) == (3, 32, 32) and tuple(done.maps.shape) == (6, 28, 28)
    step = done.step(4, 11, 20)
    assert step.products.numel() == 75 and step.sum == pytest.approx(float(step.products.sum()) + 1)
    assert done.filters.numel() + len(done.bias) == 456
    document = found.to_json((11, 20))["convolution"]
    assert [step["filter"] for step in document["steps"]] == list(range(6)), "28×28×6 places have too many products to list them all"


def test_the_json_has_every_place_of_a_small_picture_and_nothing_but_numbers():
    found = json.loads(json.dumps(calculate().to_json()))
    steps = found["convolution"]["steps"]
    assert [(step["row"], step["column"]) for step in steps] == [(i, j) for i in range(4) for j in range(4)]
    for step in steps:
        assert step["sum"] == MAP[step["row"]][step["column"]] == pytest.approx(sum(map(sum, step["products"][0])))
        assert step["patch"][0][0][0] == found["picture"][0][step["top"]][step["left"]]
    assert [step["value"] for step in found["stages"][1]["steps"]] == [104, 224, 217.5, 52.5]
    assert found["stages"][1]["steps"][0]["best"] == [1, 1]


def test_a_picture_of_ones_own_has_no_stages_but_those_asked_for():
    grey = torch.arange(64.0).reshape(8, 8)
    assert calculate(picture=grey).stages == ()
    found = calculate(picture=grey, filters=["box", "laplacian:5"], through="relu", padding=2)
    assert tuple(found.convolution.filters.shape) == (2, 1, 5, 5), "the smaller filter has zeros around it"
    assert found.convolution.maps[0, 4, 4] == pytest.approx(float(grey[3:6, 3:6].mean()))
    assert found.stages[0].maps.min() >= 0


def test_an_unknown_example_is_refused():
    with pytest.raises(UsageError, match="lecture"):
        calculate("lectur")
    assert set(EXAMPLES) == {"lecture", "curve", "maxpool", "avgpool", "volume"}
