"""U-Net. O. Ronneberger, P. Fischer, T. Brox, U-Net: convolutional networks for biomedical image segmentation, 2015, figure 1.

The contracting path is the encoder of a classifier; `segment` runs the expanding path as well and gives classes per pixel.
Convolutions are padded, so that the answer has the size of the picture (the paper's lose 184 px); pictures of any size.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..base import Model

PAPER = (2015, "Ronneberger et al.: U-Net: convolutional networks for biomedical image segmentation")
# channels on the way down
TABLE = {"unet": (64, 128, 256, 512, 1024)}
INPUT, CLASSES, SMALLEST, RECIPE = (1, 572, 572), 2, 16, "quick"


class Pair(nn.Sequential):
    """Two 3×3 convolutions with ReLU, of the same size."""

    def __init__(self, inputs: int, outputs: int) -> None:
        first, second = nn.Conv2d(inputs, outputs, 3, padding=1), nn.Conv2d(outputs, outputs, 3, padding=1)
        super().__init__(first, nn.ReLU(inplace=True), second, nn.ReLU(inplace=True))


class Up(nn.Module):
    """A transposed 2×2 convolution to twice the size, concatenation with the encoder's maps, and a pair of convolutions."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(inputs, outputs, 2, stride=2)
        self.pair = Pair(2 * outputs, outputs)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """`(N, inputs, H, W)` and `(N, outputs, 2H or 2H+1, …)` → `(N, outputs, 2H or 2H+1, …)`."""
        x = self.up(x)
        x = F.pad(x, (0, skip.shape[3] - x.shape[3], 0, skip.shape[2] - x.shape[2]), mode="replicate")
        x = self.pair(torch.cat([skip, x], 1))
        return x


class UNet(Model):
    """Encoder, its global average and head; the decoder, for classes per pixel, is not used and frozen."""

    HEAD = "head_picture"

    def __init__(self, widths: tuple[int, ...], classes: int, channels: int, dropout: float) -> None:
        super().__init__()
        self.encoder = nn.ModuleList(Pair(i, o) for i, o in zip((channels, *widths), widths, strict=False))
        self.pool = nn.MaxPool2d(2)
        self.dropout = nn.Dropout(dropout)
        self.decoder = nn.ModuleList(Up(i, o) for i, o in zip(widths[:0:-1], widths[-2::-1], strict=True))
        self.head_pixel = nn.Conv2d(widths[0], classes, 1)
        self.head_picture = nn.Linear(widths[-1], classes)
        self.STAGES = (*(f"encoder.{i}" for i in range(len(widths))), "head_picture")
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]
        # the loss of a classifier does not reach them, and processes that train together wait for every gradient
        self.decoder.requires_grad_(False)
        self.head_pixel.requires_grad_(False)

    def features(self, x: Tensor) -> Tensor:
        """The global average of the lowest maps, `(N, 1024)`."""
        return self._down(x)[-1].mean((2, 3))

    def segment(self, x: Tensor) -> Tensor:
        """Logits per pixel `(N, K, H, W)` of `(N, C, H, W)`; to train them, give `decoder` and `head_pixel` their gradients back."""
        *skips, x = self._down(x)
        for up, skip in zip(self.decoder, reversed(skips), strict=True):
            x = up(x, skip)
        logits: Tensor = self.head_pixel(x)
        return logits

    def _down(self, x: Tensor) -> list[Tensor]:
        """The maps of every level, the largest first; dropout at the end of the contracting path (section 3.1)."""
        maps: list[Tensor] = []
        for i, pair in enumerate(self.encoder):
            maps.append(pair(self.pool(maps[-1]) if i else x))
        maps[-1] = self.dropout(maps[-1])
        return maps


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> UNet:
    """U-Net; `dropout` replaces 0.5 at the lowest maps."""
    return UNet(TABLE[name], classes, channels, 0.5 if dropout is None else dropout)
