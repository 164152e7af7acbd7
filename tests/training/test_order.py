"""The order of an epoch: which pictures are drawn, how often, and that a resume finds the same ones."""

import signal
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils.data import WeightedRandomSampler

from clearsight.base import code
from clearsight.base.compute.distributed import ProcessGroup
from clearsight.base.errors import UsageError
from clearsight.base.randomness import permutation
from clearsight.recipes.compose import compose
from clearsight.training import loop
from clearsight.training.api import resume, train
from clearsight.training.interrupt import Interrupted
from clearsight.training.objectives.objective import Objective
from clearsight.training.order import batches, described, drawn, quotas, repeated
from tests.pictures import digit_arrays
from tests.training.objectives.made import made_of

COUNTS = (70, 14, 0, 36)
LABELS = torch.tensor(np.random.default_rng(0).permutation(np.repeat(range(4), COUNTS)))


def epochs(sampler, n):
    recipe = compose({"sampler": sampler, "seed": 7})
    return [drawn(recipe, LABELS, epoch) for epoch in range(n)]


def test_an_epoch_is_every_picture_once_unless_asked():
    context, _ = made_of(batch=50)
    n = len(context.train)
    places = batches(context)
    assert torch.equal(torch.cat(places), permutation(3, 0, n)) and len(places) == context.steps
    assert described(context) == ""


@pytest.mark.parametrize(("sampler", "expected"), [("balanced", [40, 40, 0, 40]), ("root", [55, 25, 0, 40])])
def test_classes_have_their_shares(sampler, expected):
    # root: 120·√70/(√70 + √14 + √36) = 55.4, 24.8, 39.8; what flooring leaves goes to .8 and .8
    assert quotas(torch.tensor(COUNTS), sampler) == expected
    for places in epochs(sampler, 3):
        assert torch.bincount(LABELS[places % 120], minlength=4).tolist() == expected
        assert len(places.unique()) == 120  # a copy of a picture is another place: it is augmented in another way


@pytest.mark.parametrize("sampler", ["balanced", "root"])
def test_the_pictures_of_a_class_are_drawn_equally_often_over_the_epochs(sampler):
    times = torch.bincount(torch.cat(epochs(sampler, 5)) % 120, minlength=120)
    for k, count in enumerate(COUNTS):
        if count:
            of_class = times[k == LABELS]
            assert int(of_class.max() - of_class.min()) <= 1
            assert int(of_class.sum()) == 5 * quotas(torch.tensor(COUNTS), sampler)[k]
    first, second = (set((places % 120).tolist()) for places in epochs(sampler, 2))
    assert first != second


def test_balanced_draws_have_the_distribution_of_torchs_weighted_sampler():
    weights = [1 / COUNTS[label] for label in LABELS.tolist()]
    theirs = list(WeightedRandomSampler(weights, 120 * 300, generator=torch.Generator().manual_seed(1)))
    ours = torch.cat(epochs("balanced", 300)) % 120
    for picture in range(120):
        p = weights[picture] / sum(weights)
        deviation = (120 * 300 * p * (1 - p)) ** 0.5
        assert abs(theirs.count(picture) - 120 * 300 * p) < 4.5 * deviation
        assert abs(int((ours == picture).sum()) - 120 * 300 * p) <= 1


def test_the_copies_of_a_picture_stand_side_by_side_and_differ():
    assert repeated(torch.tensor([4, 1]), 3, 10).tolist() == [4, 14, 24, 1, 11, 21]
    context, objective = made_of(aug_repeats=3, batch=31, augment="crop:2 rotate:20")
    n = len(context.train)
    places = batches(context)
    assert len(places) == context.steps and max(map(len, places)) <= 30 and sum(map(len, places)) == context.draws
    for step in places:
        assert set(Counter((step % n).tolist()).values()) == {3}
    distinct = torch.cat(places) % n
    assert len(distinct.unique()) == n // 3 and len(distinct) == n // 3 * 3
    index = places[0][:6]
    inputs, labels = context.prepared(index, context.train.batch(index % n))
    assert torch.equal(labels, context.train.labels[index % n])
    assert all(not torch.equal(inputs[i], inputs[i + 1]) for i in (0, 1, 3, 4))
    plain, _ = context.prepared(index[:1], context.train.batch(index[:1]))
    assert torch.equal(plain[0], inputs[0])  # the first version is the one that it has without repeats
    assert objective.copies
    assert described(context) == f"repeated augmentation: an epoch is {n // 3} of the {n} training pictures, each in 3 versions"


@pytest.mark.parametrize("world", [2, 3])
@pytest.mark.parametrize("settings", [{"sampler": "balanced"}, {"aug_repeats": 2}])
def test_the_processes_have_parts_of_the_same_batches(world, settings):
    whole, _ = made_of(**settings, batch=40)
    parts = []
    for rank in range(world):
        whole.group = ProcessGroup(rank, world)
        parts.append([whole.group.shard(step) for step in batches(whole)])
    assert min(len(shard) for shards in parts for shard in shards) >= 2
    whole.group = ProcessGroup()
    assert all(torch.equal(torch.cat(shards), step) for *shards, step in zip(*parts, batches(whole), strict=True))


def uneven():
    """8, 24 and 24 pictures of three classes."""
    pictures, labels = digit_arrays(24)
    kept = np.flatnonzero((labels < 3) & ((labels > 0) | (np.arange(len(labels)) % 3 == 0)))
    return pictures[kept], labels[kept]


@pytest.mark.parametrize("settings", [{"sampler": "balanced"}, {"sampler": "root", "mix": "mixup"}, {"aug_repeats": 2, "mix": "cutmix"}])
def test_a_run_that_was_stopped_ends_with_the_same_weights(settings, tmp_path, monkeypatch):
    given = {"model": "lenet5", "epochs": 2, "batch": 16, "augment": "crop:1", "speed": "plain", "quiet": True, "seed": 2, **settings}
    whole = train(uneven(), out=str(tmp_path / "whole"), **given)
    step, count = loop._step, [0]

    def counted(*words):
        count[0] += 1
        if count[0] == 2:
            words[-1].asked = signal.SIGTERM
        return step(*words)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "_step", counted)
        with pytest.raises(Interrupted):
            train(uneven(), out=str(tmp_path / "run"), **given)
    resume(tmp_path / "run", data=uneven(), quiet=True)
    assert (tmp_path / "run/model.safetensors").read_bytes() == (whole.run / "model.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"aug_repeats": 2, "augment": ""}, "--aug-repeats is for pictures that are augmented"),
        ({"sampler": "balanced", "objective": f"@{__name__}:Indexed"}, "--sampler is for training by a loss of labels"),
    ],
)
def test_what_has_no_copies_is_refused(settings, said, monkeypatch):
    monkeypatch.setattr(code, "_ALLOWED", {settings.get("objective", "")})
    with pytest.raises(UsageError, match=said):
        made_of(**{"label_smoothing": 0.0, **settings})


class Indexed(Objective):
    def loss(self, context, net, index, pictures):
        raise AssertionError("never computed")


def test_an_epoch_is_described_by_its_rarest_and_commonest_class():
    context, _ = made_of(sampler="balanced")
    context.train.labels = torch.tensor([3] * 50 + [7] * 10)
    context.train = replace(context.train, tensors=[context.train.tensors[0][:60]])
    assert described(context) == (
        "sampler balanced: an epoch is 60 draws, 30 of each class; a picture of '7' is drawn 3 times in it, one of '3' 0.6 times"
    )
