"""A network while it is typed: the same as when it is built, or where it is wrong; nothing is imported or read for it."""

import re

import pytest

from clearsight import models
from clearsight.models import facts
from clearsight.models.sketch import Mistake, Sketch, sketch
from tests.models.formulas import LECTURE


@pytest.mark.parametrize(
    ("text", "size"), [(LECTURE, (1, 28, 28)), ("conv8-5x5/2 bn relu avgpool3x3 softmax", (3, 40, 30)), ("softmax", (2, 3, 4))]
)
def test_a_formula_has_the_counts_of_the_network_that_is_built(text, size):
    found = sketch(f" {text}\n", size, 7)
    assert isinstance(found, Sketch) and found.complete and found.name == ""
    built = models.build(text, 7, channels=size[0], height=size[1], width=size[2])
    assert found.summary.parameters == sum(p.numel() for p in built.parameters())
    assert found.summary.to_json() == facts.summary(text, size, 7).to_json()
    assert list(found.spans) == [name for name, _ in built.named_children()]
    words = [f" {text}\n"[start:end] for start, end in found.spans.values()]
    assert words[-1] == "softmax" and set(words) == set(re.findall(r"[a-z][^\s()\[\]]*", text))


def test_a_formula_need_not_end_in_classes():
    found = sketch("conv6-5x5 relu")
    assert isinstance(found, Sketch) and not found.complete and found.summary.input_size == (3, 32, 32)
    assert found.summary.layers[0].output == (6, 28, 28) and found.summary.parameters == 456


def test_a_name_is_the_network_of_the_registry():
    found = sketch("VGG-16", classes=5)
    assert isinstance(found, Sketch) and (found.name, found.spans) == ("vgg16", {})
    assert found.summary.outputs == 5 and found.summary.input_size == (3, 224, 224)
    assert sketch("lenet5").summary.parameters == facts.facts("lenet5").parameters


@pytest.mark.parametrize(
    ("text", "says", "span"),
    [
        ("conv8 foo", "Character 7: no layer begins with 'foo'", (6, 9)),
        ("conv8 (pool)*9", "does not fit", (7, 11)),
        ("resnet 18", "Character 1: no layer begins with 'resnet'", (0, 6)),
        ("@os:getcwd", "no layer begins with '@os:getcwd'", (0, 10)),
        ("/etc/passwd", "no layer begins with", (0, 11)),
        ("../runs", "no layer begins with", (0, 7)),
        ("(" * 10**6, "1,000,000 characters; 20,000 are allowed", (20_000, 10**6)),
    ],
)
def test_what_means_no_network_is_pointed_at(text, says, span):
    found = sketch(text)
    assert isinstance(found, Mistake) and says in found.reason and found.span == span


@pytest.mark.parametrize(
    ("text", "size", "classes", "says"),
    [
        ("softmax", (3, 0, 5), None, "input must be 1 to 10,000 rows and columns, and 1 to 999 channels. Got '0×5×3'"),
        ("softmax", (10**9, 5, 5), None, "input must be"),
        ("softmax", None, 1, "classes must be 2 to 100,000. Got 1"),
        ("vgg16", (3, 8, 8), None, "vgg16 needs pictures of at least"),
    ],
)
def test_what_is_impossible_is_one_line(text, size, classes, says):
    found = sketch(text, size, classes)
    assert isinstance(found, Mistake) and says in found.reason and found.span is None
