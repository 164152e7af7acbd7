"""`reference.safetensors`: what is saved is what is loaded, without pictures; damage, older artefacts and other views are noticed."""

import json
import shutil

import numpy as np
import pytest
import safetensors.torch
import torch

from clearsight import models
from clearsight.base.errors import CorruptFile, UsageError
from clearsight.base.files import digest
from clearsight.classifier import Classifier, load, save
from clearsight.classifier.config import CONFIG, config_digest
from clearsight.classifier.uncertainty import NOTHING, Calibration, Reference
from clearsight.classifier.uncertainty.novelty import stored
from clearsight.classifier.uncertainty.reference import FILE, UNKNOWN, Limits, from_scores, read
from clearsight.images.preprocess import Preprocessing

CLASSES = ("cat", "dog", "eel")


def pictures(n: int, seed: int = 0) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [np.full((28, 28, 1), 60 + 20 * (i % 3), np.uint8) + random.integers(0, 40, (28, 28, 1), dtype=np.uint8) for i in range(n)]


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    model = models.build("lenet5", 3, channels=1, height=28, width=28, seed=0)
    made = Classifier(model, Preprocessing(1, 28, 28, mean=(0.5,), std=(0.25,)), CLASSES, temperature=0.2, architecture="lenet5")
    batch = torch.stack([made.preprocessing.load(one) for one in pictures(40)])
    logits, features = made.logits_and_inputs(batch, "fc3")
    known = stored("fc3", features)
    scores = known.without_own(features, torch.arange(40), torch.arange(40)).numpy()
    probabilities = torch.softmax(logits / 0.2, 1)
    labels = torch.arange(40) % 3
    calibration = Calibration((1 - probabilities.gather(1, labels[:, None])[:, 0]).numpy(), labels.numpy(), "cross-validation")
    made.reference = Reference(type(known)(known.layer, known.mean, known.vectors, scores, "cross-validation"), calibration)
    return made


@pytest.fixture
def folder(classifier, tmp_path):
    save(classifier, tmp_path / "saved")
    return tmp_path / "saved"


def edited(folder, change) -> None:
    """`config.json` after `change`, with its own digest again."""
    config = json.loads((folder / CONFIG).read_text())
    change(config)
    config.pop("sha256")
    (folder / CONFIG).write_text(json.dumps(config | {"sha256": config_digest(config)}))


def test_loaded_answers_as_saved(classifier, folder):
    again = load(folder)
    asked = {"false_alarms": 0.05, "coverage": 0.9}
    ours, theirs = (list(one.classify_many(pictures(7, 1), **asked)) for one in (classifier, again))
    assert [(one.label, one.known, one.labels) for one in ours] == [(one.label, one.known, one.labels) for one in theirs]
    assert [one.novelty for one in ours] == pytest.approx([one.novelty for one in theirs], abs=1e-5)
    assert (again.reference.novelty.source, again.reference.calibration.source) == ("cross-validation",) * 2


def test_the_file_has_vectors_and_scores_and_no_picture(folder):
    tensors = safetensors.torch.load_file(folder / FILE)
    shapes = {name: (str(value.dtype), tuple(value.shape)) for name, value in tensors.items()}
    assert shapes == {
        "novelty.mean": ("torch.float32", (84,)),
        "novelty.vectors": ("torch.float16", (40, 84)),
        "novelty.scores": ("torch.float32", (40,)),
        "calibration.scores": ("torch.float32", (40,)),
        "calibration.labels": ("torch.int64", (40,)),
    }
    assert {path.name for path in folder.iterdir()} == {CONFIG, FILE, "README.md", "model.safetensors"}


def test_declined_there_is_no_file_and_one_of_before_goes(classifier, folder):
    bare = Classifier(classifier.model, classifier.preprocessing, CLASSES, architecture="lenet5")
    save(bare, folder)
    assert not (folder / FILE).exists() and load(folder).reference is NOTHING
    answer = load(folder).classify(pictures(1)[0])
    assert answer.novelty is answer.known is answer.labels is None
    assert "reference" not in json.loads((folder / CONFIG).read_text())


def test_an_older_artefact_is_read_and_says_that_it_scores_nothing(folder):
    edited(folder, lambda config: config.pop("reference"))
    (folder / FILE).unlink()
    again = load(folder)
    with pytest.raises(UsageError, match="scores no novelty: an older version wrote it"):
        again.classify(pictures(1)[0], false_alarms=0.05)
    with pytest.raises(UsageError, match="no calibration answers"):
        next(again.classify_many(pictures(1), coverage=0.9))


