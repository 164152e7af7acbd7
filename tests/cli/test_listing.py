"""The listing of a network: the lecture's lines, repeated blocks once, all within 80 columns."""

from clearsight.cli.listing import listing, totals
from clearsight.models import facts

# the lecture's slide, line for line
SLIDE = """
[227x227x3] INPUT
[55x55x96] CONV1: 96 11x11 filters at stride 4, pad 0
[27x27x96] MAX POOL1: 3x3 filters at stride 2
[27x27x96] NORM1: Normalization layer
[27x27x256] CONV2: 256 5x5 filters at stride 1, pad 2
[13x13x256] MAX POOL2: 3x3 filters at stride 2
[13x13x256] NORM2: Normalization layer
[13x13x384] CONV3: 384 3x3 filters at stride 1, pad 1
[13x13x384] CONV4: 384 3x3 filters at stride 1, pad 1
[13x13x256] CONV5: 256 3x3 filters at stride 1, pad 1
[6x6x256] MAX POOL3: 3x3 filters at stride 2
[4096] FC6: 4096 neurons
[4096] FC7: 4096 neurons
[1000] FC8: 1000 neurons (class scores)
"""


def test_the_lectures_alexnet_line_for_line():
    found = facts.summary("alexnet-lecture")
    assert [line[0] for line in listing(found)[1:]] == SLIDE.strip().splitlines()
    assert totals(found).startswith("62,378,344 parameters, ")


def test_equal_blocks_are_listed_once():
    found = facts.summary("resnet50")
    lines = listing(found)
    headings = [(line[0], line[4]) for line in lines if ": Bottleneck" in line[0]]
    assert headings == [
        ("layer1.0: Bottleneck, residual sum", "layer1.0"), ("layer1.1: Bottleneck ×2, residual sum", "layer1.1 to layer1.2"),
        ("layer2.0: Bottleneck, residual sum", "layer2.0"), ("layer2.1: Bottleneck ×3, residual sum", "layer2.1 to layer2.3"),
        ("layer3.0: Bottleneck, residual sum", "layer3.0"), ("layer3.1: Bottleneck ×5, residual sum", "layer3.1 to layer3.5"),
        ("layer4.0: Bottleneck, residual sum", "layer4.0"), ("layer4.1: Bottleneck ×2, residual sum", "layer4.1 to layer4.2"),
    ]  # fmt: skip
    assert len(lines) < 45 < 100 < len(listing(found, every=True))
    assert ["  [56x56x64] CONV2: 64 1x1 filters at stride 1, pad 0, BN", "4,224", "12,845,056", "11×11", "layer1.0.conv1"] in lines
    assert max(len(f"{line[0]:<61}{line[1]:>11}") for line in lines) <= 80
    assert totals(found) == "25,557,032 parameters, 97.7 MB, 4,089,184,256 multiply-adds; 50 layers with weights deep, 16 residual sums."


def test_auxiliary_heads_are_counted_apart():
    found = facts.summary("googlenet")
    assert totals(found).startswith("6,624,904 parameters (aux1, aux2, not run in evaluation: another 6,379,984), ")
    assert [line for line in listing(found) if line[3] == "nothing"] == [
        ["not run in evaluation after inception4a: 4 layers", "3,188,968", "", "nothing", "aux1"],
        ["not run in evaluation after inception4d: 4 layers", "3,191,016", "", "nothing", "aux2"],
    ]
    assert sum(int(line[1].replace(",", "")) for line in listing(found)[1:] if line[1]) == found.parameters
