"""Randomised smoothing: a certified L2 radius within which no change alters the prediction of the smoothed classifier.

J. Cohen, E. Rosenfeld, Z. Kolter, Certified adversarial robustness via randomized smoothing, ICML 2019, algorithm CERTIFY. The
smoothed classifier (majority vote under Gaussian noise) is certified; with probability 0.001 a radius is too large.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..base.compute.undisturbed import undisturbed
from ..base.errors import wrong
from ..base.progress import Progress
from ..base.randomness import key
from ..classifier import Classifier
from ..metrics.intervals import median, proportion
from .rows import CertifiedFigures
from .task import require_known

N0 = 100  # noisy copies that select the class; the other samples estimate its probability
BLOCK = 128  # copies per batch; fixed, so that draws do not depend on the batch size
ALPHA = 0.001  # probability that a radius is too large
RADII = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)  # times sigma


@dataclass(frozen=True)
class Certified:
    """For n pictures, `(n,)` each: whether the smoothed classifier is right, whether it abstains, and its certified radius, else 0."""

    sigma: float
    samples: int
    right: Tensor
    abstained: Tensor
    radius: Tensor

    def to_json(self) -> CertifiedFigures:
        """The JSON of `clearsight attack --certify`."""
        n = len(self.right)
        kept = torch.where(self.right, self.radius, torch.tensor(-1.0))
        counts = {times: int((kept > times * self.sigma).sum() if times else self.right.sum()) for times in RADII}
        middle, low, high = median(kept.clamp_min(0).tolist())
        return {
            "n": n,
            "sigma": self.sigma,
            "samples": self.samples,
            "alpha": ALPHA,
            "abstained": int(self.abstained.sum()),
            "clean": proportion(counts[0.0], n),
            "certified": [{"radius": times * self.sigma, **proportion(count, n)} for times, count in counts.items()],
            "median_radius": {"value": middle, "low": low, "high": high},
        }


def certify(
    classifier: Classifier, pictures: Tensor, labels: Tensor, *, sigma: float, samples: int = 1000, seed: int = 0, quiet: bool = True
) -> Certified:
    """Certify fitted pictures, uint8 `(n, C, H, W)` with labels `(n,)`, against changes in L2; `sigma` is in units of [0, 1].

    Raises UsageError for a sigma that is not above 0 and for fewer than 100 samples.
    """
    if not 0 < sigma <= 10:
        raise wrong("certify", "a standard deviation above 0, in units of [0, 1], as in 0.25", sigma)
    if samples < N0:
        raise wrong("samples", f"at least {N0}", samples)
    require_known(labels, len(classifier.classes))
    guesses, counts = [], []
    with undisturbed(classifier.model, freeze=True), Progress("certify", len(pictures), quiet=quiet) as progress:
        for i, picture in enumerate(pictures):
            generator = torch.Generator().manual_seed(key(seed, "smoothing", i))
            guess = int(_votes(classifier, picture, sigma, N0, generator).argmax())
            guesses.append(guess)
            counts.append(int(_votes(classifier, picture, sigma, samples, generator)[guess]))
            progress.update(1)
    from scipy.stats import beta, norm  # two seconds, which other attacks need not wait for

    least = torch.tensor([beta.ppf(ALPHA, count, samples - count + 1) if count else 0.0 for count in counts], dtype=torch.float64)
    sure = least > 0.5
    radius = torch.where(sure, sigma * torch.from_numpy(norm.ppf(least.clamp(0.5, 1 - 1e-12).numpy())), 0.0)
    right = sure & (torch.tensor(guesses) == labels.cpu())
    return Certified(sigma, samples, right, ~sure, radius.float())


def _votes(classifier: Classifier, picture: Tensor, sigma: float, samples: int, generator: torch.Generator) -> Tensor:
    """How many noisy copies of one picture are predicted as each class, `(K,)`."""
    total = torch.zeros(len(classifier.classes), dtype=torch.int64)
    pixels = picture.float() / 255
    with torch.no_grad():
        for start in range(0, samples, BLOCK):
            n = min(BLOCK, samples - start)
            noisy = pixels + sigma * torch.randn((n, *picture.shape), generator=generator)
            total += classifier.scores(noisy.to(classifier.device)).argmax(1).cpu().bincount(minlength=len(total))
    return total
