"""What is said of a layer in the listing of a network."""

import pytest

from clearsight.models import facts


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("conv6-3x5/2x1p0x2g3", "CONV1: 6 3x5 filters at stride 2x1, pad 0/0/2/2, one channel each"),
        ("conv3-3x3p2d2g3", "CONV1: 3 3x3 filters at stride 1, pad 2, dilation 2, one channel each"),
        ("pool3x3/2p1", "MAX POOL1: 3x3 filters at stride 2, pad 1"),
        ("avgpool2x4", "AVG POOL1: 2x4 filters at stride 2x4"),
        ("globalpool", "AVG POOL1: one value a channel"),
        ("avgpool=6x6", "AVG POOL1: to 6x6"),
        ("bn", "BATCH NORM1: Normalization layer"),
        ("relu", "ReLU"),
    ],
)
def test_what_is_said_of_a_layer(text, says):
    assert facts.summary(text, (3, 32, 32)).layers[0].says == says
