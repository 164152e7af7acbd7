"""Stress: figures counted by hand, groups and shortcuts that were planted, and a scorecard that can be opened."""

import numpy as np
import pytest
import torch
from PIL import Image

from clearsight.augment.registry import AUGMENTATIONS
from clearsight.base.errors import UsageError
from clearsight.corruptions import CORRUPTIONS, MEAN_OVER
from clearsight.corruptions.challenges import CHALLENGES
from clearsight.evaluation.overlaps import OVERLAPS, overlaps
from clearsight.evaluation.shortcuts import background, border, shortcuts
from clearsight.evaluation.stress import chosen, half, stress
from clearsight.evaluation.subgroups import subgroups
from clearsight.metrics.intervals import wilson
from clearsight.reports.scorecard import write_scorecard
from tests.evaluation.stand_in import Nearest, digits


class Plain(Nearest):
    """As `stress` uses a classifier."""

    device = torch.device("cpu")
    model = torch.nn.Identity()

    def faster(self, speed: str) -> "Plain":
        return self


@pytest.fixture(scope="module")
def found():
    return stress(Plain(), digits(20), n=150, augment="flip crop:1", quiet=True)


def test_every_change_has_its_figures(found):
    out = found.to_json()
    assert {(row["name"], row["severity"]) for row in out["corruptions"]} == {
        (name, severity) for name in set(CORRUPTIONS) - {"saturate"} for severity in range(1, 6)  # digits are grey
    }  # fmt: skip
    assert {(row["name"], row["strength"]) for row in out["challenges"]} == {
        (row.name, strength) for row in CHALLENGES.values() for strength in row.strengths
    }
    assert len(out["places"]) == 5 and all(len(line) == 5 for line in out["places"])
    for row in (*out["corruptions"], *out["challenges"], *(row for line in out["places"] for row in line)):
        assert row["n"] == 150
        assert (row["low"], row["high"]) == wilson(round(row["top1"] * 150), 150)
    assert out["clean"]["n"] == out["n"] == 150 and out["clean"]["value"] > 0.9


def test_the_mean_corruption_error_is_the_mean_of_the_errors(found):
    errors = [1 - row["top1"] for row in found.corruptions if row["name"] in MEAN_OVER]
    mce = found.mce
    assert len(errors) == 75 and mce["over"] == 15
    assert mce["value"] == pytest.approx(sum(errors) / 75)
    assert mce["relative"] == pytest.approx(mce["value"] - (1 - found.clean["value"]))
    assert "AlexNet" in mce["baseline"]


def test_failures_were_right_and_are_wrong(found):
    right = stress(Plain(), digits(20), n=150, only=["places"], quiet=True)
    assert right.clean == found.clean and right.corruptions == [] and right.mce is None and right.subgroups is None
    kept = [failure for failures in found.failures.values() for failure in failures]
    assert kept and all(failure.truth != failure.label for failure in kept)
    for failures in found.failures.values():
        assert len(failures) <= 4 and len({failure.source for failure in failures}) == len(failures)
        assert [failure.by for failure in failures] == sorted(failure.by for failure in failures)


def test_what_is_judged_does_not_depend_on_the_batch(found):
    again = stress(Plain(), digits(20), n=150, only=["noise", "rotation"], batch_size=7, quiet=True)
    names = {"gaussian_noise", "shot_noise", "impulse_noise", "speckle_noise"}
    assert again.corruptions == [row for row in found.corruptions if row["name"] in names]
    assert again.challenges == [row for row in found.challenges if row["name"] == "rotation"]


def test_where_accuracy_is_halved():
    assert half([(10, 0.7), (20, 0.3), (30, 0.5)], 0.8) == pytest.approx(17.5)  # 0.4 is three quarters of the way from 0.7 to 0.3
    assert half([(10, 0.2)], 0.8) == pytest.approx(10 * 0.4 / 0.6)
    assert half([(1, 0.8), (2, 0.4)], 0.8) is None


def test_names_and_groups():
    assert chosen(["noise", "rotation"]) == {"gaussian_noise", "shot_noise", "impulse_noise", "speckle_noise", "rotation"}
    assert chosen(["corruptions"]) == set(CORRUPTIONS)
    assert not set(CORRUPTIONS) & set(CHALLENGES)
    with pytest.raises(UsageError, match="Did you mean rotation"):
        chosen(["rotatio"])


