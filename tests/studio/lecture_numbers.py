"""The lecture's numbers in the studio's page: for each figure a check of what is shown against what Python computes."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch

from clearsight.exercises.sheet import sheet
from clearsight.look import convolution as on_paper
from clearsight.look.depth import gradient_by_depth
from clearsight.look.filters import described, kernels
from clearsight.look.target import subject
from clearsight.models.facts import summary
from clearsight.models.history import DESCENT, HUMAN, ILSVRC, keras_models
from clearsight.models.summary import Summary, summarise
from clearsight.reports.live.curves import DEPTHS, DESIGNED, LEARNT, measured
from clearsight.reports.live.lecture import FIRST_LAYERS, FORMULA, FORMULA_INPUT, LOGITS, NETWORKS, STACK, STACK_INPUT
from clearsight.reports.live.sheet import SEED
from tests.reports.live.examples import numbers

READ = "nodes => nodes.map(node => Number(node.dataset.value))"
LECTURE = on_paper.calculate("lecture", through="relu,maxpool")


def values(section: Any, selector: str) -> list[float]:
    """The numbers with all their digits."""
    return list(section.locator(selector).evaluate_all(READ))


def sliding(section: Any) -> None:
    """The map, what is left by ReLU and max pooling: 104 224 / 217.5 52.5, and −44 where the lecture prints 185.5."""
    assert LECTURE.convolution
    relu, pooled = LECTURE.stages
    for label, wanted in (("feature map", LECTURE.convolution.maps), ("after ReLU", relu.maps), ("2×2 max pool", pooled.maps)):
        assert numbers(section, label) == wanted[0].tolist()
    assert numbers(section, "2×2 max pool") == [[104, 224], [217.5, 52.5]]
    for place in range(1, 3):
        section.get_by_role("button", name="Next").click()
        step = LECTURE.convolution.step(0, 0, place)
        shown = [value for row in numbers(section, "products") for value in row]
        assert shown == pytest.approx(step.products[0].flatten().tolist(), abs=1e-9)
    assert section.locator(".sum").inner_text().endswith("= −44")


def curve(section: Any) -> None:
    """6600 on the curve, 0 on another shape."""
    for picture, wanted in (("match", 6600), ("another shape", 0)):
        section.get_by_role("button", name=picture).click()
        assert numbers(section, "feature map") == [[wanted]]
        assert sum(sum(row) for row in numbers(section, "products")) == wanted


def volume(section: Any) -> None:
    """28×28×6 from 456 parameters; a number is the sum of 75 products and the bias."""
    found = on_paper.calculate("volume").convolution
    assert found and "32×32×3 → 28×28×6, 456 parameters" in section.inner_text()
    products = []
    for channel in ("red", "green", "blue"):
        section.get_by_role("button", name=channel, exact=True).click()
        products += [value for row in numbers(section, "products") for value in row]
    shown = values(section, "[data-value]:has(> .sum)")
    assert len(products) == 75 and shown == [pytest.approx(sum(products) + found.bias[0])] == [float(found.maps[0, 14, 14])]


def pooling(section: Any) -> None:
    """6 8 / 3 4."""
    assert numbers(section, "after pooling") == on_paper.calculate("maxpool").stages[0].maps[0].tolist() == [[6, 8], [3, 4]]


def softmax(section: Any) -> None:
    """Three logits and their probabilities."""
    assert values(section, ".share") == pytest.approx(torch.tensor(LOGITS, dtype=torch.float64).softmax(0).tolist())


def stack(section: Any) -> None:
    """3×3, 5×5, 7×7."""
    seen = [layer.receptive_field() for layer in summarise(subject(STACK, STACK_INPUT).model, STACK_INPUT).layers]
    fields = section.locator("tbody tr:not([hidden]) td:nth-child(4)").all_inner_texts()
    assert fields[:3] == ["×".join(map(str, one["size"])) for one in seen if one][:3] == ["3×3", "5×5", "7×7"]
    assert "sees 7×7 pixels" in section.locator(".sum").inner_text()


def layers(found: Summary, sees: str, section: Any) -> None:
    """Every count of parameters, their sum, and the largest field that is not all."""
    listed = [row for row in found.rows if row.listed]
    assert sum(values(section, "td[data-value]")) == found.parameters == sum(row.parameters for row in listed)
    own = found.parameters - found.auxiliary
    assert f"{own:,} parameters" in section.locator(".hint").last.inner_text() or f"{own:,} parameters" in section.inner_text()
    assert sees in section.locator("tbody").inner_text()


def network(name: str, section: Any) -> None:
    """A network of the lecture; AlexNet's largest receptive field is 195."""
    found = summary(name)
    fields = [row.receptive_field() for row in found.rows if row.listed]
    largest = max((one["size"] for one in fields if one and one["status"] != "whole input"), default=[0, 0])
    assert name != "alexnet-lecture" or largest == [195, 195]
    layers(found, "×".join(map(str, largest)), section)


def formula(section: Any) -> None:
    """The formula's network."""
    layers(summarise(subject(FORMULA, FORMULA_INPUT, 10).model, FORMULA_INPUT), "", section)


def filters(name: str, section: Any) -> None:
    """As many filters as the first layer has, of its size."""
    count, channels, rows, columns = next(row.shapes[0] for row in summary(name).rows if row.shapes)
    text = f": {count} filters of {rows}×{columns} px and {channels} input channels"
    assert text in section.locator(".living > p").first.inner_text() and section.locator(".kernels canvas").count() == count


