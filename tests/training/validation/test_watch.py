"""What is watched of an epoch is what the network of that epoch computes, and the weights are the same without it, bit for bit."""

import io
import json

import numpy as np
import pytest
import torch
from PIL import Image

from clearsight.classifier import load
from clearsight.runs.watched import epochs_of, lines_of, watched_in
from clearsight.training import session
from clearsight.training.api import pretrain, train
from clearsight.training.storage.live import Live
from clearsight.training.validation.watch import _sheet
from tests.pictures import digit_arrays

DATA = digit_arrays(per_class=24)
SETTINGS = {"epochs": 2, "batch": 32, "speed": "plain", "seed": 3, "size": 16, "quiet": True, "val": 0.2}


@pytest.mark.parametrize("more", [{"model": "lenet5", "ema": 0.9, "size": 28}, {"model": "pixels", "augment": "crop:1", "soup": 2}])
def test_the_weights_are_the_same_without_it(more, tmp_path, monkeypatch):
    seen = train(DATA, out=str(tmp_path / "seen"), **(SETTINGS | more))
    monkeypatch.setattr(session, "watch", lambda *_: None)
    monkeypatch.setattr(session, "Live", lambda *_: Live())
    unseen = train(DATA, out=str(tmp_path / "unseen"), **(SETTINGS | more))
    assert (seen.run / "model.safetensors").read_bytes() == (unseen.run / "model.safetensors").read_bytes()
    assert epochs_of(seen.run) == [1, 2] and lines_of(seen.run)[0] and not epochs_of(unseen.run) and not lines_of(unseen.run)[0]


def test_answers_filters_and_pictures_are_those_of_the_epoch(tmp_path):
    trained = train(DATA, out=str(tmp_path / "run"), model="lenet5", keep="last", **(SETTINGS | {"size": 28}))
    told = json.loads((trained.run / "watch" / "pictures.json").read_text())
    part = trained.parts.parts["val"]
    rows = told["pictures"]
    assert len(rows) == 24 and rows[0]["index"] == 0 and rows[-1]["index"] == len(part) - 1
    assert [row["name"] for row in rows] == [part.names[row["index"]] for row in rows]
    assert [row["label"] for row in rows] == [int(part.labels[row["index"]]) for row in rows]
    found, network = watched_in(trained.run, 2), load(trained.run)
    wanted = torch.stack([network.of_picture(part.pictures[row["index"]]) for row in rows])
    assert np.allclose(found.probabilities, wanted.numpy(), atol=1e-4)  # keep=last: the weights of the last epoch, T = 1
    first = next(module for module in network.model.modules() if isinstance(module, torch.nn.Conv2d))
    assert np.array_equal(found.filters, first.weight.detach().half().numpy())
    assert not np.array_equal(found.filters, watched_in(trained.run, 1).filters)
    with Image.open(trained.run / "watch" / "pictures.png") as sheet:
        assert sheet.size == (24 * told["side"], told["side"])


def test_without_labels_only_the_filters_are_watched(tmp_path):
    pretrain(DATA, out=str(tmp_path / "run"), model="lenet5", **(SETTINGS | {"size": 28, "epochs": 1}))
    found = watched_in(tmp_path / "run", 1)
    assert found.probabilities.shape == (0, 0) and found.filters.shape[1:] == (1, 5, 5)


def test_a_solved_head_has_nothing_to_watch(tmp_path):
    trained = train(DATA, out=str(tmp_path / "run"), model="hog", optimizer="lbfgs", **(SETTINGS | {"size": 28}))
    assert epochs_of(trained.run) == [] and not (trained.run / "watch").exists()


def test_a_picture_lies_in_the_middle_of_its_place():
    pictures = torch.full((2, 1, 4, 8), 200, dtype=torch.uint8)
    with Image.open(io.BytesIO(_sheet(pictures))) as sheet:
        assert sheet.size == (16, 8)
        assert np.asarray(sheet)[:, 3, 0].tolist() == [0, 0, 200, 200, 200, 200, 0, 0]
    with Image.open(io.BytesIO(_sheet(pictures.transpose(2, 3)))) as sheet:
        assert np.asarray(sheet)[3, :8, 0].tolist() == [0, 0, 200, 200, 200, 200, 0, 0]
