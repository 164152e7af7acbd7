"""What lets a peer start beside a build of torch that it was not compiled for."""

import importlib.metadata
import sys
from types import ModuleType


def hide_torchvision() -> None:
    """Let a package that uses torchvision where it is installed not find it: Lightning does not bring it along."""
    version = importlib.metadata.version

    def without(name: str) -> str:
        if name == "torchvision":
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    importlib.metadata.version = without
    sys.modules["torchvision"] = None  # type: ignore[assignment]


def import_torchvision() -> ModuleType:
    """torchvision, also where its compiled operators do not load: two are declared, as its Python part asks, and never called."""
    try:
        import torchvision
    except RuntimeError:  # operator torchvision::nms does not exist
        import torch

        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "FRAGMENT")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        import torchvision

        torchvision.declared = library  # a library that is collected takes its operators with it
    return torchvision
