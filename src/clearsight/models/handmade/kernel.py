"""Kernel machines: features compared with those of some training pictures. C. Williams, M. Seeger, Using the Nyström method to speed
up kernel machines, NIPS 2000.

k(a, b) = exp(-γ‖a - b‖²) is the similarity of two pictures' features. With m training pictures z as landmarks,

    φ(a) = L⁻¹ (k(z₁, a) … k(z_m, a)),  L·Lᵀ = the landmarks' own kernel matrix

are vectors with φ(a)·φ(b) ≈ k(a, b): softmax regression or an SVM on φ is the kernel machine that the landmarks can express. γ is
2 over the sum of the features' variances: twice scikit-learn's "scale", as validation on fashion-mnist prefers.

Shapes: N pictures, D features, m landmarks.
"""

import torch
from torch import Tensor

from ..base import Model
from . import hog, pixels
from .pixels import zero_head

PAPER = (2000, "Williams, Seeger: Using the Nyström method to speed up kernel machines")
TABLE = {"pixels-rbf": pixels, "hog-rbf": hog}
INPUT, CLASSES, SMALLEST, RECIPE, NORMALISED = (1, 28, 28), 10, 8, "solved", False
LANDMARKS = 4096
SHARPNESS = 2.0  # γ times the sum of the features' variances
JITTER = 1e-4  # added to the kernel of a picture with itself: keeps L⁻¹ within float32


class Kernel(Model):
    """Softmax regression on φ of other features."""

    HALVES = False

    LOOKS_AT = LANDMARKS

    def __init__(self, inner: Model, classes: int) -> None:
        super().__init__()
        self.inner, features = inner, inner.head.in_features
        inner.set_submodule(inner.HEAD, torch.nn.Identity())
        self.register_buffer("landmarks", torch.zeros(LANDMARKS, features))
        self.register_buffer("mixture", torch.zeros(LANDMARKS, LANDMARKS))  # L⁻ᵀ
        self.register_buffer("gamma", torch.ones(()))
        self.fc = zero_head(LANDMARKS, classes)

    def similar(self, x: Tensor) -> Tensor:
        """k of pictures `(N, C, H, W)` and landmarks, `(N, m)`."""
        features, landmarks = self.inner.features(x), self.get_buffer("landmarks")
        apart = features.square().sum(1, keepdim=True) - 2 * features @ landmarks.T + landmarks.square().sum(1)
        return torch.exp(-self.get_buffer("gamma") * apart.clamp_min(0))

    def features(self, x: Tensor) -> Tensor:
        """φ of pictures `(N, C, H, W)`, `(N, m)`; 0 where there were fewer training pictures than landmarks."""
        return self.similar(x) @ self.get_buffer("mixture")

    @torch.no_grad()
    def initialise(self, inputs: Tensor) -> None:
        """Take up to 4,096 of `inputs` (N, C, H, W), training pictures, as landmarks."""
        chosen = torch.cat([self.inner.features(part) for part in inputs[:LANDMARKS].split(256)])
        m = len(chosen)
        landmarks, mixture = self.get_buffer("landmarks"), self.get_buffer("mixture")
        landmarks[:m] = chosen
        self.get_buffer("gamma").fill_(SHARPNESS / float(chosen.var(0).sum().clamp_min(1e-12)))
        own = chosen.double()
        kernel = torch.exp(-float(self.get_buffer("gamma")) * torch.cdist(own, own).square())
        lower = torch.linalg.cholesky(kernel + JITTER * torch.eye(m, dtype=own.dtype, device=own.device))
        upper = torch.linalg.solve_triangular(lower, torch.eye(m, dtype=own.dtype, device=own.device), upper=False).T
        mixture.zero_()
        mixture[:m, :m] = upper.to(mixture)


def build(name: str, classes: int, channels: int, height: int, width: int, dropout: float | None) -> Kernel:
    """A kernel machine on the features of another family's first row."""
    return Kernel(TABLE[name].build(name.removesuffix("-rbf"), 2, channels, height, width, None), classes)