def test_mistakes_are_named():
    with pytest.raises(UsageError, match="from 1 to 5"):
        stress(Plain(), digits(2), severities=[6], quiet=True)
    with pytest.raises(UsageError, match="no pictures"):
        stress(Plain(), digits(2).subset([]), quiet=True)
    wrong = Plain()
    wrong.centres = wrong.centres.roll(1, 0)
    with pytest.raises(UsageError, match="nothing to stress"):
        stress(wrong, digits(1, 2), quiet=True)


def test_the_planted_group_is_found():
    rng = np.random.default_rng(0)
    centres = np.array([[5, 0, 0], [0, 5, 0], [0, 0, 5]], np.float32)
    group = np.repeat([0, 1, 2], 80)
    vectors = (centres[group] + rng.normal(0, 0.1, (240, 3))).astype(np.float32)
    right = np.where(group == 1, np.arange(240) % 4 < 2, True)  # every place of four: half of the judged half is wrong
    found = subgroups(vectors, np.zeros(240, np.int64), right, ("cat",), [str(i) for i in range(240)])
    worst = found["worst"]
    assert (worst["class"], worst["top1"], worst["chosen_by"]) == ("cat", 0.5, 0.5)
    assert (worst["low"], worst["high"]) == wilson(worst["n"] // 2, worst["n"])
    assert all(80 <= int(name) < 160 and int(name) % 4 >= 2 for name in worst["pictures"])
    assert subgroups(vectors[:30], np.zeros(30, np.int64), right[:30], ("cat",), [str(i) for i in range(30)]) is None


def test_shortcuts_that_were_planted_are_found_and_others_not():
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (200, 1, 32, 32), dtype=torch.uint8, generator=generator)
    labels = np.arange(200) % 2
    sizes = np.where(labels == 1, 2000.0, 1000.0)
    noise = {row["probe"]: row for row in shortcuts(pictures, labels, None)}
    assert set(noise) == {"border", "background"}
    for row in noise.values():
        assert row["chance"] == 0.5 and row["low"] <= 0.5 < row["high"] + 0.05 and row["ok"] and "no better than chance" in row["says"]
        assert (row["low"], row["high"]) == wilson(round(row["top1"] * row["n"]), row["n"])
    assert [(row["probe"], row["top1"]) for row in shortcuts(pictures, labels, sizes) if not row["ok"]] == [("file size", 1.0)]
    pictures[labels == 1, :, :2] = 255
    found = {row["probe"]: row["top1"] for row in shortcuts(pictures, labels, None)}
    assert found["border"] == 1.0 and found["background"] == 1.0
    assert shortcuts(pictures[:6], labels[:6], None) == []


def test_what_the_probes_see():
    pictures = torch.zeros(1, 3, 32, 48, dtype=torch.uint8)
    pictures[..., 6:26, 9:39] = 200  # 10 of 16 cells along each side
    assert background(pictures).shape == (1, 156 * 3) and background(pictures).max() == 0
    assert border(pictures).shape == (1, 4 * 3 * 16) and border(pictures).max() == 0
    pictures[..., 0, :] = 100
    assert border(pictures)[0, :16].tolist() == [50] * 16  # of two rows
    assert border(pictures)[0, 48:96].max() == 0


def test_every_augmentation_says_what_it_overlaps():
    assert set(OVERLAPS) == set(AUGMENTATIONS)
    assert all(test in CORRUPTIONS or test in CHALLENGES for tests in OVERLAPS.values() for test in tests)
    assert overlaps("flip jitter:0.4") == [
        {"augmentation": "flip", "tests": []},
        {"augmentation": "jitter", "tests": ["light", "flat", "brightness", "contrast", "saturate"]},
    ]


def test_the_scorecard_can_be_opened(found, tmp_path):
    files = write_scorecard(found, tmp_path, "nearest <mean> on digits")
    with Image.open(files["scorecard"]) as sheet:
        assert sheet.width > 1000 and len(sheet.getcolors(10**6)) > 50
    page = files["report"].read_text(encoding="utf-8")
    assert "nearest &lt;mean&gt; on digits" in page and "<mean>" not in page and 'src="http' not in page
    for name, kept in found.failures.items():
        assert f'href="#{name}"' in page and (not kept or f'id="{name}"' in page)
    assert page.count("data:image/png") == sum(map(len, found.failures.values())) + len(found.examples)
    some = stress(Plain(), digits(6), only=["snow"], severities=[3], quiet=True)
    assert [(row["name"], row["severity"]) for row in some.corruptions] == [("snow", 3)]
    assert "not known" in write_scorecard(some, tmp_path, "x")["report"].read_text(encoding="utf-8")
