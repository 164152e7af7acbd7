"""One figure of each kind, made of small values in the style that is asked for."""

from functools import cache

import numpy as np
import torch

from clearsight.augment.registry import parse
from clearsight.base.check import Check
from clearsight.evaluation.stress import StressResult
from clearsight.images.preprocess import Preprocessing
from clearsight.look.augmented import examples, written
from clearsight.look.challenges import LECTURE, Challenged, Trial, Variation
from clearsight.look.challenges import Row as Challenge
from clearsight.look.convolution import NO_MATCH, calculate
from clearsight.look.embedding import Near
from clearsight.look.maximise import Ideal
from clearsight.look.patches import Found
from clearsight.look.preprocessing_steps import Answer, Stage
from clearsight.look.receptive_field import UnitField
from clearsight.look.simple_cells.cells import Cells
from clearsight.look.simple_cells.gabor_fit import GaborFit
from clearsight.look.target import Subject
from clearsight.look.tuning import Stage as Tuned
from clearsight.look.tuning import phases
from clearsight.look.unit import recompute_unit
from clearsight.look.views import Similarities, nt_xent
from clearsight.look.why import METHODS, Explanation
from clearsight.look.why.checks import Curves, Verdict
from clearsight.look.why.table import method
from clearsight.models import facts
from clearsight.models.history import keras_models
from clearsight.reports.figures.augmented import Row, contact_sheet
from clearsight.reports.figures.challenges import challenge_curves, challenge_figure, variation_sheet
from clearsight.reports.figures.convolution import curve_figure, frame
from clearsight.reports.figures.embedding import before_after_figure, embedding_figure, neighbour_sheet
from clearsight.reports.figures.explanation import heat_figure, method_sheet
from clearsight.reports.figures.history import descent_figure, ilsvrc_figure, keras_figure
from clearsight.reports.figures.label_curve import figure as label_curve
from clearsight.reports.figures.maps import feature_sheet, filter_sheet, ideal_sheet, patch_sheet
from clearsight.reports.figures.network import comparison_figure, network_figure
from clearsight.reports.figures.preprocessing import preprocessing_figure
from clearsight.reports.figures.receptive_field import field_figure
from clearsight.reports.figures.scorecard import scorecard_figure
from clearsight.reports.figures.sheet import Group, Tile, sheet
from clearsight.reports.figures.simple_cells import cells_figure
from clearsight.reports.figures.triptych import Panel, triptych_figure
from clearsight.reports.figures.tuning import tuning_figure
from clearsight.reports.figures.unit import unit_figure
from clearsight.reports.figures.views import views_figure

RNG = np.random.default_rng(0)
GREY = torch.arange(256, dtype=torch.uint8).reshape(1, 16, 16)
RGB = RNG.integers(0, 256, (16, 16, 3), dtype=np.uint8)
CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")

STAGES = [Tuned(f"layer{i}", 10**i) for i in range(1, 7)]


def noise(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def net():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.ReLU())


def explanation(name="grad-cam"):
    checks = [Check("deletion", True, "area 0.116, elsewhere 0.234"), Check("insertion", False, "area 0.684, elsewhere 0.889")]
    verdict = Verdict(checks, Curves(torch.linspace(0.9, 0.1, 17), torch.linspace(0.2, 0.9, 17)), noise(16, 16), noise(16, 16), 2)
    return Explanation(method(name), "Ankle boot", 0.926, "pool2", noise(16, 16), verdict)


def subject(trained=True):
    return Subject("net", net(), Preprocessing(1, 16, 16), trained, CLASSES)


def patch(channel, value):
    return Found(channel, value, "a.png", 0, 0, (0, 0, 8, 8), GREY, noise(1, 16, 16))


def labelled(i):
    return Tile(RGB, f"{i + 1}. {CLASSES[i % 10]}", None, f"likely {CLASSES[-1 - i % 10]} 97%")


