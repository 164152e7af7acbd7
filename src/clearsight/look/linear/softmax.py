"""One picture's way to its probabilities, number by number: z = Σ x·w + b, exp(z), their sum, and the share of each."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ..target import Subject
from .templates import Templates, templates

LARGEST = 700.0  # exp of more is no float64


class Term(NamedTuple):
    """One term of z_j: channel, row and column of the pixel, from 0; its brightness, its weight, their product."""

    channel: int
    row: int
    column: int
    x: float
    w: float
    product: float


@dataclass(frozen=True, eq=False)
class Softmax:
    """The `logits` float64 `(K,)` of a picture uint8 `(H, W, 3)`, and what becomes of them.

    Of a network that is linear in the pixels they are summed here from `pixels` float64 `(C, H, W)` and the `templates`, and `network`
    has the network's own; of others both are the network's, and `templates` and `pixels` are None. `temperature` is `classify`'s.
    """

    classes: tuple[str, ...]
    picture: NDArray[np.uint8]
    logits: NDArray[np.float64]
    network: NDArray[np.float64]
    temperature: float = 1.0
    templates: Templates | None = None
    pixels: NDArray[np.float64] | None = None

    @property
    def shift(self) -> float:
        """What is taken from every logit before exp, 0 unless they are too large: it leaves the probabilities as they are."""
        most = float(self.logits.max())
        return most if most > LARGEST else 0.0

    @property
    def exponentials(self) -> NDArray[np.float64]:
        """exp(z) `(K,)`."""
        found: NDArray[np.float64] = np.exp(self.logits - self.shift)
        return found

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """exp(z) over their sum, `(K,)`."""
        found: NDArray[np.float64] = self.exponentials / self.exponentials.sum()
        return found

    @property
    def calibrated(self) -> NDArray[np.float64]:
        """The probabilities of z over the temperature, as `classify` prints them."""
        scaled = np.exp((self.logits - self.logits.max()) / self.temperature)
        found: NDArray[np.float64] = scaled / scaled.sum()
        return found

    @property
    def order(self) -> list[int]:
        """The classes, the most likely first."""
        found: list[int] = np.argsort(-self.logits, kind="stable").tolist()
        return found

    @property
    def equal(self) -> bool:
        """Whether the sums are the network's own logits, to float32's rounding."""
        return bool(np.allclose(self.logits, self.network, rtol=1e-4, atol=1e-4))

    def evidence(self, j: int) -> NDArray[np.float64]:
        """The products x·w of class j, `(H, W)`, summed over the channels: together they are z_j − b_j."""
        assert self.templates is not None and self.pixels is not None
        found: NDArray[np.float64] = (self.pixels * self.templates.weights[j]).sum(0)
        return found

    def terms(self, j: int, most: int) -> list[Term]:
        """The largest terms of z_j by their amount."""
        assert self.templates is not None and self.pixels is not None
        products = self.pixels * self.templates.weights[j]
        places = np.argsort(-np.abs(products), axis=None, kind="stable")[:most]
        found = []
        for place in places:
            at = np.unravel_index(int(place), products.shape)
            channel, row, column = (int(n) for n in at)
            found.append(Term(channel, row, column, float(self.pixels[at]), float(self.templates.weights[j][at]), float(products[at])))
        return found

    def to_json(self) -> dict[str, Any]:
        """As `look softmax --json` prints it; `terms` are the ten largest of the most likely class."""
        columns = zip(self.classes, self.logits, self.exponentials, self.probabilities, self.calibrated, strict=True)
        rows = [{"class": name, "z": z, "exp": e, "p": p, "calibrated": c} for name, z, e, p, c in columns]
        if self.templates is not None:
            rows = [row | {"bias": b, "evidence": row["z"] - b} for row, b in zip(rows, self.templates.bias.tolist(), strict=True)]
        first = self.order[0]
        terms = [term._asdict() for term in self.terms(first, 10)] if self.templates else []
        about = {"label": self.classes[first], "sum": float(self.exponentials.sum()), "shift": self.shift, "temperature": self.temperature}
        return {
            **about,
            "classes": [{name: _plain(value) for name, value in row.items()} for row in rows],
            "terms": terms,
            "equal": self.equal,
        }


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) else float(value)


def softmax(subject: Subject, source: Any) -> Softmax:
    """The way of one picture through a classifier; raises UnreadableImage."""
    fitted = subject.preprocessing.load(source)
    with torch.no_grad():
        own = subject.model(subject.inputs(source))[0].double().cpu().numpy()
    names, picture = tuple(subject.label(i) for i in range(len(own))), subject.shown(source)
    found = templates(subject)
    if found is None:
        return Softmax(names, picture, own, own, subject.temperature)
    pixels = fitted.double().numpy() / 255
    logits = np.einsum("kchw,chw->k", found.weights, pixels) + found.bias
    return Softmax(names, picture, logits, own, subject.temperature, found, pixels)
