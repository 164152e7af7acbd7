"""What to label next: unsure and diverse at once, in constructed cases; broken pictures named; the same for any order."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from clearsight.base.errors import UsageError
from clearsight.base.randomness import uniform
from clearsight.labels.acquisition import chosen, next_labels
from clearsight.training.api import train
from tests.pictures import digit_folder

SURE, TORN = (0.98, 0.01, 0.01), (0.4, 0.35, 0.25)


def test_unsure_and_diverse():
    near = torch.randn(60, 8, generator=torch.Generator().manual_seed(0)) * 0.01
    places = torch.zeros(60, 8)
    places[:20, 0], places[20:40, 1], places[40:, 2] = 1, 1, 1  # three heaps
    vectors = places + near
    probabilities = torch.tensor([SURE] * 20 + [TORN] * 40)
    for seed in range(10):
        taken = chosen(vectors, probabilities, 2, seed)
        assert {i // 20 for i in taken} == {1, 2}  # one from each heap that is in doubt, none from the sure one


def test_twins_are_taken_once():
    vectors = torch.eye(4).repeat(5, 1)
    probabilities = torch.tensor([TORN]).repeat(20, 1)
    for seed in range(5):
        taken = chosen(vectors, probabilities, 6, seed)
        assert len({i % 4 for i in taken[:4]}) == 4 and len(set(taken)) == 6


def test_distances_are_those_of_the_gradients():
    """The draw is the one that the gradients themselves, written out, lead to."""
    draw = torch.Generator().manual_seed(3)
    vectors, probabilities = torch.randn(40, 6, generator=draw), torch.softmax(2 * torch.randn(40, 5, generator=draw), 1)
    errors = probabilities - torch.nn.functional.one_hot(probabilities.argmax(1), 5)
    gradients = (errors[:, :, None] * vectors[:, None, :]).flatten(1)
    taken = chosen(vectors, probabilities, 10, seed=1)
    assert taken[0] == int(gradients.norm(dim=1).argmax())
    assert len(set(taken)) == 10
    for k in range(1, 10):
        apart = torch.cdist(gradients.double(), torch.cat([gradients[taken[:k]], torch.zeros(1, 30)]).double()).min(1).values.square()
        course = apart.cumsum(0)
        place = float(uniform(1, k, torch.zeros(1, dtype=torch.int64), "labels next")) * float(course[-1])
        assert course[taken[k]] >= place * (1 - 1e-4) and (taken[k] == 0 or course[taken[k] - 1] <= place * (1 + 1e-4))


def test_more_than_there_are():
    taken = chosen(torch.ones(3, 2), torch.tensor([SURE, TORN, SURE]), 10)
    assert sorted(taken) == [0, 1, 2] and taken[0] == 1


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a run, and the pictures that it was trained on."""
    root = tmp_path_factory.mktemp("next")
    train(digit_folder(root / "scans", per_class=12, classes=4), out=str(root / "runs" / "run"), model="pixels", epochs=3, quiet=True)
    return root


@pytest.fixture
def run(made, tmp_path, monkeypatch):
    monkeypatch.chdir(made)
    return "runs/run"


def test_a_plain_folder(run, tmp_path):
    pool = tmp_path / "pool"
    (pool / "deeper").mkdir(parents=True)
    for i, path in enumerate(sorted(digit_folder(tmp_path / "more", per_class=20).rglob("*.png"))):
        path.rename((pool if i % 2 else pool / "deeper") / f"{i}.png")
    (pool / "broken.png").write_text("no picture")
    found = next_labels(run, pool, n=15, quiet=True)
    assert found.labelled == 48  # the run's own pictures, under other names
    assert len(found.wanted) == 15 and len(found.data) == 152 and [one.rank for one in found.wanted] == list(range(1, 16))
    assert [one.source for one in found.failures] == ["broken.png"] and found.failures[0].error
    for one in found.wanted:
        assert Path(one.path).is_file() and 0 <= one.margin <= one.confidence <= 1
    assert len(found.csv().splitlines()) == 16 and found.csv().startswith("rank,path,guess,confidence,second,margin,why\n")
    assert next_labels(run, pool, n=15, quiet=True).wanted == found.wanted
    assert next_labels(run, pool, n=5, quiet=True).wanted == found.wanted[:5]  # fewer are the first of more
    confidence = np.mean([one.confidence for one in found.wanted])
    everything = next_labels(run, pool, n=152, quiet=True)
    assert confidence < np.mean([one.confidence for one in everything.wanted])


def test_what_has_a_label_is_left_out(run, made):
    with pytest.raises(UsageError, match="have a label already"):
        next_labels(run, "scans", quiet=True)
    with Image.open(made / "scans" / "two" / "0024.png") as image:
        image.rotate(90).save(made / "scans" / "new.png")
    found = next_labels(run, "scans", quiet=True)
    (made / "scans" / "new.png").unlink()
    assert [one.path for one in found.wanted] == ["scans/new.png"] and found.labelled == 48


def test_mistakes(run, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UsageError, match="no picture in"):
        next_labels(run, empty, quiet=True)
    (empty / "a.png").write_text("no picture")
    with pytest.raises(UsageError, match="none of the 1 pictures can be read"):
        next_labels(run, empty, quiet=True)
    with pytest.raises(UsageError, match="at least 1"):
        next_labels(run, "scans", n=0)
    with pytest.raises(UsageError, match="Did you mean test"):
        next_labels(run, "digits", part="tset", quiet=True)