def gabor(section: Any) -> None:
    """Each Gabor function with its orientation."""
    _, weights = kernels(subject("gabor").model)
    angles = [float(one.split(": ")[1].split("°")[0]) for one in section.locator("figcaption").all_inner_texts()]
    assert angles == pytest.approx([one.orientation for one in described(weights)], rel=5e-3)


def descent(section: Any) -> None:
    """The stations with their years."""
    rows = sorted(DESCENT, key=lambda one: one.year)
    assert section.locator(".stations b").all_inner_texts() == [one.label for one in rows]
    assert section.locator(".stations span").all_inner_texts() == [str(one.year) for one in rows]


def connected(section: Any) -> None:
    """6·6·256·4096 weights, and 94 % of AlexNet's parameters in three such layers."""
    inputs, neurons = 6 * 6 * 256, 4096
    assert values(section, ".facts b") == [inputs, inputs * neurons, inputs * neurons + neurons]
    rows = [row for row in summary("alexnet-lecture").rows if row.listed]
    full = sum(row.parameters for row in rows if row.says.startswith("FC"))
    assert values(section, ".share") == [pytest.approx(full / sum(row.parameters for row in rows))] == [pytest.approx(0.94, abs=5e-4)]


def ilsvrc(section: Any) -> None:
    """The winners' errors, and a person's."""
    assert values(section, "td[data-value]") == [one.error for one in ILSVRC]
    assert f"a person, {100 * HUMAN:.3g} %" in section.locator(".hint").last.inner_text()


def keras(section: Any) -> None:
    """26 counts of parameters."""
    wanted = sorted(keras_models(), key=lambda one: str(one["model"]).lower())
    section.get_by_role("button", name="parameters").click()
    assert values(section, "tbody td:nth-child(5)") == sorted((one["counted"] for one in wanted), reverse=True)
    assert len(wanted) == 26


def exercises(section: Any) -> None:
    """The points of the twenty exercises."""
    assert values(section, ".facts b[data-value]") == [sheet(SEED).points]


def gradients(section: Any) -> None:
    """The gradient of the first layer, through 20 and 56 layers, with shortcuts and without."""
    wanted = [gradient_by_depth(depth, shortcuts)[0] for depth in DEPTHS for shortcuts in (True, False)]
    assert values(section, ".measured td[data-value]") == pytest.approx(wanted)


def by_labels(names: tuple[str, ...], section: Any) -> None:
    """The errors that were measured with the fewest labels and with the most, their intervals, n and draws."""
    heads = measured()["heads"]
    points = {row["name"]: row["points"] for row in heads["features"]}
    for key, place in (("End", -1), ("Home", 0)):
        section.get_by_role("slider").press(key)
        at = [points[name][place] for name in names]
        assert section.get_by_role("slider").get_attribute("aria-valuetext") == str(heads["labels"][place])
        assert values(section, ".measured td[data-value]") == [one["value"] for one in at]
        shown = [f"{100 * one['low']:.1f} % to {100 * one['high']:.1f} %" for one in at]
        assert section.locator(".measured td:nth-child(4)").all_inner_texts() == shown
    source = section.locator(".source").inner_text()
    assert f"{measured()['n']} test pictures" in source and f"{heads['draws']} draws" in source


def plateau(section: Any) -> None:
    """The errors of the first epoch, and the learning rates of the first epoch and of the last."""
    runs = measured()["networks"]["runs"]
    first = [run["epochs"][0] for run in runs]
    assert values(section, ".measured td[data-value]") == [one[part] for one in first for part in ("training", "validation")]
    assert [float(text) for text in section.locator("b.beside").all_inner_texts()] == [one["lr"] for one in first]
    section.get_by_role("slider").press("End")
    last = max(runs, key=lambda run: len(run["epochs"]))["epochs"][-1]
    assert f"{last['lr']:.3g}" in [f"{float(text):.3g}" for text in section.locator("b.beside").all_inner_texts() if text != "–"]


def members(section: Any) -> None:
    """The error of one network, of the mean of seven; the paper's 18.2 and 15.4 %."""
    runs = measured()["networks"]["runs"]
    for key, place in (("End", -1), ("Home", 0)):
        section.get_by_role("slider").press(key)
        assert values(section, ".measured td[data-value]") == [run["errors"][place]["value"] for run in runs]
    assert "18.2 % top-5 error of one network, 15.4 % of seven" in section.locator(".source").inner_text()


def tuning(section: Any) -> None:
    """LeNet-5's parameters, and those of its head."""
    assert values(section, ".facts b") == [850] and sum(values(section, "td[data-value]")) == summary("lenet5").parameters == 61_706


def regression(section: Any) -> None:
    """A weight for each pixel and class, and a bias for each class."""
    assert "650" in section.inner_text()


CHECKS: dict[str, Callable[[Any], None]] = {
    "convolution": sliding, "chain": sliding, "curve": curve, "volume": volume, "pooling": pooling, "logits": softmax, "stack": stack,
    "formula": formula, "gabor": gabor, "descent": descent, "connected": connected, "ilsvrc": ilsvrc, "keras": keras,
    "sheet": exercises, "gradients": gradients, "plateau": plateau, "members": members,
    "training-size": partial(by_labels, DESIGNED), "few-labels": partial(by_labels, LEARNT),
    **{f"first-{name}": partial(filters, name) for name in FIRST_LAYERS},
    **{name: partial(network, words) for name, (words, _) in NETWORKS.items()},
}  # fmt: skip
