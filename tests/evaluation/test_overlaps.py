"""Which tests an augmentation has practised."""

from clearsight.augment.registry import AUGMENTATIONS
from clearsight.corruptions import CORRUPTIONS
from clearsight.corruptions.challenges import CHALLENGES
from clearsight.evaluation.overlaps import OVERLAPS, overlaps


def test_every_augmentation_says_what_it_overlaps():
    assert set(OVERLAPS) == set(AUGMENTATIONS)
    assert all(test in CORRUPTIONS or test in CHALLENGES for tests in OVERLAPS.values() for test in tests)
    assert overlaps("flip jitter:0.4") == [
        {"augmentation": "flip", "tests": []},
        {"augmentation": "jitter", "tests": ["light", "flat", "brightness", "contrast", "saturate"]},
    ]
