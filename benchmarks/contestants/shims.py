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


def import_imagecorruptions() -> ModuleType:
    """imagecorruptions 1.1.2 with the words that NumPy 2 and scikit-image 0.26 no longer know, so that all 19 run."""
    import warnings

    import numpy as np
    from skimage import filters

    gaussian = filters.gaussian

    def with_channels(image: object, *given: object, multichannel: bool = False, **words: object) -> object:
        return gaussian(image, *given, channel_axis=-1 if multichannel else None, **words)

    np.float_ = np.float64
    filters.gaussian = with_channels
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import imagecorruptions
    filters.gaussian = gaussian
    return imagecorruptions
