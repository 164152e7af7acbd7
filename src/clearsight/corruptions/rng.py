"""Random numbers per picture, the same in any batch and for any classifier."""

from collections.abc import Callable

import torch
from torch import Tensor

from ..base.randomness import key


class Draws:
    """Draws for the pictures `indices` `(N,)`, keyed by picture, change and severity (0 for all severities)."""

    def __init__(self, indices: Tensor, name: str, severity: int, seed: int = 0) -> None:
        self.generators = [torch.Generator().manual_seed(key(seed, name, severity, i)) for i in indices.tolist()]

    def normal(self, *shape: int) -> Tensor:
        """Standard normal variates, float32 `(N, *shape)`."""
        return self._each(lambda generator: torch.randn(shape, generator=generator))

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Uniform numbers from `low` to `high`, float32 `(N, *shape)`."""
        return self._each(lambda generator: torch.rand(shape, generator=generator)).mul_(high - low).add_(low)

    def whole(self, low: int, end: int, *shape: int) -> Tensor:
        """Whole numbers from `low` to below `end`, int64 `(N, *shape)`."""
        return self._each(lambda generator: torch.randint(low, end, shape, generator=generator))

    def _each(self, draw: Callable[[torch.Generator], Tensor]) -> Tensor:
        return torch.stack([draw(generator) for generator in self.generators])
