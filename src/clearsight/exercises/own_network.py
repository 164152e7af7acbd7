"""Exercises on a network of one's own: parameters of a layer, what a unit sees, one number of the first convolution."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch

from ..base.errors import ClearsightError, unknown
from ..look.unit import Recomputation
from ..models.summary import Layer, Summary
from .draw import Draw
from .exercise import Exercise, Grid, Part, cells, minus, part, written

ATTEMPTS = 50
DEEPEST = 6  # layers of a receptive field that is computed by hand
LARGEST = 49  # products of one channel that are added by hand
DIGITS = 2  # after the point, of the numbers that are given


@dataclass(frozen=True)
class Network:
    """A network to ask about: its name, its layers, and one of its numbers by layer, channel and place, for a picture."""

    name: str
    summary: Summary
    unit: Callable[[str, int, tuple[int, int]], Recomputation]


class Window(NamedTuple):
    """A layer that slides a window over the one before: what it says of itself, window and stride, and the field of its units."""

    says: str
    size: int
    stride: int
    sees: int


class Generator(NamedTuple):
    """A row of the table: `make` returns an exercise, or None where other data have to be drawn."""

    title: str
    make: Callable[[Draw, Network], Exercise | None]


def parameters(draw: Draw, network: Network) -> Exercise | None:
    """The parameters of a convolution or a fully connected layer."""
    layers = [one for one in network.summary.rows if len(one.shapes) in (1, 2) and len(one.shapes[0]) in (2, 4) and one.parameters]
    if not layers:
        return None
    one = draw.pick(layers)
    (out, into, *kernel), biased = one.shapes[0], len(one.shapes) == 2
    area = kernel[0] * kernel[1] if kernel else 1
    what = (
        f"{out} filters of {kernel[0]}×{kernel[1]}, each with {into} channel{'s' if into > 1 else ''}"
        if kernel
        else f"{out} neurons, and each takes {into} numbers"
    )
    own = "Each has a bias as well." if biased else "There are no biases."
    right = out * into * area + out * biased
    slips = [
        (out * into * area, "You forgot the biases: one for each filter or neuron."),
        (out * into * area + out, "This layer has no biases: what follows it adds one."),
        (out * area + out * biased, "Each filter has a slice for every channel of its input."),
        (into * area + biased, "This is one filter or neuron; the layer has more of them."),
        (out + into * area, "Multiply: every neuron has a weight for every number it takes."),
    ]
    terms = "·".join(map(str, one.shapes[0])) + (f" + {out}" if biased else "")
    return _made(
        f"The layer {one.name} of {network.name} has {what}. {own} How many parameters are that?",
        part("parameters", "parameters", "number", str(right), [(str(value), words) for value, words in slips]),
        ("Count the weights of one filter or neuron first.", f"One has {into * area} weights."),
        f"{terms} = {right}",
    )


def field(draw: Draw, network: Network) -> Exercise | None:
    """What a unit of a deeper layer sees of the picture."""
    layers = windows(network.summary.rows)
    if len(layers) < 2:
        return None
    depth = draw.number(2, min(DEEPEST, len(layers)))
    some, right = layers[:depth], layers[depth - 1].sees
    plain = 1 + sum(one.size - 1 for one in some)
    backwards, step = 1, 1
    for one in reversed(some):
        backwards, step = backwards + (one.size - 1) * step, step * one.stride
    slips = [
        (plain, "You forgot the strides: after a stride of 2 each further place is 2 pixels away."),
        (sum(one.size for one in some), "Windows overlap: each adds its size less one, times the stride so far."),
        (some[-1].size, "This is what it sees of the layer below; that layer's units see more than one pixel."),
        (backwards, "The strides that count are those of the layers below, not above."),
    ]
    rows = (("layer", "window", "stride"), *((one.says, f"{one.size}×{one.size}", str(one.stride)) for one in some))
    shown, jump, sees = [], 1, 1
    for one in some:
        sees, jump, before = sees + (one.size - 1) * jump, jump * one.stride, jump
        shown.append(f"{one.says}: + ({one.size} − 1)·{before} = {sees}")
    return _made(
        f"The first layers of {network.name} slide windows, each over the layer before. How many pixels long is a side of what a unit of "
        f"{some[-1].says} sees of the picture?",
        part("field", "pixels along one side", "number", str(right), [(str(value), words) for value, words in slips]),
        ("Begin with 1 pixel. Each layer adds its window less one, times the product of all strides before it.", shown[0]),
        "; ".join(shown),
        (Grid("layers, the first one above", rows),),
    )


def unit(draw: Draw, network: Network) -> Exercise | None:
    """One number of the first convolution, before its activation."""
    first = next((one for one in network.summary.rows if len(one.output) == 3 and one.shapes and len(one.shapes[0]) == 4), None)
    if first is None or first.shapes[0][2] * first.shapes[0][3] > LARGEST:
        return None
    channel, at = draw.number(0, first.output[0] - 1), (draw.number(0, first.output[1] - 1), draw.number(0, first.output[2] - 1))
    found = network.unit(first.name, channel, at)
    if found.patch is None or found.kernel is None or not found.patch.any():
        return None
    patch, kernel = (torch.round(values[0].double(), decimals=DIGITS) for values in (found.patch, found.kernel))
    rest = round(sum(found.contributions[1:]) + found.bias, DIGITS)
    products = float((patch * kernel).sum())
    slips = [
        (products, "You left out what is added: the bias, and the other channels."),
        (float((patch * kernel.flip(0, 1)).sum()) + rest, "You turned the filter by 180°. Networks lay it on as it is."),
        (
            float((patch * kernel.T).sum()) + rest if len(kernel) == len(kernel.T) else products,
            "You swapped rows and columns of the filter.",
        ),
        (float((patch * kernel).abs().sum()) + rest, "Negative products are subtracted."),
    ]
    added = "The bias adds" if len(found.contributions) == 1 else "The bias and the sums of the other channels add"
    return _made(
        f"The first convolution of {network.name}, {first.name}, at channel {channel}, row {at[0]}, column {at[1]} (from 0): below are "
        f"what its filter covers, as the network sees it, and the filter. {added} {minus(written(rest, DIGITS))}. "
        "What is the number, before an activation?",
        part("value", "the number", "number", written(products + rest, 4), [(written(v, 4), words) for v, words in slips], tolerance=0.02),
        (
            "Multiply each number with the one at its place in the filter, and add.",
            f"The products add up to {minus(written(products, 3))}.",
        ),
        f"{minus(written(products, 4))} + {minus(written(rest, DIGITS))} = {minus(written(products + rest, 4))}",
        (Grid("what the filter covers", cells(patch), "signed"), Grid("filter", cells(kernel), "signed")),
    )


OWN = {
    "own-parameters": Generator("Parameters of a layer of your network", parameters),
    "own-field": Generator("What a unit of your network sees", field),
    "own-unit": Generator("One number of your network", unit),
}
TOPIC = "your network"


def windows(rows: list[Layer]) -> list[Window]:
    """The layers from the first on that each slide a window over the one before; up to the first branch."""
    found: list[Window] = []
    sees, jump = 1, 1
    for one in rows:
        told = one.receptive_field()
        if told is None or told["status"] != "exact" or len(one.output) != 3 or told["size"][0] != told["size"][1]:
            break
        size, stride = told["size"][0], told["stride"][0]
        if (size, stride) == (sees, jump):
            continue  # an activation, or a norm
        window, step = (size - sees) / jump + 1, stride / jump
        if window < 1 or step < 1 or not (float(window).is_integer() and float(step).is_integer()):
            break
        sees, jump = int(size), int(stride)
        found.append(Window(one.name or one.says, int(window), int(step), sees))
    return found


def generate(name: str, seed: int, network: Network) -> Exercise:
    """The exercise called `name` on a network.

    Raises UsageError for an unknown name, ClearsightError for a network without a layer of that kind.
    """
    if name not in OWN:
        raise unknown("exercise on your network", name, OWN)
    for attempt in range(ATTEMPTS):
        made = OWN[name].make(Draw(seed, name, attempt), network)
        if made and all(one.slips for one in made.parts):
            return made.called(name, TOPIC, OWN[name].title, seed)
    raise ClearsightError(f"{network.name} has no layer for this exercise: {OWN[name].title.lower()}.")


def _made(question: str, asked: Part, hints: tuple[str, str], solution: str, grids: tuple[Grid, ...] = ()) -> Exercise:
    return Exercise((question,), (asked,), hints, (solution,), grids)
