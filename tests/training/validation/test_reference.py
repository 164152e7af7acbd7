"""What a run stores of its limits: whose scores they are, and never those of pictures that the network was fitted to."""

import json

import numpy as np
import pytest
import safetensors.torch
import torch

from clearsight.classifier import load
from clearsight.classifier.uncertainty.reference import FILE
from clearsight.datasets.dataset import Dataset, Parts, objects
from clearsight.runs.held_out import HeldOut
from clearsight.training.api import train
from clearsight.training.validation import reference as module
from tests.pictures import digit_arrays


def digits(per_class: int = 40, classes: int = 4, start: int = 0) -> Dataset:
    pictures, labels = digit_arrays(start + per_class, classes)
    rows = np.concatenate([np.flatnonzero(labels == k)[start:] for k in range(classes)])
    names = objects(f"{start}-{i}" for i in range(len(rows)))
    return Dataset(tuple("abcd"[:classes]), labels[rows].astype(np.int64), names, pictures=pictures[rows])


def trained(tmp_path, **settings):
    settings = {"model": "pixels", "epochs": 3, "quiet": True, "out": str(tmp_path / "run"), "test": 0.2} | settings
    data = digits()
    return train(Parts("digits", data.classes, {"all": data}), **settings)


def test_a_network_that_was_fitted_is_scored_on_validation(tmp_path):
    run = trained(tmp_path, val=0.25)
    kept, parts = load(run.run).reference, run.parts.parts
    assert (kept.novelty.source, kept.calibration.source) == ("validation", "validation")
    assert len(kept.novelty.vectors) == len(parts["train"]) and len(kept.novelty.scores) == len(kept.calibration) == len(parts["val"])
    answers = list(run.classifier.classify_many([parts["val"].source(i) for i in range(len(parts["val"]))], top=4))
    assert sorted(one.novelty for one in answers) == pytest.approx(kept.novelty.scores.tolist(), abs=1e-4)
    of_truth = [next(c.confidence for c in one.top if c.index == label) for one, label in zip(answers, parts["val"].labels, strict=True)]
    assert kept.calibration.scores.tolist() == pytest.approx([1 - p for p in of_truth], abs=1e-4)
    assert kept.calibration.labels.tolist() == parts["val"].labels.tolist()


def test_fixed_features_are_scored_by_the_other_training_pictures(tmp_path):
    kept = trained(tmp_path, recipe="solved", val=0.2).classifier.reference
    vectors = kept.novelty.vectors.float()
    cosines = vectors @ vectors.T
    cosines.fill_diagonal_(-1)
    assert kept.novelty.source == "cross-validation" and kept.calibration.source == "validation", "no head was cross-validated"
    assert kept.novelty.scores.tolist() == pytest.approx(sorted((1 - cosines.amax(1)).tolist()), abs=3e-3)


def test_declined_no_vector_is_stored_and_sets_still_are(tmp_path):
    run = trained(tmp_path, val=0.25, novelty="none")
    tensors = safetensors.torch.load_file(run.run / FILE)
    assert set(tensors) == {"calibration.scores", "calibration.labels"} and run.classifier.reference.novelty is None
    assert "layer" not in json.loads((run.run / "config.json").read_text())["reference"]


def test_held_out_answers_are_those_of_cross_validation():
    logits, labels = torch.tensor([[2.0, 0.0], [0.0, 1.0]]), torch.tensor([0, 0])
    context = type("Context", (), {"held_out": HeldOut(torch.arange(2), labels, logits, torch.arange(2))})()
    found = module._calibration(context, 2.0, torch.empty(0, 2), unseen=True)
    expected = [1 - 1 / (1 + np.exp(-1.0)), 1 - 1 / (1 + np.exp(0.5))]
    assert found.scores.tolist() == pytest.approx(expected) and found.source == "cross-validation"
    assert module._calibration(context, 2.0, torch.empty(0, 2), unseen=False) is None, "its features have learnt from the pictures"


def test_weights_of_a_run_on_the_same_pictures_have_learnt_from_them(tmp_path):
    first = trained(tmp_path, model="lenet5", val=0.25, out=str(tmp_path / "first"))
    second = trained(tmp_path, model="lenet5", from_=str(first.run), tune="head", out=str(tmp_path / "second"), val=0.25)
    assert second.classifier.reference.novelty.source == second.classifier.reference.calibration.source == "validation"
