"""swift: our own small network for pictures of 28 to 64 px, made to learn fast on a laptop's processor.

A frozen convolution that decorrelates patches, computed from the training pictures before the first step, then three groups of
convolution – pooling – norm – ReLU – convolution – norm – ReLU, and the largest value of each channel. The ideas
are those of K. Jordan, 94% on CIFAR-10 in 3.29 seconds on a single GPU, 2024 (arXiv 2404.00498), section 3; the
pooling comes before the norm, so that it and the ReLU have a quarter of the values to pass over.
"""

import torch
from torch import Tensor, nn

from ..base import Model

PAPER = (2024, "Jordan: 94% on CIFAR-10 in 3.29 seconds; this network: Clearsight")
# width of the three groups
TABLE = {"swift": (32, 64, 128), "swift-slim": (16, 32, 64), "swift-wide": (64, 128, 256), "swift-wider": (64, 192, 512)}
INPUT, CLASSES, SMALLEST, RECIPE = (1, 28, 28), 10, 10, "swift"
LEAST = 5e-4  # of the floor of the whitening: pictures of one level have no directions
DIRECTIONS = {1: 8, 3: 16}  # the strongest of the 9 or 27 of a 3×3 patch; the weakest are noise, and 16 filters fill a register


class Group(nn.Module):
    """Convolution, pooling, norm, ReLU, convolution, norm, ReLU: half the size, `width` channels."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = convolution(inputs, width), norm(width)
        self.pool = nn.MaxPool2d(2)
        self.conv2, self.bn2 = convolution(width, width), norm(width)

    def forward(self, x: Tensor) -> Tensor:
        """`(N, inputs, H, W)` → `(N, width, H/2, W/2)`."""
        x = torch.relu_(self.bn1(self.pool(self.conv1(x))))
        return torch.relu_(self.bn2(self.conv2(x)))


def convolution(inputs: int, outputs: int) -> nn.Conv2d:
    """3×3, same size; the first channels start as the identity, so that depth costs no signal."""
    layer = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    nn.init.dirac_(layer.weight[:inputs])
    return layer


def norm(width: int) -> nn.BatchNorm2d:
    """Batch norm with a learnt shift only: the convolution before it has no scale of its own to lose."""
    layer = nn.BatchNorm2d(width, momentum=0.2)
    layer.weight.requires_grad_(False)
    return layer


class Swift(Model):
    """Whitening, three groups, global maximum, head."""

    STAGES = ("whiten", "group1", "group2", "group3", "fc")
    LR_SCALES = {"bias": 20.0, "fc.weight": 10.0}  # noqa: RUF012

    def __init__(self, widths: tuple[int, int, int], classes: int, channels: int) -> None:
        super().__init__()
        filters = 2 * DIRECTIONS.get(channels, 16)
        self.whiten = nn.Conv2d(channels, filters, 3, bias=False)
        self.whiten.weight.requires_grad_(False)
        self.group1 = Group(filters, widths[0])
        self.group2 = Group(widths[0], widths[1])
        self.group3 = Group(widths[1], widths[2])
        self.fc = nn.Linear(widths[2], classes, bias=False)

    def features(self, x: Tensor) -> Tensor:
        """The largest value of each of the last channels, `(N, 64)` (slim), `(N, 128)`, `(N, 256)` (wide) or `(N, 512)` (wider)."""
        x = torch.relu_(self.whiten(x))
        x = self.group3(self.group2(self.group1(x)))
        return x.amax((2, 3)) / 9  # keeps the first logits small

    @torch.no_grad()
    def initialise(self, inputs: Tensor) -> None:
        """Make the first convolution decorrelate 3×3 patches of `inputs` (N, C, H, W): ± the leading eigenvectors / √(eigenvalue + floor).

        The floor is the mean eigenvalue, so that for normalised pictures no direction is amplified. With a floor of 5e-4, those that smooth
        pictures hardly use were, 29 times, and a little noise was all that the next layer saw.
        """
        products, count = torch.zeros(9 * inputs.shape[1], 9 * inputs.shape[1], dtype=torch.float64), 0
        for part in inputs.cpu().split(256):  # the patches take 9 times the memory of the pictures
            patches = part.unfold(2, 3, 1).unfold(3, 3, 1)  # (n, C, H-2, W-2, 3, 3)
            rows = patches.permute(0, 2, 3, 1, 4, 5).reshape(-1, len(products)).double()
            products += rows.T @ rows
            count += len(rows)
        values, vectors = torch.linalg.eigh(products / count)
        directions = (vectors / (values + values.mean().clamp_min(LEAST)).sqrt()).T.flip(0)[: self.whiten.out_channels // 2]
        kernels = directions.reshape(-1, inputs.shape[1], 3, 3).float()
        self.whiten.weight.copy_(torch.cat([kernels, -kernels]))


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> Swift:
    """A row of the table; it has no dropout."""
    return Swift(TABLE[name], classes, channels)