def unit(style, trained=True):
    found = recompute_unit(net(), noise(1, 2, 8, 8), "0", 1, (2, 3))
    return unit_figure("net  0, channel 1 at 2,3", found, 10, trained=trained, style=style)


def challenged():
    trials = tuple(Trial(0.1 * i, RGB, CLASSES[i], 0.9 - 0.1 * i, 0.5, i > 2) for i in range(1, 6))
    return Challenged(
        RGB, CLASSES[0], 0.93, tuple(Challenge(name, "occlusion", "share of the area covered by grey", trials) for name in LECTURE)
    )


@cache
def followed(name):
    return facts.summary(name)


def stressed():
    def rows(name, key, values):
        return [{"name": name, key: i + 1, "top1": v, "low": v - 0.05, "high": v + 0.05, "n": 100} for i, v in enumerate(values)]

    share = {"top1": 0.7, "low": 0.6, "high": 0.8, "n": 100}
    return StressResult(
        clean={"value": 0.86, "low": 0.84, "high": 0.88, "n": 1000},
        classes=CLASSES,
        corruptions=rows("frost", "severity", (0.8, 0.7, 0.6, 0.5, 0.3)) + rows("jpeg_compression", "severity", (0.8,) * 5),
        challenges=rows("rotation", "strength", (0.8, 0.6, 0.3, 0.2, 0.1)),
        places=[[share] * 5] * 5,
        shortcuts=[{"probe": "border", "ok": False, "says": "from the outermost pixels alone, 66.2% are classified correctly"}],
    )


def curves():
    def row(labelled, value, seeds):
        return {"labelled": labelled, "value": value, "low": value - 0.05, "high": value + 0.05, "seeds": seeds}

    return {"from scratch": [row(100, 0.6, 3), row(1000, 0.8, 3)], "fine-tuned": [row(100, 0.7, 1), row(1000, 0.81, 1)]}


def cells(name="photos", trained=True):
    fits = tuple(GaborFit(1 - i / 30, 6.0 * i, 0.2, 0.0, 0.0, 0.0, 2.0, 1.5) for i in range(30))
    return Cells(name, noise(30, 12, 12).numpy(), fits, trained, "sparse coding")


def seen(style):
    found = [Similarities(name, (noise(8, 8).numpy() / 9).clip(-1, 1), name != "lenet5") for name in ("lenet5", "runs/features")]
    return views_figure("digits", torch.stack([GREY] * 8), found, nt_xent(np.eye(4), 0.5), 0.5, style=style)


def field(picture=RGB):
    return UnitField((2, 3), (-2, 3, 8, 13), "exact", 0.2, np.abs(noise(16, 16).numpy()), 0.16, picture)


