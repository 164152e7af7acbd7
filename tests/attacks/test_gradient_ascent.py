"""The loop and its norms: closed forms, a plain loop, and the libraries that others use, where they are installed."""

import pytest
import torch

from clearsight.attacks.gradient_ascent import NORMS, ascend, grad_and_logits, misclassified, normal, per_picture, random_start
from tests.attacks.victims import Linear, classifier, convnet, pictures, task

MODELS = {"plain": lambda: classifier(), "colour": lambda: classifier(channels=3)}


def grey(n=4):
    return torch.full((n, 1, 8, 8), 0.5)


@pytest.mark.parametrize("norm", ["linf", "l2", "l1"])
@pytest.mark.parametrize("steps", [1, 5])
def test_best_change_of_a_linear_model_is_the_closed_form(norm, steps):
    w = torch.randn(1, 8, 8, generator=torch.Generator().manual_seed(0))
    x, epsilon = grey(), 0.1
    found = ascend(Linear(w), x, torch.zeros(4, dtype=torch.long), epsilon, norm=NORMS[norm], steps=steps, step=1.0, done=None) - x
    best = {"linf": w.sign(), "l2": w / w.norm(), "l1": torch.where(w.abs() == w.abs().max(), w.sign(), 0)}[norm]
    assert torch.allclose(found, (epsilon * best).expand_as(found), atol=1e-6)


@pytest.mark.parametrize("norm", NORMS)
def test_projection_is_the_nearest_point_of_the_ball(norm):
    generator = torch.Generator().manual_seed(3)
    change = torch.randn(6, 1, 8, 8, generator=generator)
    inside = NORMS[norm].project(change, per_picture(0.7, change))
    assert bool((NORMS[norm].size(inside) <= 0.7 + 1e-6).all())
    small = change * 0.5 / NORMS[norm].size(change)[:, None, None, None]
    assert torch.allclose(NORMS[norm].project(small, per_picture(0.7, small)), small)
    for _ in range(200):  # no point of the ball is nearer
        other = NORMS[norm].project(inside + 0.1 * torch.randn(change.shape, generator=generator), per_picture(0.7, change))
        assert bool(((change - inside).flatten(1).norm(dim=1) <= (change - other).flatten(1).norm(dim=1) + 1e-5).all())


@pytest.mark.parametrize("norm", NORMS)
def test_random_starts_fill_the_ball_and_belong_to_the_picture(norm):
    x = grey(50)
    moved = random_start(x, per_picture(0.05, x), NORMS[norm], torch.arange(50), seed=0)
    size = NORMS[norm].size(moved - x)
    assert bool((size <= 0.05 + 1e-6).all()) and float(size.max()) > 0.04
    assert torch.equal(moved[7:9], random_start(x[:2], per_picture(0.05, x[:2]), NORMS[norm], torch.tensor([7, 8]), seed=0))
    assert not torch.equal(moved, random_start(x, per_picture(0.05, x), NORMS[norm], torch.arange(50), seed=1))


def test_who_is_fooled_leaves_the_batch_and_keeps_what_fooled():
    given, seen = task(epsilon=0.2), []

    def scores(x):
        seen.append(len(x))
        return given.scores(x)

    found = ascend(scores, given.pictures, given.labels, 0.2, norm=NORMS["linf"], steps=12, step=0.1)
    assert seen[0] == 24 and seen == sorted(seen, reverse=True) and seen[-1] < 24
    everyone = ascend(given.scores, given.pictures, given.labels, 0.2, norm=NORMS["linf"], steps=12, step=0.1, done=None)
    assert bool((given.fooled(found) | ~given.fooled(everyone)).all())
    assert bool(((found - given.pictures).abs().amax((1, 2, 3)) <= 0.2 + 1e-6).all())
    assert bool((misclassified(given.scores(found), given.labels) == given.fooled(found)).all())


def test_a_gradient_too_small_to_square_still_has_a_direction():
    w = torch.full((1, 8, 8), 1e-25)
    change = ascend(Linear(w), grey(), torch.zeros(4, dtype=torch.long), 0.1, norm=NORMS["l2"], steps=1, step=1.0, done=None) - grey()
    assert NORMS["l2"].size(change).tolist() == pytest.approx([0.1] * 4, rel=1e-4)


def test_normal_numbers_are_the_quantiles_of_uniform_ones():
    found = normal(torch.tensor([0.5, 0.84134475, 0.02275013, 0.99865010]))
    assert found.tolist() == pytest.approx([0, 1, -2, 3], abs=2e-3)
    assert bool(normal(torch.tensor([0.0, 1 - 2.0**-24])).isfinite().all())


def reference(net, library):
    def logits(x):
        return net((x - 0.5) / 0.5)

    if library == "foolbox":
        fb = pytest.importorskip("foolbox")
        return fb, fb.PyTorchModel(net, bounds=(0, 1), preprocessing={"mean": [0.5], "std": [0.5], "axis": -3}, device="cpu")
    ta = pytest.importorskip("torchattacks")

    class Wrapped(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net

        def forward(self, x):
            return logits(x)

    return ta, Wrapped().eval()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("norm", "name"), [("linf", "LinfProjectedGradientDescentAttack"), ("l2", "L2ProjectedGradientDescentAttack")])
@pytest.mark.parametrize("steps", [1, 10])
def test_equal_to_foolbox(norm, name, steps):
    net = convnet()
    given, epsilon = task(victim=classifier(net)), 0.05 if norm == "linf" else 0.5
    start = random_start(given.pictures, per_picture(epsilon, given.pictures), NORMS[norm], given.indices, 0)
    library, wrapped = reference(net, "foolbox")
    theirs = getattr(library.attacks, name)(steps=steps, rel_stepsize=0.3, random_start=True)
    theirs.get_random_start = lambda x0, eps: library.attacks.base.ep.astensor(start)
    peer = theirs.run(wrapped, given.pictures, given.labels, epsilon=epsilon)
    ours = ascend(given.scores, given.pictures, given.labels, epsilon, norm=NORMS[norm], steps=steps, step=0.3, start=start, done=None)
    assert float((ours - peer).abs().max()) < 1e-6


@pytest.mark.filterwarnings("ignore")
def test_equal_to_torchattacks():
    net = convnet()
    given, epsilon = task(victim=classifier(net)), 0.05
    library, wrapped = reference(net, "torchattacks")
    rule = {"norm": NORMS["linf"], "done": None}
    for attack, more in {
        library.FGSM(wrapped, eps=epsilon): {"steps": 1, "step": 1.0},
        library.BIM(wrapped, eps=epsilon, alpha=0.01, steps=10): {"steps": 10, "step": 0.2},
        library.PGD(wrapped, eps=epsilon, alpha=0.01, steps=10, random_start=False): {"steps": 10, "step": 0.2},
        library.MIFGSM(wrapped, eps=epsilon, alpha=0.01, steps=10, decay=1.0): {"steps": 10, "step": 0.2, "momentum": 1.0},
    }.items():
        ours = ascend(given.scores, given.pictures, given.labels, epsilon, **rule, **more)
        assert float((ours - attack(given.pictures, given.labels)).abs().max()) < 1e-6, attack


def test_slope_is_each_pictures_own():
    given = task()
    whole, _ = grad_and_logits(given.scores, given.pictures, given.labels)
    alone = torch.cat([grad_and_logits(given.scores, given.pictures[i : i + 1], given.labels[i : i + 1])[0] for i in range(4)])
    assert torch.allclose(whole[:4], alone, atol=1e-5)
    assert pictures().dtype == torch.uint8
