"""The size of the gradient by depth, in a stack of 3×3 layers with shortcuts and without them.

K. He, X. Zhang, S. Ren, J. Sun, Deep residual learning for image recognition, 2015. The stack has no normalisation and PyTorch's own first
weights, so that what the shortcuts alone do is seen: the paper's networks have batch normalisation as well.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..base.randomness import seeded

CHANNELS, SIDE, PICTURES, CLASSES = 8, 12, 8, 10


def gradient_by_depth(layers: int, shortcuts: bool, seed: int = 0) -> list[float]:
    """The length of the loss's gradient by the weights of each of the `layers`, float64, from the picture on; random pictures and labels.

    From the second layer on two of them make a block, whose input `shortcuts` add to its output.
    """
    with seeded(seed):
        stack = [nn.Conv2d(3 if k == 0 else CHANNELS, CHANNELS, 3, padding=1, dtype=torch.float64) for k in range(layers)]
        head = nn.Linear(CHANNELS, CLASSES, dtype=torch.float64)
        x = torch.randn(PICTURES, 3, SIDE, SIDE, dtype=torch.float64)
        labels = torch.randint(CLASSES, (PICTURES,))
    out = stack[0](x).relu()
    for first, second in zip(stack[1::2], stack[2::2], strict=False):
        inner = second(first(out).relu())
        out = (inner + out if shortcuts else inner).relu()
    loss: Tensor = F.cross_entropy(head(out.mean((2, 3))), labels)
    gradients = torch.autograd.grad(loss, [layer.weight for layer in stack])
    return [float(one.norm()) for one in gradients]
