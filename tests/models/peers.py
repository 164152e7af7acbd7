"""Other people's libraries of networks, where they are installed; and weights at which networks can be compared."""

import importlib
import sys
import warnings
from types import ModuleType

import pytest
import torch


def peer(name: str) -> ModuleType:
    """torchvision, or timm; the test is skipped where it is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if name != "torchvision":
                peer("torchvision")
            return importlib.import_module(name)
        except ModuleNotFoundError as missing:
            pytest.skip(f"{missing.name} is not installed: nothing to compare with")
        except RuntimeError:  # its compiled operators are of another torch; the networks need none of them
            for operator in ("nms", "qnms"):
                torch.library.define(f"torchvision::{operator}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
            for half in [module for module in sys.modules if module.partition(".")[0] == name]:
                del sys.modules[half]
            return importlib.import_module(name)


@torch.no_grad()
def randomised(model: torch.nn.Module, seed: int = 0) -> torch.nn.Module:
    """The model in evaluation, every stored value drawn anew, so that none is 0 or 1 by default and signals neither die nor explode."""
    torch.manual_seed(seed)
    for name, value in model.state_dict().items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 1.5)
        elif value.ndim > 1:
            value.normal_(std=(2 / value[0].numel()) ** 0.5)
        elif value.is_floating_point():
            value.normal_(mean=1.0 if name.endswith("weight") else 0.0, std=0.1)
    return model.eval()
