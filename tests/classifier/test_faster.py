"""A classifier made for many pictures answers as the one it was made from."""

import json

import pytest
import torch
from torch import nn

from clearsight import Classifier, Preprocessing, UsageError, load, models, save, verify
from clearsight.classifier.config import config_digest


def network(name: str, size: int, channels: int = 1) -> nn.Module:
    """With batch norms that have seen something, and scales that are not 1."""
    torch.manual_seed(0)
    model = models.build(name, 10, channels=channels, height=size, width=size, seed=0).train()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.5, 0.5)
    with torch.no_grad():
        model(torch.randn(16, channels, size, size))
    return model.eval()


def classifier(name: str = "resnet18", size: int = 16, **settings) -> Classifier:
    return Classifier(network(name, size), Preprocessing(1, size, size), [f"c{i}" for i in range(10)], architecture=name, **settings)


BATCH = torch.randint(0, 256, (6, 1, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_folded_and_bfloat16_answers():
    plain = classifier()
    exact = plain.probabilities(BATCH)
    quick = plain.faster("folded")
    assert (plain.speed, quick.speed) == ("plain", "folded")
    assert torch.allclose(quick.probabilities(BATCH), exact, atol=1e-5)
    rough = plain.faster("bf16")
    assert rough.speed == "bf16"
    assert torch.allclose(rough.probabilities(BATCH), exact, atol=0.05)  # 8 bits of mantissa through 18 layers
    assert torch.equal(plain.probabilities(BATCH), exact)
    assert next(plain.model.parameters()).dtype == torch.float32
    assert torch.equal(plain.faster("plain").probabilities(BATCH), exact)


def test_a_classifier_made_faster_is_not_saved(tmp_path):
    with pytest.raises(UsageError, match="save the one it came from"):
        save(classifier("swift").faster("folded"), tmp_path / "m")
    assert not any(tmp_path.iterdir())


def test_a_word_that_is_no_speed():
    with pytest.raises(UsageError, match="folded"):
        classifier().faster("quick")


@pytest.mark.parametrize("speed", ["plain", "folded"])
def test_the_mirror_is_the_mean_over_both_sides(speed):
    one, both = classifier("swift"), classifier("swift", views="mirror").faster(speed)
    expected = (one.logits(BATCH) + one.logits(BATCH.flip(3))) / 2
    assert torch.allclose(both.logits(BATCH), expected, atol=1e-4)
    assert torch.allclose(both.logits(BATCH), both.logits(BATCH.flip(3)), atol=1e-4)


def test_views_are_saved(tmp_path):
    save(classifier("lenet5", views="mirror  shift:1"), tmp_path / "m")
    assert load(tmp_path / "m").views == "mirror shift:1"
    save(classifier("lenet5"), tmp_path / "n")
    assert load(tmp_path / "n").views == ""


@pytest.mark.parametrize(("mirror", "views"), [(True, "mirror"), (False, "")])
def test_an_artefact_from_before_the_views_means_the_same(mirror, views, tmp_path):
    save(classifier("lenet5", views="mirror"), tmp_path / "m")
    config = json.loads((tmp_path / "m/config.json").read_text())
    del config["views"]
    config["mirror"] = mirror
    config["sha256"] = config_digest(config)
    (tmp_path / "m/config.json").write_text(json.dumps(config))
    assert load(tmp_path / "m").views == views


@pytest.mark.parametrize("name", ["hog", "sift", "histogram", "dog", "gabor", "hog-rbf", "neocognitron"])
def test_designed_features_keep_their_digits(name):
    """Some cannot be computed in bfloat16, and others lose what they count on."""
    model = models.build(name, 10, channels=1, height=16, width=16, seed=0)
    made = Classifier(model, Preprocessing(1, 16, 16), [f"c{i}" for i in range(10)], architecture=name)
    assert made.faster().speed == "folded"
    torch.testing.assert_close(made.faster().logits(BATCH), made.logits(BATCH), rtol=1e-4, atol=1e-5)
    with pytest.raises(UsageError, match="bfloat16"):
        made.faster("bf16")


@pytest.mark.parametrize("forced", ["on", "off"])
def test_answers_are_those_of_float32_unless_asked_otherwise(forced, monkeypatch):
    """On any chip: `auto` is float32's labels and, but for the order of sums, its numbers."""
    monkeypatch.setenv("CLEARSIGHT_BF16", forced)
    made = classifier()
    quick, rough = made.faster(), made.faster("bf16")
    assert (quick.speed, quick.precision, quick.note) == ("folded", "float32", "")
    assert torch.allclose(quick.probabilities(BATCH), made.probabilities(BATCH), atol=1e-5)
    assert (rough.speed, rough.precision, rough.note) == ("bf16", "bfloat16", "")


@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_1", "densenet121", "vit_s_16", "convnet"])
def test_scores_of_bfloat16_products_are_float32s(name):
    """The head and what follows are: large scores that differ by little stay apart, so no two classes tie."""
    size = 32
    made = Classifier(network(name, size), Preprocessing(1, size, size), [f"c{i}" for i in range(10)], architecture=name)
    with torch.no_grad():
        nn.init.normal_(made.model.head.weight, std=0.1)  # ViT's begins at zero
        made.model.head.bias += 20  # where bfloat16 has steps of 0.125
    pictures = torch.randint(0, 256, (6, 1, size, size), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    scores = made.faster("bf16").logits(pictures)
    assert not torch.equal(scores, scores.bfloat16().float())
    assert all(len(row.unique()) == 10 for row in scores)


def test_verify_proves_the_road_that_classify_takes(tmp_path, monkeypatch):
    made = classifier()
    save(made, tmp_path / "m", golden_samples=[picture.permute(1, 2, 0).numpy() for picture in BATCH])
    roads = []
    faster = Classifier.faster
    monkeypatch.setattr(Classifier, "faster", lambda self, speed="auto": roads.append(speed) or faster(self, speed))
    found = verify(tmp_path / "m")
    assert found.ok and (found.speed, found.precision, found.device) == ("folded", "float32", "cpu")
    rough = verify(tmp_path / "m", speed="bf16")
    assert (rough.speed, rough.precision) == ("bf16", "bfloat16") and rough.tolerance > found.tolerance
    assert rough.max_difference > found.max_difference  # it was this road
    assert roads == ["auto", "bf16"]
