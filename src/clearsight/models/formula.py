"""The lecture's formula as a language: `[(conv32 relu)*2 pool]*3 (fc128 relu)*1 softmax` is a network, and its name.

A formula is a sequence of layers. Brackets, round or square, enclose a part that `*N` repeats; arrows (→ or ->) between layers
and capitals are ignored. `conv96-11x11/4` is 96 filters of 11×11 at stride 4; p, g, d are padding, groups,
dilation. `conv64` alone is VGG's 3×3 padded by 1; an explicit kernel is padded only with p, as in the lecture's
AlexNet; without a width the number of channels is kept. `softmax` ends a classifier: a linear layer to its classes.

Weights are initialised as in K. He et al., Delving deep into rectifiers, 2015 (fan-in), biases with zero, the last layer as in
torch, like the registry's AlexNet. `softmax vgg` initialises as torchvision's VGG: convolutions by fan-out, linear layers
with N(0, 0.01).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from torch import Tensor, nn

from ..base.compute.device import shapes_only
from ..base.errors import UsageError, listed, plain
from .base import Model
from .words import ALIASES, LARGEST, OPTIONS, POSITIVE, STARTS, WORDS, DoesNotFit, Options, Shape, require_affordable, resolved, written

PAPER = (None, "the lecture's formula: [(CONV → RELU)*N → POOL]*M → (FC → RELU)*K → SOFTMAX")
CLASSES, SMALLEST, RECIPE = 10, 1, "quick"
MAX_LAYERS = 1000
MAX_LETTERS = 20_000
MAX_DIGITS = 9
CLOSING = {"(": ")", "[": "]"}
BETWEEN = re.compile(r"(?:\s|→|->)+")
TIMES = re.compile(r"\s*[*×]\s*")
TOKEN = re.compile(r"(?:(?!→|->)[^\s()\[\]])+")
LONG = re.compile(rf"\d{{{MAX_DIGITS + 1},}}")
NAME = re.compile("|".join(sorted([*WORDS, *ALIASES, *STARTS], key=len, reverse=True)), re.IGNORECASE | re.ASCII)
FORMULA = re.compile(rf"[\[\]()*→]|->|(?:^|\s)(?:{'|'.join([*WORDS, *ALIASES])})(?![a-z_])", re.IGNORECASE)
UNSEEN = ("flatten", "dropout", "bn", *(word for word, kind in WORDS.items() if kind.says == "activation"))


class FormulaError(UsageError):
    """A formula that cannot be parsed or built; a caret points at the character.

    `reason` is the line without the formula; `start` and `end` enclose the characters that are wrong, none at the end of the text.
    """

    table = True

    def __init__(self, reason: str, drawing: str, span: tuple[int, int]) -> None:
        super().__init__(f"in the formula, {reason}\n{drawing}")
        self.reason = reason[0].upper() + reason[1:]
        self.start, self.end = span


@dataclass(frozen=True)
class Layer:
    """A word with all its options, and the indices of its first character and of its end."""

    word: str
    options: Options
    at: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return written(self.word, self.options)


@dataclass(frozen=True)
class Formula:
    """The layers of a formula, brackets expanded, and the word of STARTS for the initialisation of its weights."""

    layers: tuple[Layer, ...]
    start: str = "he"
    text: str = field(default="", compare=False)

    def __str__(self) -> str:
        return compact([str(layer) for layer in self.layers]) + ("" if self.start == "he" else f" {self.start}")


def is_formula(name: str) -> bool:
    """Whether `name` is a formula rather than the name of a network."""
    return FORMULA.search(name) is not None


def parse(text: str) -> Formula:
    """The layers of the formula `text`; raises UsageError that points at the first wrong character."""
    if len(text) > MAX_LETTERS:
        raise _mistake(text, MAX_LETTERS, f"{len(text):,} characters; {MAX_LETTERS:,} are allowed", span=(MAX_LETTERS, len(text)))
    open_at: list[int] = []
    rows: list[list[Layer]] = [[]]
    at, beginning = _skip(text, 0), ""
    while at < len(text):
        if beginning:
            raise _mistake(text, at, f"nothing may follow {beginning}")
        start = begun = at
        letter = text[at]
        if letter in CLOSING:
            open_at.append(at)
            rows.append([])
            at = _skip(text, at + 1)
            continue
        if open_at and letter == CLOSING[text[open_at[-1]]]:
            part, begun = rows.pop(), open_at.pop()
            at += 1
            if not part:
                raise _mistake(text, start, "an empty bracket", f"layers: {listed(WORDS, 30)}", span=(begun, at))
        else:
            layer, at = _layer(text, at, CLOSING[text[open_at[-1]]] if open_at else "")
            part = [layer] if isinstance(layer, Layer) else []
            beginning = "" if isinstance(layer, Layer) else layer
        count, at = _times(text, at, len(part))
        rows[-1] += part * count
        if len(rows[-1]) > MAX_LAYERS:
            raise _mistake(text, start, f"{len(rows[-1]):,} layers by here; {MAX_LAYERS:,} are allowed", span=(begun, at))
        at = _skip(text, at)
    if open_at:
        last = open_at[-1]
        raise _mistake(text, last, f"this bracket is never closed: {CLOSING[text[last]]} is missing", span=(last, last + 1))
    return Formula(_ordered(text, rows[0]), beginning or "he", text)


def _skip(text: str, at: int) -> int:
    found = BETWEEN.match(text, at)
    return found.end() if found else at


def _layer(text: str, at: int, closing: str) -> tuple[Layer | str, int]:
    """The layer that begins at `at`, or the word of STARTS, and the index of its end."""
    found = NAME.match(text, at)
    if not found:
        brackets = f"( [ {closing}".strip().replace(" ", " or ")
        raise _mistake(text, at, f"no layer begins with {text[at : at + 12].split()[0]!r}", f"{listed(WORDS, 30)}; or {brackets}")
    start, at = at, found.end()
    word, given = ALIASES.get(found[0].lower(), (found[0].lower(), {}))
    if word in STARTS and not closing:
        return word, at
    if word in STARTS:
        raise _mistake(text, start, f"{word} follows softmax, not in brackets", span=(start, at))
    kind, given = WORDS[word], dict(given)
    open_to = [] if given else list(kind.options)
    while at < len(text) and not BETWEEN.match(text, at) and text[at] not in "()[]*×":
        for name in open_to:
            option = OPTIONS[name][0].match(text, at)
            if option:
                given[name] = _value(text, name, option)
                open_to = [] if name == "grid" else [other for other in open_to if other not in (name, "grid")]
                at = option.end()
                break
        else:
            may = ", ".join(OPTIONS[name][1] for name in open_to) or "a space, an arrow, a bracket or *"
            raise _mistake(text, at, f"{text[at]!r} cannot follow {text[start:at]!r}", may)
    if kind.needs and kind.needs not in given:
        raise _mistake(text, at, f"{word} needs its {kind.needs}", f"{word}128", span=(start, at))
    return Layer(word, resolved(word, given), start, at), at


def _value(text: str, name: str, found: re.Match[str]) -> object:
    """The value of an option; raises FormulaError for one that is too small or too large."""
    long, least = LONG.search(found[0].partition(".")[0]), 1 if name in POSITIVE else 0
    if not long:
        value: object = OPTIONS[name][2](found)
        numbers = value if isinstance(value, tuple) else (value,)
        if all(isinstance(number, bool) or least <= number <= LARGEST for number in numbers):
            return value
    got = f"{long[0][:MAX_DIGITS]}…" if long else next(number for number in numbers if not least <= number <= LARGEST)
    raise _mistake(text, found.start(), f"a {name} must be {least} to {LARGEST:,}. Got {got}", span=found.span())


def _times(text: str, at: int, layers: int) -> tuple[int, int]:
    star = TIMES.match(text, at)
    if not star:
        return 1, at
    number = re.compile(r"\d+").match(text, star.end())
    if not number:
        token = TOKEN.match(text, star.end())
        span = token.span() if token else (at, star.end())
        raise _mistake(text, star.end(), "how often must be a whole number", "*2", span=span)
    if len(number[0]) > MAX_DIGITS or int(number[0]) * layers > MAX_LAYERS:
        raise _mistake(text, star.end(), f"too often: {MAX_LAYERS:,} layers are allowed", span=number.span())
    return int(number[0]), number.end()


def _ordered(text: str, layers: list[Layer]) -> tuple[Layer, ...]:
    """The same layers; raises UsageError if a layer follows softmax."""
    if not layers:
        raise _mistake(text, len(text), "a formula without layers", listed(WORDS, 30), span=(0, len(text)))
    for layer, after in pairwise(layers):
        if layer.word == "softmax":
            wrong = max(layer, after, key=lambda one: one.at)
            may = f"the end, or {listed(STARTS)}"
            raise _mistake(text, wrong.at, "softmax is the last layer, nothing follows it", may, span=(wrong.at, wrong.end))
    return tuple(layers)


def _mistake(text: str, at: int, says: str, may: str = "", *, span: tuple[int, int] | None = None) -> FormulaError:
    """The error with the line of the formula and a caret under the character `at`; without a `span`, the rest of the word is wrong."""
    if span is None:
        token = TOKEN.match(text, at)
        span = token.span() if token else (at, min(at + 1, len(text)))
    start = max(text.rfind("\n", 0, at) + 1, at - 60)
    line = text[start:].split("\n")[0][:110]
    allowed = f" Allowed here: {may}." if may else ""
    caret = " " * len(plain(text[start:at])) + "^"
    return FormulaError(f"character {at + 1}: {says}.{allowed}", f"    {plain(line)}\n    {caret}", span)


def compact(words: list[str]) -> str:
    """The sequence of words, with repetitions in brackets: `(conv64 relu)*2 pool`."""
    out, i = [], 0
    while i < len(words):
        period, count = _repeat(words, i)
        part = compact(words[i : i + period]) if period > 1 else words[i]
        if count > 1 and period > 1:
            part = f"[{part}]" if "(" in part else f"({part})"
        out.append(part + (f"*{count}" if count > 1 else ""))
        i += period * count
    return " ".join(out)


def _repeat(words: list[str], i: int) -> tuple[int, int]:
    """The period and the count of the repetition at `i` that covers most words."""
    best = (1, 1)
    for period in range(1, (len(words) - i) // 2 + 1):
        unit, count = words[i : i + period], 1
        while words[i + count * period : i + (count + 1) * period] == unit:
            count += 1
        if count > 1 and period * count > best[0] * best[1]:
            best = (period, count)
    return best


class Sequence(Model):
    """The layers of a formula one after the other, named as in the lecture's AlexNet: conv1, relu1, pool1, …, fc8."""

    def __init__(self, layers: dict[str, nn.Module]) -> None:
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.HEAD = next(reversed(layers))
        self.STAGES = tuple(name for name in layers if name.rstrip("0123456789") not in UNSEEN)

    def features(self, x: Tensor) -> Tensor:
        """The inputs of the last layer, `(N, D)`."""
        for layer in list(self.children())[:-1]:
            x = layer(x)
        return x


