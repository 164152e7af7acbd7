"""The lecture's tables: numbers as published, depths against the networks here, and a descent without circles."""

import pytest

from clearsight.models import facts, names
from clearsight.models.history import DESCENT, HUMAN, ILSVRC, SECOND, keras_models, keras_remarks, topological_depth

# what the lecture's slides say, and the papers: per cent
SLIDES = {2013: 11.7, 2015: 3.57}
PAPERS = {2010: 28.2, 2011: 25.8, 2012: 15.3, 2014: 6.67, 2016: 2.99, 2017: 2.25}


def test_the_winners_are_the_published_ones():
    found = {row.year: round(100 * row.error, 2) for row in ILSVRC}
    assert found == SLIDES | PAPERS and (SECOND.error, HUMAN) == (0.073, 0.051)
    assert "15.4 %" in ILSVRC[2].remark, "the lecture's number is that of the validation set"
    assert all(row.source for row in (*ILSVRC, SECOND))


def test_their_layers_are_those_of_the_networks_here():
    here = {row.network: row.layers for row in (*ILSVRC, SECOND) if row.network}
    assert here == {"alexnet-2012": 8, "zfnet": 8, "googlenet": 22, "vgg19": 19, "resnet152": 152}
    assert {name: facts.written()[name]["depth"] for name in here} == here


def test_the_descent_goes_forward_and_its_networks_exist():
    years = {step.key: step.year for step in DESCENT}
    assert len(years) == len(DESCENT) and all(years[source] <= step.year for step in DESCENT for source in step.after)
    assert (DESCENT[0].label, DESCENT[0].year, DESCENT[-1].label) == ("simple cells", 1959, "ConvNeXt")
    assert {step.network for step in DESCENT if step.network} <= set(names())
    places = {step.key: step.place for step in DESCENT}
    assert len(set(places.values())) == len(DESCENT)
    steps = [(abs(x - a), b - y) for step in DESCENT for (a, b) in [step.place] for (x, y) in (places[key] for key in step.after)]
    assert set(steps) <= {(1, 0), (0, 1)}, "an arrow leads to a neighbour, or it would cross a box"
    assert all(step.idea and step.source for step in DESCENT)


def test_the_26_models_of_the_lecture():
    rows = keras_models()
    assert len(rows) == 26 and all(row["counted"] == row["parameters"] for row in rows)
    assert sum(row["top1"] is not None for row in rows) == sum(row["top5"] is not None for row in rows) == 18
    equal = {row["model"] for row in rows if row["depth"] == row["topological"]}
    assert equal == {"Xception", "VGG16", "VGG19", "InceptionV3", "InceptionResNetV2", "MobileNet"}
    dense = {row["model"] for row in rows if row["depth"] == row["with_weights"]}
    assert dense == {"DenseNet121", "DenseNet169", "DenseNet201"}
    assert any("MobileNetV2" in words for words in keras_remarks())


@pytest.mark.parametrize(("name", "depth"), [("vgg16.keras", 23), ("mobilenet.keras", 88)])
def test_keras_depth_is_counted_from_the_network(name, depth):
    """The lecture's table."""
    assert topological_depth(name) == depth


@pytest.mark.slow
@pytest.mark.parametrize("row", keras_models(), ids=lambda row: row["model"])
def test_every_depth_is_current(row):
    assert topological_depth(row["network"]) == row["topological"]
