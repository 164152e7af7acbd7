"""Activation maximisation: optimise a picture so that it excites a channel.

D. Erhan et al., Visualizing higher-layer features, 2009; C. Olah et al., Feature visualization, Distill, 2017: the picture is
searched for in its Fourier spectrum with the energy of natural pictures, and jittered, else it ends in noise.
"""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..base.compute.undisturbed import undisturbed
from ..base.errors import ClearsightError, wrong
from ..base.progress import Progress
from .capture import layer as of_name
from .target import Subject

STEPS, RATE, JITTER = 256, 0.05, 1 / 16  # the jitter in parts of the shorter side
SPREAD = 0.01  # of the first spectrum: nearly grey
SMOOTH = 1.0  # weight of the total variation relative to the growth of the channel
# Square root of the covariance of colours in natural pictures (Olah et al.), so that colours are searched for one by one
COLOURS = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))


@dataclass(frozen=True)
class Ideal:
    """A picture `(C, H, W)` in [0, 1] made for a channel; the channel's value for it, for the first picture, and on the way."""

    channel: int
    pixels: Tensor
    before: float
    after: float
    course: list[float]

    def to_json(self) -> dict[str, Any]:
        """As `look maximise --json` has it."""
        return {"channel": self.channel, "before": self.before, "after": self.after, "course": self.course}


def maximised(subject: Subject, layer: str, channel: int, steps: int = STEPS, seed: int = 0, progress: Progress | None = None) -> Ideal:
    """The picture for `channel` of `layer`: its mean over the map, or the unit itself where there is no map.

    Raises UsageError for a layer or channel that there is not, ClearsightError for one that passes no gradient.
    """
    model, generator = subject.model, torch.Generator().manual_seed(seed)
    channels, height, width = subject.input_size
    spectrum = SPREAD * torch.randn(1, channels, height, width // 2 + 1, 2, generator=generator)
    spectrum = spectrum.to(subject.device).requires_grad_()
    reach, course = max(1, round(min(height, width) * JITTER)), []
    optimiser = torch.optim.Adam([spectrum], RATE)
    with undisturbed(model, freeze=True), torch.enable_grad(), _Watched(model, layer) as watched:
        for _ in range(steps):
            shift = [int(n) for n in torch.randint(-reach, reach + 1, (2,), generator=generator)]
            pixels = _pixels(spectrum, height, width)
            value = watched.value(subject.preprocessing.normalise(pixels.roll(shift, (2, 3))), channel)
            if not value.requires_grad:
                raise ClearsightError(f"the layer {layer} passes no gradient to the picture: choose another.")
            course.append(value.item())
            scale = max(abs(course[-1]), 1e-6)
            optimiser.zero_grad()
            (-value / scale + SMOOTH * _variation(pixels)).backward()
            optimiser.step()
            if progress:
                progress.update(1, f"value {course[-1]:.4g}")
        with torch.no_grad():
            made = _pixels(spectrum, height, width)
            after = float(watched.value(subject.preprocessing.normalise(made), channel))
    return Ideal(channel, made[0].cpu(), course[0], after, course)


class _Watched:
    """The value of a channel of one layer for inputs."""

    def __init__(self, model: nn.Module, layer: str) -> None:
        self.model, self.layer = model, layer
        self.out: list[Tensor] = []

    def __enter__(self) -> "_Watched":
        module = of_name(self.model, self.layer)
        # a copy, since a later in-place ReLU would change it
        self.handle = module.register_forward_hook(lambda _m, _i, out: self.out.append(out.clone()))
        return self

    def __exit__(self, *_: object) -> None:
        self.handle.remove()

    def value(self, x: Tensor, channel: int) -> Tensor:
        self.out.clear()
        self.model(x)
        out = self.out[-1]
        maps = out if out.ndim < 3 else out.flatten(2) if out.ndim == 4 else out.transpose(1, 2)  # tokens (N, T, C)
        if not channel < maps.shape[1]:
            raise wrong("channel", f"from 0 to {maps.shape[1] - 1}", channel)
        return maps[0, channel].mean()


def _pixels(spectrum: Tensor, height: int, width: int) -> Tensor:
    """From a spectrum `(1, C, H, W // 2 + 1, 2)` pixels `(1, C, H, W)` in [0, 1], low frequencies first."""
    rows, columns = torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None]
    frequency = (rows**2 + columns**2).sqrt().clamp_min(1 / max(height, width)).to(spectrum.device)
    weighed = torch.view_as_complex(spectrum) / frequency
    pixels = torch.fft.irfft2(weighed, s=(height, width), norm="ortho") / 4  # Olah et al.'s scale: small steps of brightness
    if spectrum.shape[1] == 3:
        mix = torch.tensor(COLOURS).to(pixels)
        pixels = torch.einsum("oc,nchw->nohw", mix / mix.norm(dim=0).max(), pixels)
    return torch.sigmoid(pixels)


def _variation(pixels: Tensor) -> Tensor:
    """Mean |difference| of neighbours."""
    return F.l1_loss(pixels[..., 1:, :], pixels[..., :-1, :]) + F.l1_loss(pixels[..., 1:], pixels[..., :-1])
