"""The check of an exported model before it is written: the same pixels, probabilities and labels as the classifier, picture by picture."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
import torch.nn.functional as F

from ..base.errors import ClearsightError
from ..base.progress import Progress
from ..classifier.classifier import Classifier
from ..images.preprocess import Preprocessing

Run = Callable[[np.ndarray], list[np.ndarray]]
DRAWN = 32  # pictures
BATCH = 3
SCALES = ((1.0, 1.0), (0.6, 0.8), (1.9, 1.3), (2.4, 3.3))  # heights and widths of the drawn pictures, in units of the network's
TOLERANCE = 1e-4  # of a probability
OF_NOVELTY = 1e-3  # of a novelty, or of its share where it is above 1: a blend divides by the spread of scores
TIE = 1e-5  # a smaller difference of two probabilities is no order: rounding decides
EXACT = 4  # reduction up to which all sums are exact in float32
FAR_OFF = 1e-4  # share of the values that may be one level off beyond that


@dataclass(frozen=True)
class Answers:
    """What is compared, for N pictures: fitted uint8 `(N, C, h, w)`, probabilities float32 `(N, K)`, novelty float32 `(N,)` or None."""

    fitted: np.ndarray
    probabilities: np.ndarray
    novelty: np.ndarray | None


@dataclass(frozen=True)
class Checked:
    """`pixels_apart` of all values of the fitted pictures, and the largest differences of a probability and of a novelty."""

    pictures: int
    sizes: int
    pixels_apart: int
    labels_equal: int
    max_difference: float
    max_novelty_difference: float

    def sentence(self) -> str:
        """The result in a line."""
        counted = f"{self.pictures} pictures of {self.sizes} sizes, alone and in batches"
        apart = f"{self.pixels_apart:,} pixel{'' if self.pixels_apart == 1 else 's'} apart"
        return f"{counted}: {apart}, probabilities within {self.max_difference:.0e}"


def drawn(preprocessing: Preprocessing) -> list[np.ndarray]:
    """The pictures that every export is checked with, uint8 `(H, W, C)` in four sizes: gradients of different contrast, and noise."""
    generator = torch.Generator().manual_seed(0)
    made = []
    for number in range(DRAWN):
        down, right = SCALES[number % len(SCALES)]
        size = (max(1, round(down * preprocessing.height)), max(1, round(right * preprocessing.width)))
        shades = F.interpolate(torch.rand(1, preprocessing.channels, 4, 4, generator=generator), size, mode="bilinear")[0]
        noise = torch.rand(preprocessing.channels, *size, generator=generator)
        share = number / DRAWN
        made.append((((1 - share) * shades + share * noise) * 255).to(torch.uint8).permute(1, 2, 0).contiguous().numpy())
    return made


def answers(classifier: Classifier, pictures: Sequence[np.ndarray]) -> Answers:
    """What `classifier` answers for the pictures, uint8 `(H, W, C)`."""
    fitted = torch.stack([classifier.preprocessing.fit_picture(picture) for picture in pictures])
    found = [classifier.judged(batch) for batch in fitted.split(classifier.batch)]
    novelty = None if found[0][1] is None else np.concatenate([scores.numpy() for _, scores in found if scores is not None])
    probabilities = torch.softmax(torch.cat([logits for logits, _ in found]) / classifier.temperature, 1)
    return Answers(fitted.numpy(), probabilities.numpy(), novelty)


def check(run: Run, entry: str, pictures: Sequence[np.ndarray], expected: Answers, *, quiet: bool = False) -> Checked:
    """Compare what `run` returns, one picture at a time and in batches of three, with what is `expected`.

    Raises ClearsightError, which forbids writing the file, where pixels, labels or probabilities differ.
    """
    inputs = list(expected.fitted) if entry == "fitted" else list(pictures)
    shapes = [picture.shape for picture in pictures]
    apart, differences, equal = np.zeros(len(inputs), int), [[0.0, 0.0]], np.ones(len(inputs), bool)
    with Progress("checking", 2 * len(inputs), quiet=quiet) as progress:
        for places in (*([place] for place in range(len(inputs))), *_batches([picture.shape for picture in inputs])):
            found = run(np.stack([inputs[place] for place in places]))
            probabilities, wanted = found[0], expected.probabilities[places]
            if entry == "pictures":
                apart[places] += _apart(found[-1], expected.fitted[places], [shapes[place] for place in places])
            equal[places] &= _same_label(probabilities, wanted)
            far = None if expected.novelty is None else expected.novelty[places]
            novelty = 0.0 if far is None else float((np.abs(found[1] - far) / np.maximum(1, np.abs(far))).max())
            differences.append([_largest(probabilities, wanted), novelty])
            progress.update(len(places))
    largest, farthest = np.max(differences, 0).tolist()  # NaN if any is, which no limit admits
    result = Checked(len(inputs), len(set(shapes)), int(apart.sum()), int(equal.sum()), largest, farthest)
    if result.labels_equal < len(inputs) or not (largest <= TOLERANCE and farthest <= OF_NOVELTY):
        raise ClearsightError(
            f"nothing was written: the exported model answers otherwise than the classifier. {result.labels_equal} of {len(inputs)} labels "
            f"are equal; a probability differs by {largest:.1e}, where {TOLERANCE:.0e} is allowed, a novelty by {farthest:.1e}, where "
            f"{OF_NOVELTY:.0e} is allowed."
        )
    return result


def _batches(shapes: Sequence[tuple[int, ...]]) -> Iterator[list[int]]:
    """The places of pictures of one shape, up to three together."""
    order = sorted(range(len(shapes)), key=lambda place: shapes[place])
    for _, same in groupby(order, key=lambda place: shapes[place]):
        places = list(same)
        yield from (places[start : start + BATCH] for start in range(0, len(places), BATCH))


def _apart(found: np.ndarray, expected: np.ndarray, shapes: Sequence[tuple[int, ...]]) -> np.ndarray:
    """How many values of each picture differ; raises ClearsightError for more than rounding in float32 explains."""
    off = np.abs(found.astype(np.int16) - expected).reshape(len(found), -1)
    count: np.ndarray = (off > 0).sum(1)
    for levels, values, shape in zip(off.max(1), count, shapes, strict=True):
        reduction = max(have / want for have, want in zip(shape[:2], expected.shape[2:], strict=True))
        if values and (reduction <= EXACT or levels > 1 or values > max(1, FAR_OFF * off.shape[1])):
            raise ClearsightError(
                f"nothing was written: the exported model fits a picture otherwise than the classifier, {values:,} of {off.shape[1]:,} "
                f"values by up to {levels} levels."
            )
    return count


def _same_label(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    equal: np.ndarray = expected[np.arange(len(found)), found.argmax(1)] >= expected.max(1) - TIE
    return equal


def _largest(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(found - expected).max())
