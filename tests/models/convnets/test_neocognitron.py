"""The neocognitron: its cells against the paper's equations, its winners, and that what it organised tells digits apart."""

import pytest
import torch
from sklearn.linear_model import LogisticRegression

from clearsight import models
from clearsight.models.convnets.neocognitron import CCells, Module, SCells, fixed
from tests.models.expected import check, rows
from tests.pictures import digit_arrays


@rows("neocognitron")
def test_parameters_and_stages(row, expected):
    check(row, expected)


def pictures(per_class: int, side: int) -> tuple[torch.Tensor, torch.Tensor]:
    arrays, labels = digit_arrays(per_class=per_class)
    x = torch.nn.functional.interpolate(torch.as_tensor(arrays).float()[:, None], size=side, mode="bilinear")
    return (x - x.mean()) / x.std(), torch.as_tensor(labels)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("r", [1.5, 4.0])
def test_an_s_cell_answers_by_the_cosine_to_what_it_learnt(r):
    """Much reinforced, u = (1 + r)·s − r where s, the cosine weighted by c, is above r / (1 + r), else 0."""
    cells = SCells(2, Module(1, r, 1e7, 0, 1, 1.0))
    learnt = noise(1, 2, 5, 5)
    cells.reinforce(learnt)
    shown = torch.cat([learnt, 3 * learnt, learnt + noise(1, 2, 5, 5, seed=1) / 2, learnt.flip(3), 1 - learnt])
    c = fixed(0.9) / 2
    norm = (c * shown**2).sum((1, 2, 3)).sqrt()
    cosine = (c * shown * learnt).sum((1, 2, 3)) / norm / norm[0]
    expected = torch.relu((1 + r) * cosine - r)
    assert expected[0] == pytest.approx(1, abs=1e-5) and expected[-1] == 0
    torch.testing.assert_close(cells(shown).flatten(), expected, atol=1e-3, rtol=0)


def test_before_it_learns_an_s_cell_answers_weakly_to_everything():
    cells = SCells(1, Module(24, 4.0, 1.0, 2, 5, 1.0))
    answers = cells(noise(1, 1, 16, 16))
    assert answers.shape == (1, 24, 16, 16) and answers.min() > 0 and answers.max() < 0.05


def test_winners_alone_are_reinforced_at_most_once_in_a_plane():
    torch.manual_seed(0)
    cells = SCells(1, Module(24, 4.0, 1.0, 2, 5, 1.0))
    before = cells.a.clone()
    picture = torch.zeros(1, 1, 16, 16)
    picture[..., 4:12, 7:9] = 1.0
    winner = cells(picture)[0].flatten(1).max(1).values.argmax()
    with torch.no_grad():
        cells.reinforce(picture)
    moved = (cells.a != before).flatten(1).any(1)
    assert moved[winner] and 1 <= moved.sum() < 24
    assert torch.equal(moved, cells.b > 0)
    gained = (cells.a - before)[winner, 0] / fixed(0.9)  # q is 1: what lay before the winner
    patches = torch.nn.functional.unfold(picture, 5, padding=2)[0].T.view(-1, 5, 5)
    assert (patches - gained).abs().amax((1, 2)).min() < 1e-5


def test_c_cells_hear_their_neighbours_and_inhibit_the_other_planes():
    cells = CCells((6, 6), 0.5)
    s = torch.zeros(1, 3, 6, 6)
    s[0, 0, 2, 2] = 1.0
    answers = cells(s)[0]
    assert answers.shape == (3, 3, 3) and (answers[0, :2, :2] > 0).all() and answers.count_nonzero() == 4  # 5×5 around them
    near = fixed(0.8)[2 + 1, 2 + 1]  # the C-cell at (1, 1) stands on the S-cell at (3, 3)
    above = (1 + near) / (1 + near / 3) - 1
    assert answers[0, 1, 1] == pytest.approx(float(above / (0.5 + above)))


def test_what_it_organised_tells_digits_apart():
    x, labels = pictures(40, 24)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    x, labels = x[order], labels[order]
    model = models.build("neocognitron", 10, channels=1, height=24, width=24, seed=0)
    head = model.fc.weight.clone()
    model.initialise(x[:100])
    assert torch.equal(model.fc.weight, head) and (model.s3.b > 0).sum() > 12
    with torch.no_grad():
        features = model.features(x)
    features = (features / (features[:300].std(0) + 1e-6)).numpy()
    judge = LogisticRegression(max_iter=1000).fit(features[:300], labels[:300])
    assert judge.score(features[300:], labels[300:]) > 0.75


def test_gradients_do_not_move_what_it_organised():
    model = models.build("neocognitron", 10, channels=3, height=16, width=16, seed=0)
    assert [name for name, p in model.named_parameters() if p.requires_grad] == ["fc.weight", "fc.bias"]
    x = torch.zeros(2, 3, 16, 16, requires_grad=True)  # the root in the inhibition has no slope at 0
    model(x).sum().backward()
    assert x.grad.isfinite().all()
