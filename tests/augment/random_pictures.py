"""Random pictures, for tests of every change."""

import torch

SIZE = (12, 10)
PICTURES = torch.randint(0, 256, (64, 3, *SIZE), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
LARGER = torch.randint(0, 256, (64, 3, 24, 20), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
INDICES = torch.arange(64)
