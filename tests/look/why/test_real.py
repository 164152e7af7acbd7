"""On a network that was trained, maps hold and fail for the right reason; skipped where its package is not installed."""

import pytest
from skimage import data

from clearsight.look.target import subject
from clearsight.look.why import explain
from tests.real import lite0


@pytest.fixture(scope="module")
def seen():
    """The network, and a man with a camera on a tripod, of which it names the tripod."""
    found = subject(lite0())
    return found, found.inputs(data.camera())


@pytest.mark.parametrize(
    ("method", "low", "high"), [("grad-cam", 0.7, 0.95), pytest.param("eigen-cam", 0.999, 1.0, marks=pytest.mark.slow)]
)
def test_a_map_of_the_tripod_is_where_the_tripod_is_and_not_of_it_alone(seen, method, low, high):
    """The next class, a harmonica, is seen in the same place; a method that knows no class has the same map for it."""
    network, x = seen
    found = explain(network, x, method)
    assert found.label == "tripod" and found.probability > 0.9
    assert found.failed == ["class"]
    says = next(row for row in found.rows() if row["check"] == "class")["says"]
    assert low <= float(says.split()[2]) <= high
