"""What is saved is what is loaded, and whatever was changed in between is noticed."""

import json
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

import clearsight
from clearsight import models
from clearsight.base.compute.device import shapes_only
from clearsight.base.errors import CorruptFile, UnreadableImage, UsageError
from clearsight.classifier import Classifier, Failure, artefact, load, save
from clearsight.images.preprocess import Preprocessing

CLASSES = ("cat", "dog", "Kätzchen")
SMALL = (  # written down: to find them, a network of every family is built, which every process would do before its first test
    "pixels", "histogram", "dog", "hog", "sift", "pixels-rbf", "neocognitron", "lecun1989", "lenet5", "convnet", "squeezenet1_0",
    "nasnetmobile.keras", "mobilenet_v1", "mobilenet_v2", "mobilenet_v3_large", "efficientnet_b0", "swift",
)  # fmt: skip


@pytest.fixture
def classifier():
    model = models.build("lenet5", 3, channels=3, height=28, width=28, seed=0)
    return Classifier(
        model, Preprocessing(channels=3, height=28, width=28, mean=(0.5,) * 3, std=(0.25,) * 3), CLASSES, temperature=0.1,
        architecture="lenet5", facts={"data": "pets"},
    )  # fmt: skip


@pytest.fixture
def pictures():
    return [np.random.default_rng(i).integers(0, 256, (40, 30, 3), dtype=np.uint8) for i in range(5)]


@pytest.fixture
def folder(classifier, pictures, tmp_path):
    artefact.save(classifier, tmp_path / "saved", golden_samples=pictures)
    return tmp_path / "saved"


def png(picture: np.ndarray) -> bytes:
    stream = BytesIO()
    Image.fromarray(picture).save(stream, format="PNG")
    return stream.getvalue()


def test_loaded_answers_as_saved(classifier, pictures, folder):
    again = clearsight.load(folder)
    assert (again.classes, again.temperature, again.architecture, again.facts) == (CLASSES, 0.1, "lenet5", {"data": "pets"})
    for picture in pictures:
        ours, theirs = again.classify(png(picture)), classifier.classify(png(picture))
        assert ours.label == theirs.label and ours.confidence == pytest.approx(theirs.confidence, abs=1e-6)
    assert artefact.verify(folder).ok


def test_every_kind_of_source_gets_the_same_answer(classifier, pictures, tmp_path):
    picture = pictures[0]
    path = tmp_path / "picture.png"
    path.write_bytes(png(picture))
    answers = [classifier.classify(s) for s in (path, str(path), png(picture), BytesIO(png(picture)), Image.open(path), picture)]
    assert {answer.confidence for answer in answers} == {answers[0].confidence}
    assert [choice.confidence for choice in answers[0].top] == sorted((c.confidence for c in answers[0].top), reverse=True)
    assert sum(choice.confidence for choice in answers[0].top) == pytest.approx(1, abs=1e-5)


def test_many_keep_their_order_and_failures_their_place(classifier, pictures):
    sources = [png(picture) for picture in pictures for _ in range(9)]
    sources[7] = b"rubbish"
    answers = list(classifier.classify_many(sources, batch_size=4))
    assert [isinstance(answer, Failure) for answer in answers].index(True) == 7 and len(answers) == 45
    assert answers[40].confidence == pytest.approx(classifier.classify(sources[40]).confidence, abs=1e-5)
    with pytest.raises(UnreadableImage):
        classifier.classify(b"rubbish")


def test_the_users_model_is_not_changed_by_an_answer(classifier, pictures):
    before = {name: value.clone() for name, value in classifier.model.state_dict().items()}
    generator = torch.get_rng_state()
    classifier.classify(png(pictures[0]))
    assert all(torch.equal(before[name], value) for name, value in classifier.model.state_dict().items())
    assert torch.equal(generator, torch.get_rng_state())
    assert all(p.grad is None for p in classifier.model.parameters())


