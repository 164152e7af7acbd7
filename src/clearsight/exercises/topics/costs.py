"""What a layer costs: parameters, multiply-adds, and a stack of small filters against one large filter."""

from torch import nn

from ...models.facts import summary
from ...models.formula import stack_on_paper
from ..draw import Draw
from ..exercise import Exercise, part, written

# receptive field → the stacks with this field, the cheapest last
STACKS = {
    5: ("one 5×5", "two 3×3"),
    7: ("one 7×7", "one 5×5 and one 3×3", "three 3×3"),
    9: ("one 9×9", "two 5×5", "four 3×3"),
    11: ("one 11×11", "two 5×5 and one 3×3", "five 3×3"),
}
KERNELS = {
    "one 5×5": (5,), "two 3×3": (3, 3), "one 7×7": (7,), "one 5×5 and one 3×3": (5, 3), "three 3×3": (3, 3, 3), "one 9×9": (9,),
    "two 5×5": (5, 5), "four 3×3": (3,) * 4, "one 11×11": (11,), "two 5×5 and one 3×3": (5, 5, 3), "five 3×3": (3,) * 5,
}  # fmt: skip


def _layer(draw: Draw) -> tuple[int, int, int]:
    """Filters, size of a filter, channels of the input."""
    return draw.pick((6, 8, 16, 32, 64)), draw.pick((3, 5, 7)), draw.pick((1, 3, 8, 16))


def parameters(draw: Draw) -> Exercise | None:
    """The parameters of a convolution."""
    n, k, c = _layer(draw)
    count = summary(f"conv{n}-{k}x{k}", (c, 32, 32)).parameters
    weights = n * k * k * c
    slips = [
        (str(weights), "You forgot the biases: one per filter."),
        (str(n * (k * k + 1)), f"You forgot the channels: a filter is {k}×{k}×{c}."),
        (str(n * k * k), "You forgot the channels and the biases."),
        (str(weights + 1), "You counted one bias for the layer; each filter has its own."),
        (str(n * c * (k * k + 1)), "You counted a bias for each channel; each filter has only one."),
        (str(k * k * c + 1), f"These are the parameters of ONE filter; there are {n}."),
    ]
    return Exercise(
        (
            f"A convolutional layer has {n} filters of {k}×{k} and a bias for each filter. Its input has {c} channel{'s' * (c > 1)}. "
            "How many parameters does it have (weights and biases)?",
        ),
        (part("parameters", "parameters", "number", str(count), slips),),
        (
            "How many numbers has one filter? It reaches through all channels of the input. And its bias?",
            f"One filter has {k}·{k}·{c} = {k * k * c} weights and 1 bias.",
        ),
        (f"{n}·({k}·{k}·{c} + 1) = {n}·{k * k * c + 1} = {count:,}. The size of the picture does not matter: the weights are shared.",),
        (),
        {"filters": n, "kernel": k, "channels": c},
    )


def multiplications(draw: Draw) -> Exercise | None:
    """The multiply-adds of a convolution."""
    n, k, c = _layer(draw)
    h = draw.number(12, 32)
    found = summary(f"conv{n}-{k}x{k}", (c, h, h))
    side, count = found.layers[-2].output[1], found.macs
    slips = [
        (str(h * h * n * k * k * c), f"You counted the positions of the input; without padding the filter has {side}×{side} positions."),
        (str(side * side * n * k * k), "You forgot the channels of the input: each product runs through all of them."),
        (str(side * side * k * k * c), "This is ONE filter's work; each of them does the same."),
        (str(2 * count), "You counted products and additions apart; one multiply-add is both."),
        (str(side * side * n * (k * k * c + 1)), "You counted the biases; they are added, nothing is multiplied."),
        (str(n * k * k * c), "These are the weights; each is used at every position."),
    ]
    return Exercise(
        (
            f"{n} filters of {k}×{k} slide over an input of {h}×{h}×{c} at stride 1 and without padding. "
            "How many products of a weight and a pixel (multiply-adds, MACs) are computed for one picture?",
        ),
        (part("macs", "multiply-adds", "number", str(count), slips),),
        (
            "Products per position, times positions, times filters.",
            f"Per position {k}·{k}·{c} = {k * k * c} products; the output has {side}×{side} positions.",
        ),
        (f"{side}·{side}·{n}·{k}·{k}·{c} = {count:,}",),
        (),
        {"height": h, "filters": n, "kernel": k, "channels": c},
    )


def _weights(kernels: tuple[int, ...], channels: int) -> int:
    formula = " ".join(f"conv{channels}-{k}x{k}" for k in kernels)
    layers = stack_on_paper(formula, (channels, 64, 64)).values()
    return sum(layer.weight.numel() for layer in layers if isinstance(layer, nn.Conv2d))


def small_filters(draw: Draw) -> Exercise | None:
    """Which stack sees as much as one large filter with fewest weights, and by what factor."""
    size, c = draw.pick(tuple(STACKS)), draw.pick((16, 32, 64, 128, 256))
    options = tuple(draw.sample(STACKS[size], len(STACKS[size])))
    weights = {name: _weights(KERNELS[name], c) for name in options}
    best, large = min(options, key=weights.__getitem__), STACKS[size][0]
    few, many = weights[best], weights[large]
    coefficient = few // (c * c)
    return Exercise(
        (
            f"Each of these stacks of convolutions (stride 1) sees {size}×{size} pixels. Every layer has {c} channels in and {c} channels "
            "out. Count the weights only, no biases. Which stack has the fewest weights, how many are they, and by what factor are "
            f"they fewer than those of the single {size}×{size} layer? (Two decimals.)",
        ),
        (
            part("stack", "the stack with the fewest weights", "choice", best, _other_stacks(options, best, size), options=options),
            part(
                "weights",
                "its weights",
                "number",
                str(few),
                [
                    (str(coefficient), f"You forgot the channels: each layer has k·k·{c}·{c} weights."),
                    (str(coefficient * c), f"Each filter reaches through {c} channels, AND there are {c} filters in a layer."),
                    (str(many), "These are the weights of the single large layer."),
                    (str(9 * c * c), "These are the weights of one 3×3 layer; count all layers of the stack."),
                ],
            ),
            part(
                "factor",
                "factor",
                "number",
                written(many / few, 2),
                [
                    (written(few / many, 2), "This is the inverse: the question is how many times fewer."),
                    (written(size * size / 9, 2), "You compared with one 3×3 layer; the stack has several."),
                    (written(1 - few / many, 2), "This is the share that is saved, not the factor."),
                ],
                tolerance=0.0051,
            ),
        ),
        (
            f"A layer of k×k has k·k·{c}·{c} weights. Add up the layers of each stack.",
            f"The single layer has {size}·{size}·{c}² = {many:,} weights.",
        ),
        (
            f"{best}: {coefficient}·{c}² = {few:,} weights. {large}: {size * size}·{c}² = {many:,}.",
            f"{size * size} / {coefficient} = {written(many / few, 2)}, for any number of channels.",
        ),
        (),
        {"size": size, "channels": c},
    )


def _other_stacks(options: tuple[str, ...], best: str, size: int) -> list[tuple[str, str]]:
    words = "It sees the same, but its filters are larger: k·k grows faster than the number of layers."
    single = f"A single {size}×{size} layer has {size * size} weights per pair of channels; small filters in a stack have fewer."
    return [(name, single if name == STACKS[size][0] else words) for name in options if name != best]
