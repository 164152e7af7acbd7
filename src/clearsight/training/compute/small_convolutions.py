"""3×3 convolutions of a few pixels as matrix products, on a CPU in bfloat16.

oneDNN computes convolutions of 4×4 px and less at a tenth to a quarter of the rate at which it multiplies matrices. With the patches
copied into the rows of a matrix (im2col), forward and both gradients are products: 2.1× as fast for 512 channels at 4 px, 5× at 2 px, and
ResNet-18 at 28 px 1.2× as a whole (one core with AMX).
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Beyond these the copy costs more than the product gains: of 64 channels at 4 px 0.8×, of 256 at 7 px 0.8×, of 8 pictures 0.9×.
MAX_SIDE, MIN_WEIGHTS, MIN_ROWS = 4, 9 * 128 * 128, 512


def use_matrix_products(model: nn.Module) -> None:
    """Let each 3×3 convolution of stride 1 and same size in `model` use matrix products in training, where its inputs are small."""
    for layer in model.modules():
        if type(layer) is nn.Conv2d and _fits(layer):
            layer.__class__ = SmallConv2d


def _fits(layer: nn.Conv2d) -> bool:
    settings = (layer.kernel_size, layer.stride, layer.padding, layer.dilation, layer.groups, layer.padding_mode, layer.bias)
    return settings == ((3, 3), (1, 1), (1, 1), (1, 1), 1, "zeros", None) and layer.weight.numel() >= MIN_WEIGHTS


class SmallConv2d(nn.Conv2d):
    """A convolution that in training is a product of matrices for bfloat16 inputs of at most 4×4 px on a CPU."""

    def forward(self, input: Tensor) -> Tensor:
        """`(N, C, H, W)` → `(N, O, H, W)`, channels-last."""
        n, _, height, width = input.shape
        small = max(height, width) <= MAX_SIDE and n * height * width >= MIN_ROWS
        if not (small and self.training and input.dtype == torch.bfloat16 and input.device.type == "cpu"):
            return super().forward(input)
        found: Tensor = _Convolution.apply(input, self.weight)  # type: ignore[no-untyped-call]
        return found


def patches(x: Tensor) -> Tensor:
    """The 3×3 patch around each pixel of `x` (N, C, H, W), with zeros beyond the border: `(N·H·W, 9·C)`."""
    n, channels, height, width = x.shape
    padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1)).contiguous()
    pictures, rows, columns, _ = padded.stride()
    windows = padded.as_strided((n, height, width, 3, 3, channels), (pictures, rows, columns, rows, columns, 1))
    return windows.reshape(n * height * width, 9 * channels)


class _Convolution(torch.autograd.Function):
    """Both gradients are made of differentiable operations, so they can be differentiated again."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return _convolved(x, weight)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        of_x = of_weight = None
        if ctx.needs_input_grad[0]:
            of_x = _convolved(gradient, weight.flip(2, 3).transpose(0, 1))
        if ctx.needs_input_grad[1]:
            outputs, inputs = weight.shape[:2]
            product = gradient.permute(0, 2, 3, 1).reshape(-1, outputs).T @ patches(x)
            of_weight = product.view(outputs, 3, 3, inputs).permute(0, 3, 1, 2)
        return of_x, of_weight


def _convolved(x: Tensor, weight: Tensor) -> Tensor:
    n, _, height, width = x.shape
    outputs, inputs = weight.shape[:2]
    rows = F.linear(patches(x), weight.permute(0, 2, 3, 1).reshape(outputs, 9 * inputs))
    return rows.view(n, height, width, outputs).permute(0, 3, 1, 2)