def test_another_preprocessing_is_noticed(folder):
    config = json.loads((folder / "config.json").read_text())
    config["preprocessing"]["mean"] = [0.2, 0.5, 0.5]
    (folder / "config.json").write_text(json.dumps(config | {"sha256": artefact.config_digest(config)}))
    assert not artefact.verify(folder).ok


def test_a_model_of_ones_own_answers_but_is_not_saved(tmp_path):
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48, 2))
    own = Classifier(model, Preprocessing(channels=3, height=4, width=4, mean=(0.0,) * 3, std=(1.0,) * 3), ("a", "b"))
    assert own.classify(np.zeros((4, 4, 3), np.uint8)).label in ("a", "b")
    with pytest.raises(UsageError, match="a model of its own"):
        artefact.save(own, tmp_path / "own")


def _small() -> list[str]:
    """The first network of every family that is small at 32 px."""
    found = []
    for family in models.FAMILIES:
        name = next(iter(family.TABLE))
        channels = models.published(name)[0][0]
        with shapes_only():
            model = models.build(name, 4, channels=channels, height=32, width=32)
        if models.stored(model) < 5e6 or family in models.HANDMADE:
            found.append(name)
    return found


def test_the_small_networks_are_those_of_every_family():
    assert list(SMALL) == _small()


@pytest.mark.parametrize("name", SMALL)
def test_a_network_of_any_family_answers_after_loading_as_before(name, tmp_path):
    torch.manual_seed(0)
    channels = models.published(name)[0][0]
    pictures = torch.randint(0, 256, (3, channels, 32, 32), dtype=torch.uint8)
    model = models.build(name, 4, channels=channels, height=32, width=32, seed=1)
    model.initialise(pictures / 255)
    torch.nn.init.normal_(model.head.weight)
    before = Classifier(model, Preprocessing(channels, 32, 32), tuple("abcd"), architecture=name)
    save(before, tmp_path / "saved")
    # another memory format sums in another order: up to 2.4e-6 of the largest logit over eight seeds, of which one in
    # four had a small logit that lost more of itself to cancellation
    asked = before.logits(pictures)
    scale = asked.abs().max()
    torch.testing.assert_close(load(tmp_path / "saved").logits(pictures) / scale, asked / scale, rtol=0, atol=1e-5)


def test_code_that_a_classifier_names_is_not_imported_unless_that_is_allowed(folder):
    config = json.loads((folder / "config.json").read_text())
    config["architecture"]["name"] = "@evil_module:Net"
    config["sha256"] = artefact.config_digest(config)
    (folder / "config.json").write_text(json.dumps(config))
    for call in (artefact.load, artefact.load_digested, artefact.verify):
        with pytest.raises(UsageError, match="names code to run: @evil_module:Net"):
            call(folder)


def test_a_golden_sample_of_two_bands_is_a_grey_picture_of_both():
    values = np.random.default_rng(0).integers(0, 256, (4, 3, 2)).astype(np.uint8)
    stream = BytesIO()
    Image.fromarray(values.reshape(4, 6)).save(stream, "PNG")
    assert np.array_equal(artefact.stacked(stream.getvalue(), Preprocessing(2, 4, 3)), values)


ROW = {"file": "golden/0.png", "sha256": "0" * 64, "probabilities": [0.5, 0.5]}


@pytest.mark.parametrize("rows", [{}, "", None, {"file": "golden/0.png"}, [ROW] * (artefact.MAX_GOLDEN + 1)])
def test_golden_samples_are_a_list_that_is_not_too_long(rows, tmp_path):
    with pytest.raises(CorruptFile, match=f"'golden' must be a list of at most {artefact.MAX_GOLDEN} pictures"):
        artefact._golden_samples(tmp_path / artefact.CONFIG, {"classes": ["a", "b"], "golden": rows})


@pytest.mark.parametrize("n", [0, 1, artefact.MAX_GOLDEN])
def test_as_many_golden_samples_as_there_may_be_are_read(n, tmp_path):
    assert len(artefact._golden_samples(tmp_path / artefact.CONFIG, {"classes": ["a", "b"], "golden": [ROW] * n})) == n
