"""AutoAugment: two changes in a row, by one of 25 sub-policies found for a data set, drawn for each picture.

E. Cubuk et al., AutoAugment: learning augmentation strategies from data, CVPR 2019: tables 7 (CIFAR-10), 8 (SVHN) and 9 (ImageNet).
A change has a probability and, if it has an amount, one of 0 to 9, which divide its range (table 6) evenly. Shear, translation
and rotation have a random direction; the border is mirrored.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from ..levels import quantised
from ..op import Change, Row, Size

MAX_AMOUNT = 9
DIRECTION = 2.0  # placeholder for a draw of 0 or 1, which decides the direction
DRAWS = 6  # the line; for each of its changes whether it is applied and its direction; whether the picture is changed at all

LINES = {
    "cifar10": """
        Invert 0.1, Contrast 0.2 6; Rotate 0.7 2, TranslateX 0.3 9; Sharpness 0.8 1, Sharpness 0.9 3;
        ShearY 0.5 8, TranslateY 0.7 9; AutoContrast 0.5, Equalize 0.9; ShearY 0.2 7, Posterize 0.3 7;
        Color 0.4 3, Brightness 0.6 7; Sharpness 0.3 9, Brightness 0.7 9; Equalize 0.6, Equalize 0.5;
        Contrast 0.6 7, Sharpness 0.6 5; Color 0.7 7, TranslateX 0.5 8; Equalize 0.3, AutoContrast 0.4;
        TranslateY 0.4 3, Sharpness 0.2 6; Brightness 0.9 6, Color 0.2 8; Solarize 0.5 2, Invert 0.0;
        Equalize 0.2, AutoContrast 0.6; Equalize 0.2, Equalize 0.6; Color 0.9 9, Equalize 0.6;
        AutoContrast 0.8, Solarize 0.2 8; Brightness 0.1 3, Color 0.7 0; Solarize 0.4 5, AutoContrast 0.9;
        TranslateY 0.9 9, TranslateY 0.7 9; AutoContrast 0.9, Solarize 0.8 3; Equalize 0.8, Invert 0.1;
        TranslateY 0.7 9, AutoContrast 0.9""",
    "svhn": """
        ShearX 0.9 4, Invert 0.2; ShearY 0.9 8, Invert 0.7; Equalize 0.6, Solarize 0.6 6;
        Invert 0.9, Equalize 0.6; Equalize 0.6, Rotate 0.9 3; ShearX 0.9 4, AutoContrast 0.8;
        ShearY 0.9 8, Invert 0.4; ShearY 0.9 5, Solarize 0.2 6; Invert 0.9, AutoContrast 0.8;
        Equalize 0.6, Rotate 0.9 3; ShearX 0.9 4, Solarize 0.3 3; ShearY 0.8 8, Invert 0.7;
        Equalize 0.9, TranslateY 0.6 6; Invert 0.9, Equalize 0.6; Contrast 0.3 3, Rotate 0.8 4;
        Invert 0.8, TranslateY 0.0 2; ShearY 0.7 6, Solarize 0.4 8; Invert 0.6, Rotate 0.8 4;
        ShearY 0.3 7, TranslateX 0.9 3; ShearX 0.1 6, Invert 0.6; Solarize 0.7 2, TranslateY 0.6 7;
        ShearY 0.8 4, Invert 0.8; ShearX 0.7 9, TranslateY 0.8 3; ShearY 0.8 5, AutoContrast 0.7;
        ShearX 0.7 2, Invert 0.1""",
    "imagenet": """
        Posterize 0.4 8, Rotate 0.6 9; Solarize 0.6 5, AutoContrast 0.6; Equalize 0.8, Equalize 0.6;
        Posterize 0.6 7, Posterize 0.6 6; Equalize 0.4, Solarize 0.2 4; Equalize 0.4, Rotate 0.8 8;
        Solarize 0.6 3, Equalize 0.6; Posterize 0.8 5, Equalize 1.0; Rotate 0.2 3, Solarize 0.6 8;
        Equalize 0.6, Posterize 0.4 6; Rotate 0.8 8, Color 0.4 0; Rotate 0.4 9, Equalize 0.6;
        Equalize 0.0, Equalize 0.8; Invert 0.6, Equalize 1.0; Color 0.6 4, Contrast 1.0 8;
        Rotate 0.8 8, Color 1.0 2; Color 0.8 8, Solarize 0.8 7; Sharpness 0.4 7, Invert 0.6;
        ShearX 0.6 5, Equalize 1.0; Color 0.4 0, Equalize 0.6; Equalize 0.4, Solarize 0.2 4;
        Solarize 0.6 5, AutoContrast 0.6; Invert 0.6, Equalize 1.0; Color 0.6 4, Contrast 1.0 8;
        Equalize 0.8, Equalize 0.6""",
}


class Step(NamedTuple):
    """A change of a line: its name in the paper, its probability, and its amount from 0 to 9."""

    name: str
    chance: float
    amount: int


class Kind(NamedTuple):
    """A change of the paper in terms of ours: its row, and strength and draws for an amount from 0 to 1."""

    row: str
    strength: Callable[[float], float]
    draws: Callable[[float], tuple[float, ...]]


def _enhanced(row: str) -> Kind:
    return Kind(row, lambda amount: 1.8 * amount - 0.9, lambda amount: (1.0,))  # factors 0.1 to 1.9


def _always(row: str) -> Kind:
    return Kind(row, lambda amount: 1.0, lambda amount: (0.0,))


KINDS = {
    "ShearX": Kind("shear", lambda amount: 0.3 * amount, lambda amount: (DIRECTION, 0.0)),
    "ShearY": Kind("shear", lambda amount: 0.3 * amount, lambda amount: (DIRECTION, 1.0)),
    "TranslateX": Kind("translate", lambda amount: 150 / 331 * amount, lambda amount: (DIRECTION, 0.5)),  # px of the paper's pictures
    "TranslateY": Kind("translate", lambda amount: 150 / 331 * amount, lambda amount: (0.5, DIRECTION)),
    "Rotate": Kind("rotate", lambda amount: 30 * amount, lambda amount: (DIRECTION,)),
    "Posterize": Kind("posterise", lambda amount: 8 - round(4 * amount), lambda amount: (0.0,)),
    "Solarize": Kind("solarise", lambda amount: 1.0, lambda amount: (0.0, 1 - 2 * amount)),  # from 1 − amount on
    "Color": _enhanced("saturation"),
    "Contrast": _enhanced("contrast"),
    "Brightness": _enhanced("brightness"),
    "Sharpness": _enhanced("sharpen"),
    "AutoContrast": _always("autocontrast"),
    "Equalize": _always("equalise"),
    "Invert": _always("invert"),
}


def _step(text: str) -> Step:
    name, chance, *amount = text.split()
    return Step(name, float(chance), int(amount[0]) if amount else 0)


TABLES = {
    name: tuple((_step(first), _step(second)) for first, second in (line.split(",") for line in text.split(";")))
    for name, text in LINES.items()
}


def auto(rows: Mapping[str, Row], table: str) -> Change:
    """The policy of the data set `table`; its strength is the share of changed pictures."""
    return partial(_auto, rows, TABLES[table])


def _auto(rows: Mapping[str, Row], lines: tuple[tuple[Step, Step], ...], pictures: Tensor, draws: Tensor, size: Size) -> Tensor:
    changed = quantised(pictures).clone()
    line = torch.where(draws[:, 5] < draws[:, -1], (draws[:, 0] * len(lines)).long(), -1)
    for i, steps in enumerate(lines):
        for step, chance, way in zip(steps, draws[:, 1:5:2].unbind(1), draws[:, 2:5:2].unbind(1), strict=True):
            here = torch.nonzero((line == i) & (chance < step.chance))[:, 0]
            if len(here):
                changed[here] = quantised(_apply_step(rows, step, changed[here], way[here]))
    return changed


def _apply_step(rows: Mapping[str, Row], step: Step, pictures: Tensor, way: Tensor) -> Tensor:
    kind, amount = KINDS[step.name], step.amount / MAX_AMOUNT
    row, (channels, height, width) = rows[kind.row], pictures.shape[1:]
    draws = torch.stack([(way < 0.5).float() if draw == DIRECTION else torch.full_like(way, draw) for draw in kind.draws(amount)], 1)
    return row.change(pictures, row.plan(draws, (kind.strength(amount),), (channels, height, width)), (height, width))
