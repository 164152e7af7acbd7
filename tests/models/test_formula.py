"""The lecture's formula as a language: what it builds, what it is equal to, how it is written, and where it points."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from clearsight import models
from clearsight.base.errors import UsageError
from clearsight.classifier import artefact
from clearsight.classifier.classifier import Classifier
from clearsight.images.preprocess import Preprocessing
from clearsight.models.formula import FormulaError, compact, is_formula, parse, spans, stack_on_paper
from clearsight.models.sequential import formula
from tests.models.formulas import ALEXNET, ALEXNET_2012, ALEXNET_LECTURE, LECTURE, VGG16

BANG, LONG_S = "\N{COLLISION SYMBOL}", "\N{LATIN SMALL LETTER LONG S}"  # two units in UTF-16; a small S to a pattern of any case


def equal(ours: nn.Module, theirs: nn.Module, size: tuple[int, int, int]) -> None:
    """Weight for weight in order, and the same logits."""
    for a, b in zip(ours.state_dict().values(), theirs.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    x = torch.rand(1, *size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(ours.eval()(x), theirs.eval()(x))


def seeded(make) -> nn.Module:
    torch.manual_seed(7)
    return make()


def test_the_lectures_formula_is_a_network():
    model = models.build(LECTURE, 10, channels=1, height=28, width=28, seed=0)
    convolutions = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
    assert [(c.in_channels, c.out_channels, c.kernel_size, c.padding) for c in convolutions] == [
        *[(1, 32, (3, 3), (1, 1))], *[(32, 32, (3, 3), (1, 1))] * 5
    ]  # fmt: skip
    assert sum(isinstance(m, nn.MaxPool2d) for m in model.modules()) == 3
    assert sum(p.numel() for p in model.parameters()) == (9 + 1) * 32 + 5 * (9 * 32 + 1) * 32 + (32 * 9 + 1) * 128 + 129 * 10
    assert model.STAGES == ("conv1", "conv2", "pool1", "conv3", "conv4", "pool2", "conv5", "conv6", "pool3", "fc7", "fc8")
    x = torch.rand(2, 1, 28, 28)
    assert torch.equal(model(x), model.head(model.features(x))) and model.head is model.fc8


@pytest.mark.parametrize(
    "text",
    [
        "[(CONV32 → RELU)*2 → POOL]*3 → (FC128 → RELU)*1 → SOFTMAX",
        "([conv32->relu] * 2 -> pool2x2/2) × 3 fc128 relu softmax",
        "conv32-3x3p1 relu conv32-3x3/1p1 relu maxpool\n(conv32p1g1 relu conv32d1 relu pool/2)*2 flatten fc128 relu (relu)*0 softmax",
    ],
)
def test_it_may_be_written_in_many_ways(text):
    assert [str(layer) for layer in parse(text).layers if layer.word != "flatten"] == [str(layer) for layer in parse(LECTURE).layers]


def torch_vgg(stages: tuple[tuple[int, int], ...], grid: int, hidden: int, classes: int) -> nn.Sequential:
    """As torchvision builds VGG, and starts its weights."""
    layers: list[nn.Module] = []
    inputs = 3
    for width, count in stages:
        for _ in range(count):
            layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU()]
            inputs = width
        layers.append(nn.MaxPool2d(2, 2))
    layers += [nn.AdaptiveAvgPool2d(grid), nn.Flatten(), nn.Linear(inputs * grid * grid, hidden), nn.ReLU(), nn.Dropout()]
    model = nn.Sequential(*layers, nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(), nn.Linear(hidden, classes))
    for module in model:
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0, 0.01)
            nn.init.zeros_(module.bias)
    return model


def test_alexnet_weight_for_weight():
    theirs = models.build("alexnet", 1000, height=224, width=224, seed=7)
    ours = models.build(ALEXNET, 1000, height=224, width=224, seed=7)
    assert sum(p.numel() for p in ours.parameters()) == 61_100_840
    equal(ours, theirs, (3, 224, 224))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "text"), [("alexnet-lecture", ALEXNET_LECTURE), ("alexnet-2012", ALEXNET_2012)])
def test_the_other_alexnets_weight_for_weight(name, text):
    theirs, ours = (models.build(one, 1000, height=227, width=227, seed=7) for one in (name, text))
    equal(ours, theirs, (3, 227, 227))


@pytest.mark.slow
def test_vgg16_weight_for_weight():
    theirs, ours = (models.build(one, 1000, height=224, width=224, seed=7) for one in ("vgg16", VGG16))
    assert sum(p.numel() for p in ours.parameters()) == 138_357_544  # the lecture's number
    equal(ours, theirs, (3, 224, 224))


def test_a_narrow_vgg_weight_for_weight():
    text = "[(conv4 relu)*2 pool]*1 [(conv8 relu)*3 pool]*2 avgpool=2x2 (fc16 relu dropout)*2 softmax vgg"
    theirs = seeded(lambda: torch_vgg(((4, 2), (8, 3), (8, 3)), 2, 16, 5))
    equal(models.build(text, 5, height=32, width=32, seed=7), theirs, (3, 32, 32))
    assert formula(theirs) + " vgg" == str(parse(text))


def number(low: int, high: int) -> st.SearchStrategy[str]:
    return st.integers(low, high).map(str)


def optional(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(st.just(""), st.tuples(*parts).map("".join))


SLIDE = optional(st.just("/"), number(1, 3)), optional(st.just("p"), number(0, 1))
CONV = optional(st.sampled_from(["-3x3", "-5x5", "-1x7", "-2x2"])), *SLIDE, st.sampled_from(["", "d2", "g1", "-nobias"])
POOL = st.sampled_from(["pool", "avgpool", "maxpool"]), st.sampled_from(["", "3x3", "2x4"]), *SLIDE, st.sampled_from(["", "-ceil"])
OTHERS = (
    *("relu", "Tanh", "GELU", "relu6", "swish", "leakyrelu0.1", "lrn", "norm3", "lrn5k1a0.00012b0.5", "bn", "bn-eps0.00001"),
    *("dropout", "dropout0.25", "avgpool=3x3", "pool=2x5", "globalpool", "conv3x3"),
)
WORD = st.one_of(st.tuples(st.just("conv"), number(1, 64), *CONV).map("".join), st.tuples(*POOL).map("".join), st.sampled_from(OTHERS))
GAP = st.sampled_from([" ", " → ", "->", "  ", "\n"])
TIMES = st.sampled_from(["", "*2", " * 3", "*0", "×1"])
END = st.sampled_from(["", "fc7 relu softmax", "softmax-nobias vgg"])


def joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(st.tuples(parts, GAP).map("".join), min_size=1, max_size=4).map("".join)


def bracketed(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda body, times, pair: f"{pair[0]}{body}{pair[1]}{times}", joined(inner), TIMES, st.sampled_from(["()", "[]"]))


FORMULAS = st.tuples(joined(st.recursive(WORD, bracketed, max_leaves=6)), END).map("".join)


@given(FORMULAS)
@settings(max_examples=200, deadline=None)
def test_what_is_printed_is_read_again_as_the_same(text):
    try:
        first = parse(text)
    except UsageError:
        assert "*0" in text  # the only way to a formula without layers
        return
    assert parse(str(first)) == first
    assert str(parse(str(first))) == str(first)
    assert is_formula(str(first)) and len(str(first)) <= len(" ".join(str(layer) for layer in first.layers) + " vgg")


@given(st.text("conv32pl relu()[]*->x/0.5", max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_formula_or_one_clear_error(text):
    said = ""
    try:
        parse(text)
    except UsageError as error:
        said = str(error)
    assert not said or said.splitlines()[-1].strip() == "^"


@pytest.mark.parametrize(
    ("text", "at", "says", "may"),
    [
        ("[(conv32 relu)*2 pool]*3 (fc128 relu)*N softmax", "N", "how often must be a whole number", "*2"),
        ("[(conv32 relu*2 pool]*3", "]*3", "no layer begins with ']*3'", "( or [ or )"),
        ("conv32q relu", "q", "'q' cannot follow 'conv32'", "-5x5 (kernel), /2 (stride), p1 (padding), g2 (groups)"),
        ("conv32-3x3/2/2", "/2", "'/' cannot follow 'conv32-3x3/2'", "p1 (padding)"),
        ("relu3", "3", "'3' cannot follow 'relu'", "a space"),
        ("conv32 foo softmax", "foo", "no layer begins with 'foo'", "conv, pool, avgpool, fc, softmax"),
        ("fc relu", " relu", "fc needs its width", "fc128"),
        ("(softmax)*2", "softmax", "softmax is the last layer", "the end, or he, vgg"),
        ("(fc8 vgg)*2", "vgg", "vgg follows softmax, not in brackets", ""),
        ("softmax relu", "relu", "softmax is the last layer", "vgg"),
        ("softmax vgg he", "he", "nothing may follow vgg", ""),
        ("conv32 ()", ")", "an empty bracket", "conv"),
        ("[(conv32", "(", "never closed: ) is missing", ""),
        ("conv0", "0", "a width must be 1 to 1,048,576. Got 0", ""),
        ("(conv8 relu)*501", "501", "too often: 1,000 layers are allowed", ""),
        ("pool2x2=3x3", "=", "'=' cannot follow 'pool2x2'", "/2 (stride)"),
        ("", "", "without layers", "conv"),
    ],
)  # fmt: skip
def test_a_mistake_is_pointed_at(text, at, says, may):
    with pytest.raises(UsageError) as caught:
        parse(text)
    first, line, caret = str(caught.value).split("\n")
    assert says in first and may in first and ("Allowed here" in first) == bool(may)
    place = len(caret) - 5
    assert line[4:] == text and text[place:].startswith(at) and f"character {place + 1}:" in first


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("conv5-5x5 (pool)*6 softmax", "pool", "a window of 2 px does not fit the 1×1 px that are left here"),
        ("conv32 fc3 conv8 softmax", "conv8", "flattened already"),
        ("conv32 conv8g3 softmax", "conv8g3", "3 groups do not divide 32 channels in and 8 out"),
        ("conv1048576 conv1048576 softmax", "conv1048576 softmax", "2,147,483,648 are allowed"),
        ("dropout1.5 softmax", "dropout1.5", "below 1"),
        ("pool2x2p2 softmax", "pool2x2p2", "at most half its kernel"),
        ("conv32 relu", "", "a classifier ends in its classes. Allowed here: softmax"),
    ],
)
def test_a_layer_that_does_not_fit_is_pointed_at(text, at, says):
    with pytest.raises(UsageError) as caught:
        models.build(text, 10, height=32, width=32)
    first, _, caret = str(caught.value).split("\n")
    assert says in first and text[len(caret) - 5 :].startswith(at) and (at or len(caret) - 5 == len(text))


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[(conv32 relu)*2 pool]*3 (fc128 relu)*N softmax", "N"), ("(conv32 relu)* pool", "pool"), ("conv32 *  ", " *  "),
        ("[(conv32 relu*2 pool]*3", "]"), ("conv32q relu", "q"), ("conv32-3x3/2/2", "/2"), ("relu3→pool", "3"),
        ("conv32 foo softmax", "foo"), ("conv32->foo->softmax", "foo"), ("x(pool)", "x"), (f"{BANG}conv8 pool", f"{BANG}conv8"),
        ("fc relu", "fc"), ("conv8 (relu softmax)*2", "softmax"), ("(fc8 vgg)*2", "vgg"), ("softmax relu", "relu"),
        ("softmax vgg he", "he"), ("conv32 ( )", "( )"), ("[(conv32", "("), ("conv8 (relu", "("), ("conv0 relu", "0"),
        ("conv8-3x9999999 relu", "-3x9999999"), (f"conv{'9' * 9000} relu", "9" * 9000), (f"dropout{'9' * 400}.5", "9" * 400 + ".5"),
        ("(conv8 relu)*501", "501"), (f"relu*{'9' * 9000} pool", "9" * 9000), ("relu*600 (relu)*600", "(relu)*600"),
        ("", ""), ("  ", "  "),
        ("(relu)*0", "(relu)*0"), ("(" * 20_005, "(" * 5), (f"{LONG_S}oftmax pool", f"{LONG_S}oftmax"),
    ],
)  # fmt: skip
def test_what_is_wrong_has_a_beginning_and_an_end(text, wrong):
    with pytest.raises(FormulaError) as caught:
        parse(text)
    error = caught.value
    assert text[error.start : error.end] == wrong
    assert "\n" not in error.reason and len(error.reason) < 400 and str(error).startswith(f"in the formula, c{error.reason[1:]}\n")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("conv5-5x5 relu (pool)*6 softmax", "pool"), ("fc3 conv8/2 softmax", "conv8/2"), ("conv32 conv8g3 softmax", "conv8g3"),
        ("conv1048576 conv1048576 softmax", "conv1048576"), ("dropout1.5 softmax", "dropout1.5"), ("pool2x2p2 softmax", "pool2x2p2"),
        ("conv8 avgpool=1048576x1048576 softmax", "avgpool=1048576x1048576"), ("conv8p1048576 softmax", "conv8p1048576"),
        ("conv32 relu", ""),
    ],
)  # fmt: skip
def test_a_layer_that_does_not_fit_has_a_beginning_and_an_end(text, wrong):
    with pytest.raises(FormulaError) as caught:
        models.build(text, 10, height=32, width=32)
    assert text[caught.value.start : caught.value.end] == wrong
    assert caught.value.start == (text.rindex(wrong) if wrong else len(text))


@given(st.text("conv32pl relu()[]*->x/0.5\n" + BANG + LONG_S, max_size=40))
@settings(max_examples=200, deadline=None)
def test_what_is_wrong_is_in_the_text(text):
    try:
        spans = [(layer.at, layer.end) for layer in parse(text).layers]
    except FormulaError as error:
        spans = [(error.start, max(error.end, error.start + (error.start == len(text))))]
        text += " "
    assert all(0 <= start < end <= len(text) for start, end in spans)


def test_the_characters_of_each_layer():
    text = "(conv8 relu)*2 FC10->softmax vgg"
    assert [text[start:end] for start, end in spans(text)] == ["conv8", "relu"] * 2 + ["FC10", "FC10", "softmax"]
    assert len(spans(text)) == len(stack_on_paper(text, (3, 8, 8)))


def test_the_caret_is_right_behind_what_cannot_be_printed():
    with pytest.raises(UsageError) as caught:
        parse("conv8\t\x1b[31m relu")
    _, line, caret = str(caught.value).split("\n")
    assert line == r"    conv8\t\x1b[31m relu" and line[len(caret) - 1 :].startswith(r"\x1b")


def test_in_a_long_formula_the_line_is_cut_around_the_mistake():
    with pytest.raises(UsageError) as caught:
        parse("conv8 relu\n" + "conv16 relu " * 30 + "conv16 rule")
    _, line, caret = str(caught.value).split("\n")
    assert line[len(caret) - 1 :] == "rule" and len(line) < 120


@pytest.mark.parametrize(
    "name", ["resnet18", "vgg16.keras", "convnet", "convnext_tiny", "conv_net", "poolformer_s12", "no such network", "fcn", "vgg15", "he"]
)
def test_names_of_networks_are_no_formulas(name):
    assert not is_formula(name)


@pytest.mark.parametrize("text", [LECTURE, ALEXNET, "conv6-5x5", "softmax", "FC10", "(x)", "convv32 → relu", "globalpool softmax"])
def test_formulas_are(text):
    assert is_formula(text)


def test_dropout_replaces_every_dropout():
    model = models.build("dropout0.1 fc8 relu dropout fc8 softmax", 3, height=8, width=8, dropout=0.3)
    assert [m.p for m in model.modules() if isinstance(m, nn.Dropout)] == [0.3, 0.3]


def test_compact_brackets_what_repeats():
    assert compact(list("aabaabcc")) == "(a*2 b)*2 c*2"
    assert compact(list("xyxyzxyxyzq")) == "[(x y)*2 z]*2 q"


def test_a_row_of_a_formula():
    row = models.row("conv8 relu globalpool softmax")
    assert (row.family, row.year, row.input_size, row.classes, row.parameters) == ("formula", None, (3, 32, 32), 10, 27 * 8 + 8 + 90)
    assert models.row(ALEXNET_LECTURE).input_size == (3, 224, 224)


def test_an_artefact_is_rebuilt_from_its_formula(tmp_path):
    text = "conv4-5x5 relu pool fc8 tanh dropout0.5 softmax"
    model = models.build(text, 3, channels=1, height=12, width=12, seed=1)
    preprocessing = Preprocessing(channels=1, height=12, width=12, mean=(0.5,), std=(0.25,))
    picture = np.arange(144, dtype=np.uint8).reshape(12, 12, 1)
    artefact.save(Classifier(model, preprocessing, ["a", "b", "c"], architecture=text), tmp_path, golden_samples=[picture])
    loaded = artefact.load(tmp_path)
    assert loaded.architecture == text == json.loads((tmp_path / "config.json").read_text())["architecture"]["name"]
    assert loaded.classify(picture).top == Classifier(model, preprocessing, ["a", "b", "c"]).classify(picture).top
    assert artefact.verify(tmp_path).ok
