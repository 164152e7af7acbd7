"""Listings: AlexNet with blanks, and the formula of a listing."""

from collections.abc import Sequence
from functools import cache

from ...models.facts import summary
from ...models.formula import parse
from ...models.summary import Layer
from ..draw import Draw
from ..exercise import Exercise, Grid, Part, part, written

NETWORK = "alexnet-lecture"


@cache
def _alexnet() -> tuple[Layer, ...]:
    return _shown(summary(NETWORK).layers)


def _shown(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """The rows that the lecture's listing has."""
    return tuple(layer for layer in layers if ":" in layer.says and "to 6x6" not in layer.says)


def _size(output: tuple[int, ...]) -> str:
    return "x".join(str(n) for n in ((*output[1:], output[0]) if len(output) == 3 else output))


def _kind(layer: Layer) -> str:
    return layer.says.partition(":")[0].rstrip("0123456789")


def _window(says: str) -> tuple[int, int, int]:
    """Kernel, stride and padding of a row of the listing."""
    kernel = says.partition("x")[0].rpartition(" ")[2]
    stride = says.partition("stride ")[2].partition(",")[0]
    return int(kernel), int(stride), int(says.partition("pad ")[2] or 0)


def blanks(draw: Draw) -> Exercise | None:
    """AlexNet's listing with two sizes and two counts of parameters to fill in."""
    layers = _alexnet()
    order = range(len(layers))
    convolution = draw.pick([i for i in order if _kind(layers[i]) == "CONV"])
    pool = draw.pick([i for i in order if _kind(layers[i]) == "MAX POOL"])
    counted = draw.pick([i for i in order if _kind(layers[i]) == "CONV" and i != convolution])
    dense = draw.pick([i for i in order if _kind(layers[i]) == "FC"])
    table: list[tuple[str, ...]] = [("layer", "output", "parameters"), ("INPUT", "227x227x3", "0")]
    for i, layer in enumerate(layers):
        size = "?" if i in (convolution, pool) else _size(layer.output)
        count = "?" if i in (counted, dense) else f"{layer.parameters:,}"
        table.append((layer.says.replace(" (class scores)", ""), size, count))
    before = [(3, 227, 227), *(layer.output for layer in layers)]
    parts = (
        _output("convolution", layers[convolution], before[convolution]),
        _output("pooling", layers[pool], before[pool]),
        _filters(layers[counted], before[counted]),
        _neurons(layers[dense], before[dense]),
    )
    return Exercise(
        (
            "This is AlexNet as the lecture lists it (no groups; every convolution and every fully connected layer has biases). "
            "Fill in the four question marks: sizes as rows × columns × channels, parameters as weights plus biases.",
        ),
        parts,
        (
            "A side becomes ⌊(side + 2 · pad − filter) / stride⌋ + 1; pooling keeps the channels.",
            "A convolution has filters · (k·k·channels + 1) parameters, a fully connected layer neurons · (inputs + 1).",
        ),
        tuple(f"{one.prompt}: {one.answer}" for one in parts),
        (Grid("AlexNet", tuple(table)),),
        {"rows": [(_name(layers[i]), *before[i]) for i in (convolution, pool, counted, dense)]},
    )


def _name(layer: Layer) -> str:
    return layer.says.partition(":")[0]


def _output(name: str, layer: Layer, before: tuple[int, ...]) -> Part:
    channels, side = layer.output[0], layer.output[1]
    kernel, stride, pad = _window(layer.says)

    def size(side: float, depth: int = channels) -> str:
        return f"{written(side)}x{written(side)}x{depth}"

    slips = [
        (size((before[1] - kernel) // stride + 1), "You forgot the padding."),
        (size((before[1] + pad - kernel) // stride + 1), "You padded one side only."),
        (size(side - 1), "You forgot the + 1: the first position counts too."),
        (size(before[1] + 2 * pad - kernel + 1), "You forgot the stride."),
        (size(before[1]), "The size does not stay here."),
    ]
    if name == "convolution":
        slips.append((size(side, before[0]), "The depth is the number of filters."))
    else:
        slips.append((size((before[1] - kernel) // kernel + 1), "These windows overlap: the stride is 2, not 3."))
    return part(name, f"output of {_name(layer)}", "size", size(side), slips)


def _filters(layer: Layer, before: tuple[int, ...]) -> Part:
    kernel, n, c = _window(layer.says)[0], layer.output[0], before[0]
    slips = [
        (str(n * kernel * kernel * c), "You forgot the biases: one per filter."),
        (str(n * (kernel * kernel + 1)), "You forgot the channels of the layer before."),
        (str(n * kernel * kernel), "You forgot the channels and the biases."),
        (str(kernel * kernel * c + 1), "These are the parameters of one filter."),
    ]
    return part("filters", f"parameters of {_name(layer)}", "number", str(layer.parameters), slips)


def _neurons(layer: Layer, before: tuple[int, ...]) -> Part:
    n, inputs = layer.output[0], 1
    for length in before:
        inputs *= length
    slips = [
        (str(n * inputs), "You forgot the biases: one per neuron."),
        (str(n * (before[0] + 1)), "Every neuron sees the whole volume: rows · columns · channels, not the channels only."),
        (str(inputs * (n + 1)), "The biases belong to the neurons, not to the inputs."),
        (str(n + inputs), "Every neuron is connected to every input: multiply."),
    ]
    return part("neurons", f"parameters of {_name(layer)}", "number", str(layer.parameters), slips)


def formula(draw: Draw) -> Exercise | None:
    """The formula of a listing."""
    m, n, k = draw.number(1, 3), draw.number(1, 3), draw.number(0, 2)
    width, neurons, shape = draw.pick((8, 16, 32)), draw.pick((64, 128)), draw.pick(((3, 32, 32), (1, 28, 28)))
    if n * m > 4 or n * m == 1:
        return None

    def text(n: int = n, m: int = m, k: int = k, conv: str = f"conv{width}", pool: str = "pool") -> str:
        dense = f"(fc{neurons} relu)*{k} " if k > 1 else f"fc{neurons} relu " * k
        return f"[({conv} relu)*{n} {pool}]*{m} {dense}softmax"

    right = text()
    some = f"{m} pooling{'s' * (m > 1)} and {k} fully connected layer{'s' * (k != 1)}"
    layers = [layer for layer in summary(right, shape).layers if layer.leaf and layer.kind != "Flatten"]
    table = [("layer", "output"), ("INPUT", _size(shape))]
    table += [(layer.says.replace(" (class scores)", " (class scores), softmax"), _size(layer.output)) for layer in layers]
    slips = [
        (text(n=m, m=n), "N and M are swapped: N counts convolutions before a pooling, M the poolings."),
        (right.replace(f")*{n} pool]", f" pool)*{n}]"), "The pooling is in the inner bracket: it is repeated too often."),
        (text(conv=f"conv{width}-3x3"), "With its size given, a filter is not padded: write conv alone, or p1 after the size."),
        (text(conv=f"conv{width}-5x5p2"), "The filters are 3×3."),
        (text(pool="avgpool2x2"), "It is MAX pooling: pool."),
        (text(m=m + 1), "There is one pooling too many."),
        (text(n=n + 1), "There is one convolution too many before each pooling."),
        (text(k=k + 1), "There is one fully connected layer too many: softmax brings its own."),
    ]
    return Exercise(
        (
            "Write the formula of this network, in the lecture's form [(CONV → RELU)*N → POOL]*M → (FC → RELU)*K → SOFTMAX.",
            f"conv{width} is {width} filters of 3×3 at stride 1 with padding 1; pool is 2×2 max pooling at stride 2; fc{neurons} is a "
            "fully connected layer; softmax is the last fully connected layer, to the 10 classes. Repetitions may be written out. "
            "Spaces or arrows separate layers.",
        ),
        (part("formula", "formula", "formula", right, slips, points=2),),
        (
            "Count the poolings: that is M. Count the convolutions before each: that is N.",
            f"N = {n}. In total the network has {some} before the last one.",
        ),
        (str(parse(right)),),
        (Grid("listing", tuple(table)),),
        {"n": n, "m": m, "k": k, "width": width, "neurons": neurons, "shape": shape},
    )
