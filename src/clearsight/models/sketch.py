"""A network while it is typed: a name or a formula as a summary, with the characters of each layer, or the characters that are wrong."""

from collections import OrderedDict
from dataclasses import dataclass

from torch import nn

from ..base.errors import UsageError, wrong
from . import canonical, names, published
from .facts import summary
from .formula import CLASSES, FormulaError, Sequence, parse, spans, stack_on_paper
from .summary import Summary, summarise

MAX_SIDE, MAX_CHANNELS, MAX_CLASSES = 10_000, 999, 100_000
Size = tuple[int, int, int]  # channels, rows, columns


@dataclass(frozen=True)
class Sketch:
    """A text that means a network, at an input size: its layers, and the span of characters that each layer of a formula has.

    `name` is the network's, empty for a formula; `complete` is whether it ends in classes, so that it can be trained.
    """

    summary: Summary
    name: str
    complete: bool
    spans: dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Mistake:
    """The reason why a text means no network, and the characters that are wrong; no span where all of it is."""

    reason: str
    span: tuple[int, int] | None


def sketch(text: str, size: Size | None = None, classes: int | None = None) -> Sketch | Mistake:
    """The network that `text` means, at `size` (its own, if not given); nothing is imported, read or allocated for it."""
    try:
        _require_possible(size, classes)
        name = canonical(text.strip())
        if name in names():
            return Sketch(summary(name, size, classes), name, True, {})
        return _of_formula(text, size, classes)
    except FormulaError as error:
        return Mistake(error.reason, (error.start, error.end))
    except UsageError as error:
        return Mistake(str(error), None)


def _require_possible(size: Size | None, classes: int | None) -> None:
    if size and not (1 <= size[0] <= MAX_CHANNELS and all(1 <= side <= MAX_SIDE for side in size[1:])):
        height, width = size[1:]
        allowed = f"1 to {MAX_SIDE:,} rows and columns, and 1 to {MAX_CHANNELS} channels"
        raise wrong("input", allowed, f"{height}×{width}×{size[0]}")
    if classes is not None and not 2 <= classes <= MAX_CLASSES:
        raise wrong("classes", f"2 to {MAX_CLASSES:,}", classes)


def _of_formula(text: str, size: Size | None, classes: int | None) -> Sketch:
    complete = parse(text).layers[-1].word == "softmax"
    own_size, own_classes = published(text) if size is None else (size, CLASSES)
    layers = stack_on_paper(text, own_size, classes or own_classes)
    model = Sequence(layers) if complete else nn.Sequential(OrderedDict(layers))
    return Sketch(summarise(model, own_size), "", complete, dict(zip(layers, spans(text), strict=True)))
