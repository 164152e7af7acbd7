"""The words of a formula: their options, their shortest form, the layers that they are, and the first weights."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from clearsight import models
from clearsight.models.formula import parse, stack_on_paper
from clearsight.models.words import ACTIVATIONS, ALIASES, OPTIONS, POSITIVE, STARTS, WORDS, DoesNotFit, resolved, written


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("conv6-5x5", [(6, 28, 28)]),  # 32×32×3, filters of 5×5×3: the lecture's 28×28×6 activation maps
        ("conv3x3 conv", [(3, 30, 30), (3, 30, 30)]),
        ("conv8/2 avgpool3x3/2p1-ceil globalpool softmax", [(8, 16, 16), (8, 9, 9), (8, 1, 1), (8,), (10,)]),
        ("conv8-1x5p0x2 pool2x4/2x1 conv8-3x3d2", [(8, 32, 32), (8, 16, 29), (8, 12, 25)]),
        (
            "conv6g3 lrn3 bn pool3x3/2-ceil globalmaxpool flatten bn fc7 gelu",
            [(6, 32, 32)] * 3 + [(6, 16, 16), (6, 1, 1), (6,), (6,), (7,), (7,)],
        ),
        ("avgpool=4x5 dropout0.2 leakyrelu0.2 elu fc3-nobias", [(3, 4, 5)] * 4 + [(60,), (3,)]),
    ],
)
def test_shapes(text, shapes):
    x = torch.zeros(2, 3, 32, 32, device="meta")
    found = []
    for layer in stack_on_paper(text, (3, 32, 32)).values():
        x = layer(x)
        found.append(tuple(x.shape[1:]))
    assert found == shapes


def test_the_start_of_the_weights():
    last = models.build("(fc100 relu)*2 softmax", 10, channels=1, height=10, width=10, seed=0).state_dict()
    assert last["fc1.weight"].std().item() == pytest.approx((2 / 100) ** 0.5, rel=0.05) and not last["fc1.bias"].any()
    assert last["fc3.weight"].std().item() == pytest.approx(0.01, rel=0.05) and not last["fc3.bias"].any()
    vgg = models.build("conv50-5x5 relu fc99 softmax vgg", 10, channels=1, height=10, width=10, seed=0).state_dict()
    assert vgg["conv1.weight"].std().item() == pytest.approx((2 / (25 * 50)) ** 0.5, rel=0.05)
    assert vgg["fc2.weight"].std().item() == pytest.approx(0.01, rel=0.05) and not vgg["fc3.bias"].any()


def test_the_table_is_whole():
    for word, row in WORDS.items():
        assert set(row.options) <= OPTIONS.keys() and set(row.defaults) <= OPTIONS.keys() and (not row.needs or row.needs in row.options), (
            word
        )
    assert all(word in WORDS and set(fixed) <= set(WORDS[word].options) for word, fixed in ALIASES.values())
    assert set(ACTIVATIONS) < set(WORDS) and set(POSITIVE) < set(OPTIONS) and set(STARTS) == {"he", "vgg"}


@pytest.mark.parametrize(
    ("word", "given", "padding", "stride"),
    [
        ("conv", {}, (1, 1), (1, 1)),  # VGG's
        ("conv", {"kernel": (5, 5)}, (0, 0), (1, 1)),
        ("conv", {"kernel": (5, 5), "padding": (2, 2)}, (2, 2), (1, 1)),
        ("pool", {}, (0, 0), (2, 2)),
        ("pool", {"kernel": (3, 4)}, (0, 0), (3, 4)),  # windows side by side
    ],
)
def test_options_that_are_not_given(word, given, padding, stride):
    options = resolved(word, given)
    assert (options["padding"], options["stride"]) == (padding, stride)


def test_a_grid_leaves_nothing_else_to_say():
    assert resolved("avgpool", {"grid": (7, 7), "stride": (2, 2)}) == {"grid": (7, 7)}
    assert written("avgpool", {"grid": (1, 1)}) == "globalpool" and written("pool", {"grid": (2, 5)}) == "pool=2x5"


PAIRS = st.tuples(st.integers(1, 9), st.integers(1, 9))
GIVEN = st.fixed_dictionaries(
    {},
    optional={
        "width": st.integers(1, 99), "kernel": PAIRS, "stride": PAIRS, "padding": st.tuples(st.integers(0, 9), st.integers(0, 9)),
        "groups": st.integers(1, 9), "dilation": PAIRS, "nobias": st.just(True),
    },
)  # fmt: skip


@given(GIVEN)
@settings(max_examples=200, deadline=None)
def test_the_short_form_means_the_same(given):
    options = resolved("conv", given)
    text = written("conv", options)
    layer = parse(text).layers[0]
    assert resolved("conv", dict(layer.options)) == options


@pytest.mark.parametrize("word", ACTIVATIONS)
def test_an_activation_is_torchs(word):
    layer, shape = WORDS[word].make({}, (3, 4, 4))
    assert type(layer) is ACTIVATIONS[word] and shape == (3, 4, 4)


@pytest.mark.parametrize(
    ("word", "given", "shape", "says"),
    [
        ("conv", {"kernel": (5, 5)}, (3, 4, 4), "a window of 5 px does not fit the 4×4 px"),
        ("conv", {"width": 8, "groups": 2}, (3, 9, 9), "2 groups do not divide 3 channels in and 8 out"),
        ("pool", {"kernel": (2, 2), "padding": (2, 0)}, (3, 9, 9), "at most half its kernel"),
        ("pool", {}, (12,), "flattened already"),
        ("dropout", {"rate": 1.0}, (12,), "below 1"),
        ("fc", {"width": 2**20}, (2**20,), "2,147,483,648 are allowed"),
    ],
)
def test_a_layer_that_is_impossible_there(word, given, shape, says):
    with pytest.raises(DoesNotFit, match=says):
        WORDS[word].make(resolved(word, given), shape)


def test_alpha_is_the_papers_and_not_torchs():
    layer, _ = WORDS["lrn"].make(resolved("lrn", {}), (8, 4, 4))
    x = torch.rand(2, 8, 4, 4, generator=torch.Generator().manual_seed(0))
    squares = torch.stack([x[:, max(0, c - 2) : c + 3].square().sum(1) for c in range(8)], 1)
    torch.testing.assert_close(layer(x), x / (2 + 1e-4 * squares) ** 0.75)  # AlexNet, section 3.3