@pytest.mark.parametrize("damage", ["bit", "missing", "table", "labels", "shape", "kind"])
def test_damage_is_noticed(folder, damage):
    data = (folder / FILE).read_bytes()
    tensors = safetensors.torch.load(data)
    if damage == "bit":
        (folder / FILE).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    elif damage == "missing":
        (folder / FILE).unlink()
    elif damage == "table":
        edited(folder, lambda config: config.update(reference=[1]))
    else:
        change = {
            "labels": {"calibration.labels": torch.full((40,), 3)},
            "shape": {"novelty.mean": torch.zeros(83)},
            "kind": {"novelty.vectors": torch.zeros(40, 84)},
        }[damage]
        changed = safetensors.torch.save(tensors | change)
        (folder / FILE).write_bytes(changed)
        edited(folder, lambda config: config["reference"].update(sha256=digest(changed)))
    with pytest.raises(CorruptFile, match=r"reference|config\.json"):
        load(folder)


def test_no_safetensors_is_no_reference():
    with pytest.raises(CorruptFile, match="not a safetensors file"):
        read(b"nothing", {}, 3)


def test_a_strange_picture_is_none_of_these_and_keeps_its_classes(classifier):
    candidates = [np.kron(np.eye(28 // n), np.ones((n, n)))[..., None].astype(np.uint8) * 255 for n in (1, 2, 4, 7, 14)]
    strange = max(candidates, key=lambda one: classifier.classify(one).novelty)
    plain, asked = classifier.classify(strange), classifier.classify(strange, false_alarms=0.9)
    assert plain.known is None and plain.label in CLASSES and plain.novelty == pytest.approx(asked.novelty)
    assert (asked.label, asked.index, asked.known) == (UNKNOWN, -1, False) and asked.novelty > classifier.limits(0.9).novelty
    assert asked.top == plain.top and asked.confidence == plain.confidence


def test_sets_have_the_likeliest_class_first_and_grow_with_coverage(classifier):
    small, large = (list(classifier.classify_many(pictures(9, 2), coverage=coverage)) for coverage in (0.5, 0.95))
    for few, many in zip(small, large, strict=True):
        assert set(few.labels) <= set(many.labels) and few.labels == many.labels[: len(few.labels)]
        order = [choice.label for choice in many.top]
        assert list(many.labels) == order[: len(many.labels)]


def test_a_faster_copy_scores_the_same_and_other_views_have_no_scores(classifier):
    ours, fast = (list(one.classify_many(pictures(5, 3))) for one in (classifier, classifier.faster()))
    assert [one.novelty for one in ours] == pytest.approx([one.novelty for one in fast], abs=1e-4)
    assert classifier.viewed("").reference is classifier.reference and classifier.viewed("mirror").reference is NOTHING


def test_without_a_question_nothing_is_limited():
    limits = NOTHING.limits(CLASSES)
    assert limits == Limits() and limits.known(0.3) is None and limits.sets(np.zeros((2, 3), np.float32)) is None


def test_a_copied_folder_is_whole(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    assert load(tmp_path / "copy").reference.novelty is not None


def test_scores_alone_give_the_same_limits(classifier):
    kept = from_scores(json.loads(json.dumps(classifier.reference.scores())), 3)
    for asked in ({"false_alarms": 0.05}, {"coverage": 0.9}, {"coverage": 0.9, "by_class": True}):
        ours, theirs = kept.limits(CLASSES, **asked), classifier.reference.limits(CLASSES, **asked)
        assert ours.novelty == theirs.novelty
        np.testing.assert_array_equal(ours.scores, theirs.scores)
    assert from_scores({}, 3).scores() == NOTHING.scores() == {}


@pytest.mark.parametrize(
    "told",
    [
        {"novelty": {}},
        {"novelty": {"scores": ["high"]}},
        {"calibration": {"scores": [0.5], "labels": [3]}},
        {"calibration": {"scores": [0.5], "labels": []}},
        {"calibration": {"scores": [True], "labels": [0]}},
    ],
)
def test_other_scores_are_damage(told):
    with pytest.raises(CorruptFile):
        from_scores(told, 3)


def test_limits_are_over_all_classes_together_unless_asked_by_class():
    scores = np.concatenate([np.linspace(0, 0.2, 20), np.linspace(0, 0.9, 20), np.linspace(0, 0.5, 20)]).astype(np.float32)
    one = Reference(calibration=Calibration(scores, np.repeat(range(3), 20), "validation"))
    together, apart = (one.limits(CLASSES, coverage=0.9, by_class=by_class).scores for by_class in (False, True))
    assert np.array_equal(one.limits(CLASSES, coverage=0.9).scores, together)
    assert len(set(together.tolist())) == 1 and apart.argsort().tolist() == [0, 2, 1]
