"""A change that hides what the classifier goes by is called doubtful, one that does not is not."""

import torch
from torch import nn

from clearsight.augment.registry import parse
from clearsight.images.preprocess import Preprocessing
from clearsight.look.augmented import changed, examples, tried, written
from clearsight.look.target import Subject


class Leaning(nn.Module):
    """Class 0 where the left half is the brighter one."""

    def forward(self, x):
        middle = x.shape[3] // 2
        left = x[..., :middle].mean((1, 2, 3)) - x[..., middle:].mean((1, 2, 3))
        return 20 * torch.stack([left, -left], 1)


def halves(n):
    pictures = torch.zeros(n, 1, 16, 16, dtype=torch.uint8)
    pictures[0::2, ..., :8] = 200
    pictures[1::2, ..., 8:] = 200
    return pictures, torch.arange(n), torch.arange(n) % 2


def test_doubtful_is_what_the_label_does_not_survive():
    seen = Subject("leaning", Leaning(), Preprocessing(1, 16, 16), True, ("left", "right"))
    flip, gamma = tried(seen, parse("flip:1 gamma:0.5"), *halves(40), seed=0)
    assert (flip.kept, flip.n, flip.doubtful) == (0.0, 40, True) and flip.before > 0.99 and flip.after < 0.01
    assert (gamma.kept, gamma.doubtful) == (1.0, False)
    assert flip.to_json()["change"] == "flip:1" and flip.high < 0.1


def test_examples_are_the_same_picture_under_several_draws():
    pictures, indices, _ = halves(3)
    assert torch.equal(changed(parse("flip:1")[0], pictures, indices, 0, 0), pictures.flip(3))
    made = examples(parse("flip:0.5")[0], pictures[0], indices[:1], 0, 8)
    assert made.shape == (8, 1, 16, 16) and {tuple(one[0, 0, [0, -1]].tolist()) for one in made} == {(200, 0), (0, 200)}
    assert written(parse("jitter:0.4")[0]) == "jitter:0.4:0.4:0.4:0.1"
