"""Changes from outside: called once a picture, reproducible, and refused with a word of why."""

import random
import sys
from types import ModuleType

import numpy as np
import pytest
import torch

from clearsight.augment import custom
from clearsight.augment.pipeline import apply, inputs, margin, parse
from clearsight.augment.registry import row_of
from clearsight.base import code
from clearsight.base.errors import ClearsightError, UsageError
from clearsight.images.preprocess import Preprocessing

SIZE = (6, 5)
PICTURES = torch.randint(0, 256, (20, 3, *SIZE), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
INDICES = torch.arange(20)


def noisy(picture):
    """Draws from all three generators.

    It spoils what it was given.
    """
    drawn = torch.randint(0, 80, picture.shape) + int(np.random.randint(0, 80)) + random.randrange(80)
    return picture.random_().fill_(0) + drawn.to(torch.uint8)


def failing(picture):
    raise ValueError("no such picture")


@pytest.fixture(autouse=True)
def somebodys(monkeypatch):
    module = ModuleType("somebodys_changes")
    module.noisy, module.failing, module.number = noisy, failing, 3
    module.same = lambda picture: picture
    module.turned = lambda picture: picture.mT
    module.floats = lambda picture: picture / 255
    module.arrays = lambda picture: picture.numpy()
    module.Nested = type("Nested", (), {"negative": staticmethod(lambda picture: 255 - picture)})
    monkeypatch.setitem(sys.modules, "somebodys_changes", module)
    monkeypatch.setattr(code, "_ALLOWED", {code._EVERY})


def changed(name, pictures=PICTURES, indices=INDICES, seed=0, epoch=0):
    return apply(parse(f"@somebodys_changes:{name}"), pictures, indices, seed, epoch, SIZE)


def test_it_is_called_once_a_picture():
    assert torch.equal(changed("same"), PICTURES)
    assert torch.equal(changed("Nested.negative"), 255 - PICTURES)
    assert torch.equal(changed("Nested.negative", PICTURES / 255), 255 - PICTURES)
    assert changed("same", PICTURES[:0], INDICES[:0]).shape == (0, 3, *SIZE)


def test_it_does_the_same_in_any_batch_and_not_to_any_two_pictures():
    before = PICTURES.clone()
    whole = changed("noisy")
    assert torch.equal(PICTURES, before), "the stored pictures are not written to"
    assert torch.equal(torch.cat([changed("noisy", before[part], part) for part in INDICES.split(7)]), whole)
    backwards = INDICES.flip(0)
    assert torch.equal(changed("noisy", before[backwards], backwards), whole[backwards])
    assert len({tuple(picture.flatten().tolist()) for picture in whole}) == 20
    for seed, epoch in ((1, 0), (0, 1), (0, 2)):
        assert not torch.equal(changed("noisy", seed=seed, epoch=epoch), whole)
    twice = apply(parse("@somebodys_changes:noisy @somebodys_changes:noisy"), PICTURES, INDICES, 0, 0, SIZE)
    assert not torch.equal(twice, whole), "another draw for each change"


@pytest.mark.parametrize("name", ["noisy", "failing"])
def test_the_global_generators_are_left_as_they_were(name):
    torch.manual_seed(7)
    random.seed(7)
    np.random.seed(7)
    expected = float(torch.rand(())), random.random(), float(np.random.rand())
    torch.manual_seed(7)
    random.seed(7)
    np.random.seed(7)
    try:
        changed(name)
    except ClearsightError:
        assert name == "failing"
    assert (float(torch.rand(())), random.random(), float(np.random.rand())) == expected


def test_it_stands_among_the_others():
    ops = parse("flip @somebodys_changes:Nested.negative crop:1")
    assert margin(ops) == 1.0
    plain = apply(parse("flip"), 255 - PICTURES, INDICES, 0, 0, SIZE)
    assert torch.equal(apply(ops[:2], PICTURES, INDICES, 0, 0, SIZE), plain)
    to = Preprocessing(3, *SIZE, mean=(0.5,) * 3, std=(0.5,) * 3)
    assert torch.allclose(inputs(ops[:2], PICTURES, INDICES, 0, 0, to), to.normalise(plain))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("missing", "cannot be imported .*no attribute 'missing'.*PYTHONPATH"),
        ("number", "something to call. It is of type int"),
        ("turned", r"give back a uint8 tensor \(3, 6, 5\). Got uint8 \(3, 5, 6\)"),
        ("floats", r"give back a uint8 tensor \(3, 6, 5\). Got float32 \(3, 6, 5\)"),
        ("arrays", r"give back a uint8 tensor \(3, 6, 5\). Got ndarray"),
    ],
)
def test_what_cannot_be_used_is_refused(name, says):
    with pytest.raises(UsageError, match=says):
        changed(name)


def test_what_cannot_be_imported_is_said_before_any_picture_is_read():
    with pytest.raises(UsageError, match=r"cannot be imported .*No module named 'nobodys_changes'"):
        margin(parse("@nobodys_changes:flip"))


def test_what_it_raises_is_told():
    with pytest.raises(ClearsightError, match=r"failed on a picture \(ValueError: no such picture\)"):
        changed("failing")


def test_code_that_is_not_allowed_is_not_imported(monkeypatch):
    monkeypatch.setattr(code, "_ALLOWED", set())
    monkeypatch.setitem(sys.modules, "somebodys_changes", None)  # an import would raise
    with pytest.raises(UsageError, match=r"an augmentation @somebodys_changes:same names code to run.*allow_code=True"):
        margin(parse("@somebodys_changes:same"))


def test_the_caption_of_a_change_is_its_docstring():
    assert row_of(parse("@somebodys_changes:noisy")[0]).meaning == "Draws from all three generators"
    assert row_of(parse("@somebodys_changes:same")[0]).meaning == "an augmentation of your own"


def test_a_picture_has_a_seed_of_48_bits():
    assert custom.plan(torch.tensor([[0.5, 0.25]]), (), (3, *SIZE)).tolist() == [2**23 * 2**24 + 2**22]
