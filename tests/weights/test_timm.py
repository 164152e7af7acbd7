"""timm's facts as a preprocessing."""

from clearsight.weights import timm


def test_timms_facts_are_a_preprocessing():
    facts = {"input_size": (3, 240, 256), "interpolation": "random", "mean": (0.1, 0.2, 0.3), "std": (1, 1, 1), "crop_pct": 0.9}
    found = timm.preprocessing(facts)
    assert (found.height, found.width, found.interpolation, found.crop_fraction, found.mean) == (240, 256, "bicubic", 0.9, (0.1, 0.2, 0.3))
