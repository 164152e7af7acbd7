"""Every family learns, is judged and classifies in bfloat16, which torch computes on any processor; or says that it does not."""

import re

import pytest
import torch
from torch import nn

from clearsight import UsageError, models
from clearsight.base.compute.precision import accepts, halved, halves
from clearsight.evaluation.evaluate import evaluate
from clearsight.models.base import Model
from clearsight.runs.run import Run
from clearsight.training.api import train
from tests.pictures import digit_arrays

# a small row of each family, and every layer that only other rows or formulas have
SMALL = {"vgg": "vgg11_bn", "vit": "vit_s_16", "resnetv2": "resnetv2_50", "regnet": "regnet_y_400mf", "swift": "swift-slim"}
FORMULAS = (
    "conv8-5x5 relu pool2x2 norm fc16 relu softmax",
    "conv8-3x3 lrn5 leakyrelu avgpool2x2 conv8-3x3 bn elu dropout0.2 fc16 gelu softmax",
)
OTHERS = ("alexnet-2012", "alexnet", "hog-rbf", "gabor", "mobilenetv2.keras", "mobilenet.keras", "resnet50", "inceptionv3.keras")
FAMILIES = {family.__name__.rsplit(".", 1)[-1]: next(iter(family.TABLE)) for family in models.FAMILIES}
ROWS = list(dict.fromkeys((*(FAMILIES | SMALL).values(), *OTHERS, *FORMULAS)))
COSTLY = re.compile(
    "alexnet|zfnet|vgg|googlenet|unet|inception|xception|nasnet|mobilenet|densenet|vit|convnext|resnet|regnet|efficientnet|squeeze"
)
# what has a layer of a kind of its own is on the whole road every time, the others with --runslow
CHEAP = {*FORMULAS, "mobilenet_v3_large", "squeezenet1_0"}


def size_of(name: str) -> int:
    return max(32, models.family(name).SMALLEST)


def built(name: str, size: int = 0) -> Model:
    size = size or size_of(name)
    return models.build(name, 10, channels=1, height=size, width=size, seed=0)


def rows(costly: bool) -> list:
    return [name for name in ROWS if costly == (bool(COSTLY.search(name)) and name not in CHEAP)]


@pytest.mark.parametrize("name", ROWS)
def test_a_network_runs_in_bfloat16_or_says_that_it_does_not(name):
    # a processor without bfloat16 computes it ten times slower: two small pictures, more than one place to attend to
    size = 32 if name.startswith("vit") else max(16, models.family(name).SMALLEST)
    model = built(name, size)
    if not halves(model):
        return
    net = halved(model)
    inputs = torch.rand(2, 1, size, size, generator=torch.Generator().manual_seed(0)).to(accepts(net))
    outputs = net.train()(inputs)
    assert outputs.dtype == torch.float32
    scores = outputs.flatten(0, -2)
    nn.functional.cross_entropy(scores, torch.arange(len(scores)) % 10).backward()
    assert all(torch.isfinite(p.grad).all() for p in net.parameters() if p.grad is not None)
    with torch.inference_mode():
        assert torch.isfinite(net.eval()(inputs[:1])).all()


def walk(name: str, tmp_path, monkeypatch, capsys, speed: str) -> None:
    """Two steps, the report of validation, an evaluation and an answer."""
    monkeypatch.setenv("CLEARSIGHT_BF16", "on")
    data = digit_arrays(per_class=8)
    settings = {"model": name, "size": size_of(name), "epochs": 1, "batch": 24, "augment": "", "optimizer": "sgd", "lr": 1e-3, "mix": ""}
    made = train(data, out=str(tmp_path / "run"), speed=speed, **settings)
    said = capsys.readouterr().err
    stored = Run(tmp_path / "run").reopen()[1]["speed"]
    counts = not halves(built(name))
    assert ("bf16" in stored) != counts or speed == "auto"
    assert ("bfloat16 was asked for and is not used: this network counts on more digits" in said) == (counts and speed != "auto")
    val = made.parts.parts["val"]
    exact = evaluate(made.classifier.faster(), val, quiet=True)
    assert (exact.precision, exact.figures["top1"]["value"]) == ("float32", made.validation["top1"]["value"])
    if counts:
        with pytest.raises(UsageError, match="needs more precision than bfloat16 has: leave --speed out"):
            made.classifier.faster("bf16")
        return
    rough = made.classifier.faster("bf16")
    assert rough.note == ""
    assert evaluate(rough, val, quiet=True).figures["precision"] == rough.precision
    assert rough.classify(val.source(0)).label in made.classifier.classes


@pytest.mark.parametrize("name", rows(costly=False))
def test_the_whole_road(name, tmp_path, monkeypatch, capsys):
    walk(name, tmp_path, monkeypatch, capsys, "bf16 channels-last")


@pytest.mark.parametrize("name", [name if name in CHEAP else pytest.param(name, marks=pytest.mark.slow) for name in rows(costly=False)])
def test_the_whole_road_at_the_speed_that_a_rule_chooses(name, tmp_path, monkeypatch, capsys):
    walk(name, tmp_path, monkeypatch, capsys, "auto")


@pytest.mark.slow
@pytest.mark.parametrize("name", rows(costly=True))
def test_the_whole_road_of_larger_ones(name, tmp_path, monkeypatch, capsys):
    walk(name, tmp_path, monkeypatch, capsys, "bf16 channels-last")