def stack(text: str, shape: Shape, classes: int = CLASSES, dropout: float | None = None) -> dict[str, nn.Module]:
    """The layers by name for inputs of `shape` (C, H, W), also of a formula without a classifier."""
    formula = parse(text)
    layers: dict[str, nn.Module] = {}
    seen: dict[str, int] = {}
    for layer in _flattened(formula.layers):
        options = {**layer.options, "width": classes} if layer.word == "softmax" else layer.options
        if layer.word == "dropout" and dropout is not None:
            options = {"rate": dropout}
        try:
            module, shape = WORDS[layer.word].make(options, shape)
            require_affordable(shape)
        except DoesNotFit as error:
            raise _mistake(text, layer.at, str(error), span=(layer.at, layer.end)) from None
        kind = {"softmax": "fc", "avgpool": "pool", "lrn": "norm"}.get(layer.word, layer.word)
        counter = "weights" if kind in ("conv", "fc") else kind
        seen[counter] = seen.get(counter, 0) + 1
        layers[f"{kind}{seen[counter]}" if kind != "flatten" else kind] = module
    STARTS[formula.start](layers)
    return layers


def _flattened(layers: tuple[Layer, ...]) -> Iterator[Layer]:
    """The layers with the flattening that is implied before the first fc or softmax."""
    flat = False
    for layer in layers:
        if layer.word in ("fc", "softmax") and not flat:
            yield Layer("flatten", {}, layer.at, layer.end)
        if layer.word == "flatten" and flat:
            continue
        flat = flat or layer.word in ("fc", "softmax", "flatten")
        yield layer


def spans(text: str) -> list[tuple[int, int]]:
    """The characters of each layer that `stack` makes, in order; those of a flattening that is implied are its fc's."""
    return [(layer.at, layer.end) for layer in _flattened(parse(text).layers)]


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> Sequence:
    """The classifier of the formula `name`; `dropout` replaces every dropout in it."""
    formula = parse(name)
    if formula.layers[-1].word != "softmax":
        raise _mistake(name, len(name.rstrip()), "a classifier ends in its classes", "softmax")
    return Sequence(stack(name, (channels, height, width), classes, dropout))


def _input(name: str) -> tuple[int, int, int]:
    """The default input size for counting a formula: 3×32×32, or 3×224×224 if that is too small."""
    try:
        stack_on_paper(name, (3, 32, 32))
    except UsageError:
        return (3, 224, 224)
    return (3, 32, 32)


def stack_on_paper(text: str, shape: Shape, classes: int = CLASSES) -> dict[str, nn.Module]:
    """As `stack`, without values: nothing is allocated."""
    with shapes_only():
        return stack(text, shape, classes)


INPUT = _input
