"""Sizes: the output of a convolution, the padding that keeps a size, receptive fields."""

from ...models.facts import summary
from ..draw import Draw
from ..exercise import Exercise, Grid, part, written

FLOOR = "A filter that does not fit in completely is left out: round down."
LAYERS = ("conv3x3", "conv5x5", "conv3x3/2", "pool2x2", "pool3x3/2")
KERNELS = {"conv3x3": (3, 1), "conv5x5": (5, 1), "conv3x3/2": (3, 2), "pool2x2": (2, 2), "pool3x3/2": (3, 2)}
SAID = {
    "conv3x3": "convolution 3×3, stride 1", "conv5x5": "convolution 5×5, stride 1", "conv3x3/2": "convolution 3×3, stride 2",
    "pool2x2": "max pooling 2×2, stride 2", "pool3x3/2": "max pooling 3×3, stride 2",
}  # fmt: skip


def output(draw: Draw) -> Exercise | None:
    """The output size of a convolution with stride and padding."""
    h, c, k, s, n = draw.number(20, 64), draw.pick((1, 3)), draw.pick((3, 5, 7)), draw.pick((2, 3)), draw.pick((6, 8, 16, 32))
    p = draw.number(1, k // 2)
    if (h + 2 * p - k) % s == 0:
        return None
    side = summary(f"conv{n}-{k}x{k}/{s}p{p}", (c, h, h)).layers[-2].output[1]

    def shape(side: float, depth: int = n) -> str:
        return f"{written(side, 2)}x{written(side, 2)}x{depth}"

    exact = (h + 2 * p - k) / s + 1
    slips = [
        (shape(round(exact, 2)), FLOOR),
        (shape(side + 1), f"You rounded up. {FLOOR}"),
        (shape((h + p - k) // s + 1), "You padded one side only: the padding is added on both."),
        (shape((h - k) // s + 1), "You forgot the padding."),
        (shape(side - 1), "You forgot the + 1: the first position counts too."),
        (shape(h + 2 * p - k + 1), "You forgot the stride."),
        (shape(h // s), "You divided the input by the stride; the size of the filter matters as well."),
        (shape(side, c), "The depth of the output is the number of filters, not that of the input."),
    ]
    return Exercise(
        (
            f"An input of {h}×{h}×{c} (rows × columns × channels) goes through a convolution of {n} filters of {k}×{k}×{c} "
            f"at stride {s}, with {p} {'rows and columns' if p > 1 else 'row and column'} of zeros added on each of the four sides "
            f"(padding {p}). What is the size of the output, as rows × columns × channels?",
        ),
        (part("size", "rows × columns × channels", "size", shape(side), slips),),
        (
            "How many positions has the filter along one side? One, and one more for each whole stride that is left.",
            f"With its padding a side is {h + 2 * p} long; {h + 2 * p} − {k} = {h + 2 * p - k} is left to move, in strides of {s}.",
        ),
        (
            f"⌊({h} + 2·{p} − {k}) / {s}⌋ + 1 = ⌊{written((h + 2 * p - k) / s, 2)}⌋ + 1 = {side}",
            f"Each of the {n} filters makes one map: {side}×{side}×{n}.",
        ),
        (),
        {"height": h, "channels": c, "kernel": k, "stride": s, "padding": p, "filters": n},
    )


def padding(draw: Draw) -> Exercise | None:
    """The padding that keeps the size, with dilation."""
    h, k, d = draw.number(24, 64), draw.pick((3, 5, 7, 9)), draw.pick((1, 1, 2, 3))
    span = d * (k - 1) + 1
    kept = next(p for p in range(h) if summary(f"conv8-{k}x{k}p{p}d{d}", (1, h, h)).layers[-2].output[1] == h)
    slips = [
        (str(2 * kept), "This is the padding of both sides together; the question is about each side."),
        (str((k - 1) // 2), "You forgot the dilation: the filter covers more pixels than it has numbers."),
        (str(k), "You padded by the whole filter; only what reaches beyond the edge has to be added."),
        (written(span / 2, 1), "Half of the filter counts its middle as well, which is on the picture."),
        ("0", "Without padding the output shrinks."),
        (str(kept + 1), "One too many: the output would grow by 2."),
    ]
    spread = f" with dilation {d} (its numbers are {d} pixels apart)" if d > 1 else ""
    return Exercise(
        (
            f"A convolution of {k}×{k}{spread} at stride 1 is to keep the size {h}×{h} of its input. How many rows and columns of zeros "
            "must be added on EACH side?",
        ),
        (part("padding", "padding on each side", "number", str(kept), slips),),
        (
            "At stride 1 the output has (input + 2 · padding − covered + 1) rows, where `covered` is what the filter spans.",
            f"The filter spans {span} pixels." if d > 1 else f"So 2 · padding = {k} − 1.",
        ),
        (f"The filter spans {d}·({k} − 1) + 1 = {span} pixels; padding ({span} − 1) / 2 = {kept} on each side.",),
        (),
        {"height": h, "kernel": k, "dilation": d},
    )


def field(draw: Draw) -> Exercise | None:
    """The receptive field, and the stride in pixels, of a random stack."""
    words = [draw.pick(LAYERS) for _ in range(draw.number(3, 6))]
    steps = [KERNELS[word] for word in words]
    if not 1 <= sum(stride > 1 for _, stride in steps) <= 3 or (steps[-1][1] > 1 and len(words) > 5):
        return None
    last = [layer for layer in summary(" ".join(words), (1, 256, 256)).layers if layer.name][-1].receptive_field()
    if last is None or last["status"] != "exact":
        return None
    size, stride = int(last["size"][0]), int(last["stride"][0])
    early, jump = 1, 1
    for kernel, step in steps:
        jump *= step
        early += (kernel - 1) * jump
    slips = [
        (str(1 + sum(kernel - 1 for kernel, _ in steps)), "You forgot the strides: after a stride of 2 each step below counts double."),
        (str(early), "You let the stride of a layer act on the layer itself; it acts on the layers after it."),
        (str(sum(kernel for kernel, _ in steps)), "The fields overlap: each layer adds its size minus 1."),
        (str(size - 1), "You forgot the pixel to begin with."),
    ]
    table = (("layer", "what it does"), *((f"{i + 1}", SAID[word]) for i, word in enumerate(words)))
    trail, seen, jump = [], 1, 1
    for i, (kernel, step) in enumerate(steps):
        trail.append(f"layer {i + 1}: {seen} + ({kernel} − 1)·{jump} = {seen + (kernel - 1) * jump}")
        seen, jump = seen + (kernel - 1) * jump, jump * step
    return Exercise(
        (
            "An input goes through these layers, one after the other. One unit of the last layer depends on a square of k×k input pixels: "
            "its receptive field. How large is k? And how many input pixels apart are the fields of two neighbouring units?",
        ),
        (
            part("field", "side of the receptive field in pixels", "number", str(size), slips),
            part(
                "stride",
                "distance of two neighbouring units in pixels",
                "number",
                str(stride),
                [
                    (str(sum(step for _, step in steps)), "Strides multiply; you added them."),
                    ("1", "Each stride of 2 doubles the distance."),
                ],
            ),
        ),
        (
            "Begin with 1 pixel. A layer of k×k adds (k − 1) times the product of the strides BEFORE it.",
            f"After layer 2 the field is {trail[1].rpartition(' ')[2]}.",
        ),
        (*trail, f"The strides multiply to {stride}."),
        (Grid("layers, from the input", table),),
        {"steps": tuple(steps)},
    )
