"""The ONE table of exercises; `generate(name, seed)` makes one."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..base.errors import ClearsightError, unknown, wrong
from .draw import Draw
from .exercise import Exercise
from .topics import architectures, attacks, convolution, costs, few_labels, pooling, sizes, softmax, statistics

ATTEMPTS = 400


class Generator(NamedTuple):
    """A row: `make` returns an exercise, or None where other data have to be drawn."""

    topic: str
    title: str
    make: Callable[[Draw], Exercise | None]


GENERATORS = {
    "cell": Generator("convolution", "One cell of a feature map", convolution.cell),
    "wrong-cell": Generator("convolution", "The wrong cell", convolution.wrong_cell),
    "output-size": Generator("sizes", "Output size of a convolution", sizes.output),
    "padding": Generator("sizes", "Padding that keeps the size", sizes.padding),
    "parameters": Generator("costs", "Parameters of a convolution", costs.parameters),
    "macs": Generator("costs", "Multiply-adds of a convolution", costs.multiplications),
    "receptive-field": Generator("sizes", "Receptive field of a stack", sizes.field),
    "small-filters": Generator("costs", "Small filters, deeper networks", costs.small_filters),
    "pooling": Generator("pooling", "Max and average pooling", pooling.pooled),
    "relu-pooling": Generator("pooling", "ReLU and pooling: does the order matter?", pooling.relu_pool),
    "alexnet": Generator("architectures", "AlexNet with blanks", architectures.blanks),
    "formula": Generator("architectures", "The formula of a network", architectures.formula),
    "softmax": Generator("softmax", "Softmax of three logits", softmax.probabilities),
    "loss": Generator("softmax", "Cross-entropy and its gradient", softmax.loss),
    "curve-filter": Generator("convolution", "A filter for the curve", convolution.curve_filter),
    "templates": Generator("softmax", "Templates of softmax regression", softmax.templates),
    "fgsm": Generator("attacks", "FGSM on a linear model", attacks.fgsm),
    "confusion": Generator("statistics", "A confusion matrix and an interval", statistics.matrix),
    "mcnemar": Generator("statistics", "Are two classifiers different?", statistics.paired),
    "few-labels": Generator("few labels", "Few-label race", few_labels.race),
}
TOPICS = tuple(dict.fromkeys(row.topic for row in GENERATORS.values()))


def generate(name: str, seed: int) -> Exercise:
    """The exercise called `name` with the data of `seed`; raises UsageError for an unknown name."""
    if name not in GENERATORS:
        raise unknown("exercise", name, GENERATORS)
    row = GENERATORS[name]
    for attempt in range(ATTEMPTS):
        made = row.make(Draw(seed, name, attempt))
        if made and all(part.slips or part.kind == "run" for part in made.parts):  # data for which every slip is right teach nothing
            return made.called(name, row.topic, row.title, seed)
    raise ClearsightError(f"no data were found for the exercise {name} with seed {seed}. Use another seed.")


def chosen(seed: int, topics: Sequence[str] = (), only: Sequence[str] = (), n: int = 0) -> tuple[str, ...]:
    """The names of exercises on `topics`, or those in `only`; with `n` so many of them, drawn by the seed, in the order of the table.

    Raises UsageError for an unknown topic or name, or too large an `n`.
    """
    for topic in topics:
        if topic not in TOPICS:
            raise unknown("topic of exercises", topic, TOPICS)
    for name in only:
        if name not in GENERATORS:
            raise unknown("exercise", name, GENERATORS)
    names = [name for name, row in GENERATORS.items() if (not topics or row.topic in topics) and (not only or name in only)]
    if not names:
        raise wrong("--topics and --only", "exercises that belong together", ", ".join((*topics, *only)))
    if n > len(names):
        raise wrong("--n", f"at most {len(names)}, the number of these exercises", n)
    drawn = Draw(seed, "sheet").sample(names, n) if n else names
    return tuple(name for name in names if name in drawn)
