"""A small page of each live figure, as its command makes it; what a window shows of one."""

from functools import cache
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure

from clearsight.attacks.picture import attack_picture
from clearsight.attacks.sweep import sweep
from clearsight.augment.registry import parse
from clearsight.datasets.open import open_dataset
from clearsight.look import convolution as on_paper
from clearsight.look.challenges import challenges, variation
from clearsight.look.features import maps
from clearsight.look.filters import kernels
from clearsight.look.handmade.nudged import nudged
from clearsight.look.target import subject
from clearsight.look.unit import recompute_unit
from clearsight.look.views import similarities
from clearsight.models.facts import summary
from clearsight.models.summary import summarise
from clearsight.reports.live.answer import live_answer
from clearsight.reports.live.attack import live_attack
from clearsight.reports.live.augment import live_augment
from clearsight.reports.live.challenges import live_challenges
from clearsight.reports.live.connected import live_connected
from clearsight.reports.live.convolution import live_convolution, live_pooling, live_volume
from clearsight.reports.live.curves import live_gradients
from clearsight.reports.live.descent import live_descent
from clearsight.reports.live.dog import live_dog
from clearsight.reports.live.filters import live_filters
from clearsight.reports.live.ilsvrc import live_ilsvrc
from clearsight.reports.live.maps import live_maps
from clearsight.reports.live.network import live_network
from clearsight.reports.live.nt_xent import live_nt_xent
from clearsight.reports.live.nudged import live_nudged
from clearsight.reports.live.page import Live, page
from clearsight.reports.live.receptive_field import live_receptive_field
from clearsight.reports.live.regression import live_regression
from clearsight.reports.live.sheet import live_sheet
from clearsight.reports.live.softmax import live_softmax
from clearsight.reports.live.sorted_table import live_keras
from clearsight.reports.live.top_k import live_top_k
from clearsight.reports.live.tuning import live_tuning
from clearsight.reports.live.unit import live_unit
from clearsight.reports.live.variation import live_variation
from tests.attacks.victims import classifier, convnet, pictures

LECTURE, MATCH, POOLED = (on_paper.calculate(name) for name in ("lecture", "curve", "maxpool"))
VOLUME = on_paper.calculate("volume", through="relu,maxpool,avgpool3x3/2")
STACK = summarise(subject("conv3x3 conv3x3 conv3x3", (3, 12, 12)).model, (3, 12, 12))
NET, INPUT = convnet(), pictures(1).float() / 255
MAPS, UNIT = maps(NET, INPUT, ["0", "3"]), recompute_unit(NET, INPUT, "3", 2)
VICTIM = classifier(channels=3)
SWEPT = sweep(VICTIM, attack_picture(VICTIM, pictures(1, 3)[0].permute(1, 2, 0).numpy(), epsilon=20 / 255))
LOGITS = torch.tensor([3.2, 5.1, -1.7, *(-0.1 * k for k in range(20))])
DIGIT_NET = classifier(classes=10)
FIRST = pictures(1, 3)[0].permute(1, 2, 0).numpy()
DIGITS = open_dataset("digits")
NUDGED = nudged(np.random.default_rng(0).integers(60, 180, (48, 48, 3), np.uint8))


VARIED = DIGITS["test"].subset(range(100))
UNLIKE = torch.from_numpy(np.stack([VARIED.source(i).ravel() for i in range(100)])).float()  # pixels as features


def varied() -> Live:
    """The most unlike ones of 100 digits, by their pixels."""
    found = [variation(UNLIKE, VARIED.labels.tolist(), VARIED.classes, label) for label in VARIED.classes]
    return live_variation(found, UNLIKE, VARIED.source, "pixels")


def drawn() -> Live:
    """Softmax regression on 200 digits."""
    part = DIGITS["train"].subset(range(200))
    x = torch.from_numpy(np.stack([part.source(i) for i in range(200)])).double() / 255
    return live_regression(x, torch.from_numpy(part.labels.astype("int64")), x[:3], DIGITS.classes)


def of_views() -> Live:
    """Two views of four pictures, to a network that has learnt nothing."""
    made = torch.randint(0, 256, (8, 1, 28, 28), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    return live_nt_xent(made, [similarities(subject("lenet5", (1, 28, 28), 10), made)])


LIVE: dict[str, Any] = {
    "convolution": lambda: live_convolution(LECTURE, "A filter slides over a picture"),
    "curve": lambda: live_convolution(MATCH, "A curve detector", {"match": MATCH.picture[0], "another shape": on_paper.NO_MATCH}),
    "volume": lambda: live_volume(VOLUME, "Six filters"),
    "pooling": lambda: live_pooling(POOLED, "Max pooling"),
    "receptive_field": lambda: live_receptive_field(STACK, "Three 3×3 layers"),
    "maps": lambda: live_maps(MAPS, "Feature maps", 6),
    "unit": lambda: live_unit(UNIT, UNIT.place),
    "network": lambda: live_network(summary("alexnet-lecture"), "alexnet-lecture"),
    "ilsvrc": live_ilsvrc,
    "answer": lambda: live_answer(VICTIM, FIRST, FIRST),
    "challenges": lambda: live_challenges(challenges(VICTIM, FIRST)),
    "connected": live_connected,
    "curves": live_gradients,
    "descent": live_descent,
    "dog": lambda: live_dog(FIRST),
    "filters": lambda: live_filters(*kernels(subject("gabor").model), "Gabor functions"),
    "nt_xent": of_views,
    "nudged": lambda: live_nudged(NUDGED),
    "augment": lambda: live_augment(VICTIM, pictures(1, 3)[0], parse("flip rotate:15 blur:1")),
    "regression": drawn,
    "sheet": live_sheet,
    "sorted_table": live_keras,
    "top_k": lambda: live_top_k(DIGIT_NET, DIGITS["test"].subset(range(60))),
    "tuning": lambda: live_tuning(subject("lenet5").model, "lenet5"),
    "variation": varied,
    "attack": lambda: live_attack(SWEPT),
    "softmax": lambda: live_softmax(LOGITS, [f"class {k}" for k in range(23)], "Softmax"),
}


@cache
def example(name: str) -> bytes:
    """The page; the printed figure is an empty one."""
    return page(LIVE[name](), Figure(figsize=(1, 1)))


def numbers(window: Any, label: str) -> list[list[float]]:
    """The numbers of a grid, with all their digits."""
    cells = "rows => rows.map(row => [...row.cells].map(cell => Number(cell.dataset.value)))"
    found: list[list[float]] = window.locator(f'table[aria-label="{label}"] tr').evaluate_all(cells)
    return found


def texts(window: Any, label: str) -> list[list[str]]:
    """The numbers of a grid as they are written."""
    found: list[list[str]] = window.locator(f'table[aria-label="{label}"] tr').evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )
    return found


def cell(window: Any, label: str, row: int, column: int) -> Any:
    """A cell of a grid, rows and columns from 0."""
    return window.locator(f'table[aria-label="{label}"] tr').nth(row).locator("td").nth(column)


def typed(window: Any, label: str, row: int, column: int, value: str) -> None:
    """Click a cell and type a number over its own."""
    cell(window, label, row, column).click()
    window.keyboard.type(value)
    window.keyboard.press("Enter")
