"""Tests whose change the training augmented with: they measure practice, not robustness."""

from ..augment.registry import parse
from .rows import Overlap

# augmentation → what shows the same change
LIGHT = ("light", "flat", "brightness", "contrast")
OVERLAPS: dict[str, tuple[str, ...]] = {
    "flip": (),
    "crop": ("translation",),
    "rrc": ("translation", "scale"),
    "jitter": (*LIGHT, "saturate"),
    "brightness": ("light", "brightness"),
    "contrast": ("flat", "contrast"),
    "saturation": ("saturate",),
    "hue": (),
    "rotate": ("rotation",),
    "shear": ("shear",),
    "translate": ("translation",),
    "zoom": ("scale",),
    "perspective": ("perspective",),
    "elastic": ("elastic", "elastic_transform"),
    "gamma": ("gamma", "light"),
    "exposure": ("light", "brightness"),
    "solarise": (),
    "posterise": (),
    "equalise": ("flat", "contrast"),
    "sharpen": ("gaussian_blur", "defocus_blur"),
    "noise": ("gaussian_noise", "shot_noise", "impulse_noise", "speckle_noise"),
    "autocontrast": ("flat", "contrast"),
    "invert": (),
    "jpeg": ("jpeg_compression", "pixelate"),
    "erase": ("patch", "foreign"),
    "grey": (),
    "blur": ("gaussian_blur", "defocus_blur", "glass_blur", "zoom_blur"),
    "trivial": ("rotation", "shear", "translation", *LIGHT, "saturate"),
    "rand": ("rotation", "shear", "translation", *LIGHT, "saturate"),
    "auto-imagenet": ("rotation", "shear", *LIGHT, "saturate"),
    "auto-cifar10": ("rotation", "shear", "translation", *LIGHT, "saturate"),
    "auto-svhn": ("rotation", "shear", "translation", "flat", "contrast"),
    "augmix": ("rotation", "shear", "translation", "flat", "contrast"),
}


def overlaps(augment: str) -> list[Overlap]:
    """For each change to training pictures that `augment` names, the tests that overlap it; raises UsageError for another name.

    What a change from outside does is not known.
    """
    return [{"augmentation": op.name, "tests": list(OVERLAPS.get(op.name, ()))} for op in parse(augment)]
