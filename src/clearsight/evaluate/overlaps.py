"""Which tests a training has seen the like of: what it augmented with, a test measures as practice and not as robustness."""

from typing import Any

from ..images.augment import parse

# augmentation → what shows the same change
OVERLAPS: dict[str, tuple[str, ...]] = {
    "flip": (),
    "crop": ("translation",),
    "rrc": ("translation", "scale"),
    "jitter": ("light", "flat", "brightness", "contrast", "saturate"),
}


def overlaps(augment: str) -> list[dict[str, Any]]:
    """For each change to training pictures that `augment` names, the tests that overlap it; raises UsageError for another name."""
    return [{"augmentation": op.name, "tests": list(OVERLAPS[op.name])} for op in parse(augment)]
