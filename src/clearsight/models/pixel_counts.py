"""The parameters of softmax regression on pixels by size of the picture and number of classes: linear in both."""

from dataclasses import asdict, dataclass
from typing import Any

from .facts import summary

PICTURES = (("digits", (1, 8, 8)), ("Fashion-MNIST", (1, 28, 28)), ("CIFAR-10", (3, 32, 32)), ("ImageNet", (3, 224, 224)))
CLASSES = (10, 1000)


@dataclass(frozen=True)
class PixelCount:
    """`parameters`, counted on the network, for pictures of `pixels` numbers: channels × height × width."""

    picture: str
    input_size: tuple[int, int, int]
    classes: int
    parameters: int

    @property
    def pixels(self) -> int:
        """The numbers of a picture."""
        channels, height, width = self.input_size
        return channels * height * width

    @property
    def size(self) -> str:
        """`28×28×1`: rows × columns × channels."""
        channels, height, width = self.input_size
        return f"{height}×{width}×{channels}"

    def to_json(self) -> dict[str, Any]:
        """As `models --table softmax --json` has it."""
        return {**asdict(self), "pixels": self.pixels}


def pixel_counts() -> list[PixelCount]:
    """A network for each of PICTURES and each of CLASSES, the classes of a picture next to one another."""
    return [PixelCount(name, size, classes, summary("pixels", size, classes).parameters) for name, size in PICTURES for classes in CLASSES]