MAKERS = {
    "convolution": lambda style: frame(calculate(), None, "A filter slides over a picture", (1, 2), style=style),
    "convolution, moving": lambda style: frame(calculate(), (1, 2), "A filter slides over a picture", style=style),
    "max pooling": lambda style: frame(calculate("maxpool"), None, "Max pooling: each map on its own", style=style),
    "average pooling": lambda style: frame(calculate("avgpool"), (0, 3), "Average pooling", style=style),
    "curve": lambda style: curve_figure(calculate("curve"), calculate("curve", picture=NO_MATCH), "A curve detector", style=style),
    "unit": unit,
    "filters": lambda style: filter_sheet("net  conv1", noise(12, 1, 5, 5), "shared", 256, style=style),
    "simple cells": lambda style: cells_figure(cells(), style=style),
    "simple cells, networks": lambda style: cells_figure(cells(), [cells("resnet18 conv1", False)] * 2, style=style),
    "tuning": lambda style: tuning_figure("resnet18, --tune gradual", STAGES, phases(STAGES, "gradual"), style=style),
    "views": lambda style: seen(style),
    "features": lambda style: feature_sheet("net", {"conv1": noise(9, 12, 12), "pool1": noise(9, 6, 6).abs()}, "own", 8, style=style),
    "features, one scale": lambda style: feature_sheet("net", {"conv1": noise(9, 12, 12)}, "shared", 8, style=style),
    "field": lambda style: field_figure("net  conv2 at 2,3", field(), style=style),
    "patches": lambda style: patch_sheet(
        "net  conv2", [patch(c, 4.0 - i) for c in (3, 7) for i in range(9)], style=style
    ),
    "maximise": lambda style: ideal_sheet("net  fc", [Ideal(c, noise(3, 16, 16).sigmoid(), -0.1, 1.7, []) for c in range(4)], style=style),
    "why": lambda style: heat_figure(subject(), GREY, explanation(), style=style),
    "why all": lambda style: method_sheet("net", GREY, [explanation(name) for name in METHODS if name != "rollout"], style=style),
    "embedding": lambda style: embedding_figure(
        "net  data  pca", "60 pictures, purity 83.1%", noise(60, 2).numpy(), [RGB] * 60, [i % 10 for i in range(60)], CLASSES, style=style
    ),
    "embedding before": lambda style: before_after_figure(
        "data  pca", [(f"{name}: net", "purity 83.1%", noise(60, 2).numpy()) for name in ("before", "after")], [RGB] * 60,
        [i % 10 for i in range(60)], CLASSES, style=style,
    ),
    "neighbours": lambda style: neighbour_sheet(
        "net  cat.png", RGB, [Near(i, "a.png", CLASSES[i], 0.97) for i in range(10)], [RGB] * 10, style=style
    ),
    "preprocessing": lambda style: preprocessing_figure(
        "net  cat.png",
        [Stage(name, "as stored, 451×300 px, colour", RGB) for name in ("file", "channels", "size", "numbers")],
        [Answer(name, "what it does to the picture", "Ankle boot", 0.93, name == "bgr") for name in ("", "bgr", "0 to 255", "fit stretch")],
        style=style,
    ),
    "augment": lambda style: contact_sheet(
        "data", [Row(written(op), "a change", GREY, examples(op, GREY, torch.tensor([0]), 0, 7)) for op in parse("flip rotate:30")],
        style=style,
    ),
    "labels": lambda style: sheet(
        "photos: likely label errors",
        [Group([labelled(i) for i in range(30)], note="note", columns=7)],
        style=style,
    ),
    "label curve": lambda style: label_curve("data: accuracy by number of labels", "1,000 test pictures", curves(), style=style),
    "network": lambda style: network_figure("googlenet", followed("googlenet"), style=style),
    "networks": lambda style: comparison_figure([(n, followed(n)) for n in ("vgg16", "alexnet-lecture")], style=style),
    "challenges": lambda style: challenge_figure("cat.jpg under the challenges", challenged(), style=style),
    "challenge curves": lambda style: challenge_curves("lenet5 on digits: the challenges", stressed(), style=style),
    "variation": lambda style: variation_sheet(
        "cat: 16 pictures of one class", Variation("cat", tuple(range(16)), (0.5,) * 16, 0.41, {"cat": 0.41}), [RGB] * 16, style=style
    ),
    "ilsvrc": lambda style: ilsvrc_figure(style=style),
    "descent": lambda style: descent_figure(style=style),
    "keras": lambda style: keras_figure(keras_models(), style=style),
    "triptych": lambda style: triptych_figure(
        [Panel(RGB, "x", "panda", 0.57), Panel(RGB, "sign(∇ₓJ)", "worm", 0.1), Panel(RGB, "x + ε·sign(∇ₓJ)", "gibbon", 0.99)],
        "1.785/255", "fgsm, ε = 1.79 of 255 levels, 224×224 px. White box: the network's own gradient.", style=style,
    ),
    "scorecard": lambda style: scorecard_figure(stressed(), "lenet5 on fashion-mnist, test", style=style),
}  # fmt: skip
