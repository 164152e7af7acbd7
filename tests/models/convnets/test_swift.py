"""swift: its whitening against the definition, and that it learns."""

import pytest
import torch

from clearsight import models
from clearsight.training.optim.optimizer import make_optimizer
from tests.models.expected import check, rows
from tests.pictures import digit_arrays


@rows("swift")
def test_parameters_and_stages(row, expected):
    check(row, expected)


def pictures() -> tuple[torch.Tensor, torch.Tensor]:
    arrays, labels = digit_arrays(per_class=30)
    x = torch.as_tensor(arrays).float().reshape(len(labels), 1, *arrays.shape[1:3])
    x = torch.nn.functional.interpolate(x, size=16)
    names = sorted(set(labels.tolist()))
    return (x - x.mean()) / x.std(), torch.tensor([names.index(label) for label in labels.tolist()])


def strengths(x: torch.Tensor) -> torch.Tensor:
    """The mean squares of 3×3 patches of `x` along their principal directions, the largest first."""
    patches = torch.nn.functional.unfold(x, 3).transpose(0, 1).flatten(1).double()
    return torch.linalg.eigvalsh(patches @ patches.T / patches.shape[1]).flip(0)


def floor(x: torch.Tensor) -> float:
    """What is added to them: their mean."""
    return float(strengths(x).mean())


@pytest.mark.parametrize("scale", [1.0, 0.1])
def test_noise_is_not_amplified_beyond_the_pictures_own_size(scale):
    """Smooth pictures have directions of almost no variance: white noise of a tenth of their size stays below a tenth in each."""
    x, _ = pictures()
    smooth = scale * torch.nn.functional.interpolate(x[:100], size=28, mode="bilinear")
    model = models.build("swift", 10, channels=1, height=28, width=28, seed=0)
    model.initialise(smooth)
    noise = 0.1 * float(smooth.square().mean().sqrt()) * torch.randn(smooth.shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert model.whiten(noise).std((0, 2, 3)).max() < 0.11
        assert model.whiten(smooth).std((0, 2, 3)).max() > 0.9


def test_whitened_patches_are_uncorrelated_with_variance_at_most_one():
    x, _ = pictures()
    model = models.build("swift", 10, channels=1, height=16, width=16, seed=0)
    model.initialise(x)
    with torch.no_grad():
        y = model.whiten(x)  # (N, 16, 14, 14)
    first, second = y.transpose(0, 1).flatten(1).double().split(8)
    torch.testing.assert_close(second, -first)  # both signs, so that ReLU loses nothing
    products = first @ first.T / first.shape[1]
    torch.testing.assert_close(products, torch.diag(strengths(x)[:8] / (strengths(x)[:8] + floor(x))), atol=1e-4, rtol=0)


def test_whitening_of_colour_keeps_the_strongest_directions():
    x = torch.randn(40, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    model = models.build("swift", 10, channels=3, height=12, width=12, seed=0)
    model.initialise(x)
    assert model.whiten.weight.shape == (32, 3, 3, 3)
    patches = torch.nn.functional.unfold(x, 3).transpose(1, 2).reshape(-1, 27).double()
    strongest = torch.linalg.eigvalsh(patches.T @ patches / len(patches)).flip(0)[:16]
    norms = model.whiten.weight[:16].flatten(1).norm(dim=1).double()
    torch.testing.assert_close(norms, (strongest + floor(x)).rsqrt(), atol=1e-4, rtol=1e-4)


def test_pictures_of_one_colour_do_not_break_the_whitening():
    model = models.build("swift", 10, channels=1, height=16, width=16, seed=0)
    model.initialise(torch.zeros(4, 1, 16, 16))
    assert model.whiten.weight.isfinite().all() and model.eval()(torch.zeros(2, 1, 16, 16)).isfinite().all()


def test_it_learns_in_a_few_steps():
    x, labels = pictures()
    model = models.build("swift", 10, channels=1, height=16, width=16, seed=0)
    model.initialise(x)
    optimizer = make_optimizer(model, name="muon", lr=0.02, momentum=0.6, weight_decay=0.0)
    frozen = model.whiten.weight.clone()
    for step in range(24):
        rows = torch.arange(64) * 37 + step * 64
        loss = torch.nn.functional.cross_entropy(model(x[rows % len(x)]), labels[rows % len(x)])
        model.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        assert (model(x).argmax(1) == labels).float().mean() > 0.9
    assert torch.equal(model.whiten.weight, frozen)


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_it_whitens_enlarged_digits(mode):
    """Responses are uncorrelated; a direction with mean square λ comes out with λ/(λ + floor)."""
    arrays, _ = digit_arrays(per_class=20)
    x = torch.as_tensor(arrays).float().reshape(-1, 1, 8, 8)
    x = torch.nn.functional.interpolate((x - x.mean()) / x.std(), size=28, mode=mode)
    model = models.build("swift", 10, channels=1, height=28, width=28, seed=0)
    model.initialise(x)
    with torch.no_grad():
        y = model.whiten(x)[:, :8].transpose(0, 1).flatten(1).double()
    found = y @ y.T / y.shape[1]
    strength = strengths(x)[:8]
    torch.testing.assert_close(found, torch.diag(strength / (strength + floor(x))), atol=2e-3, rtol=0)
    assert torch.equal(model.whiten.weight[8:], -model.whiten.weight[:8])


def test_it_whitens_the_same_from_parts_and_whole():
    x = torch.randn(600, 1, 10, 10, generator=torch.Generator().manual_seed(0))  # three parts of 256
    model = models.build("swift", 10, channels=1, height=10, width=10, seed=0)
    model.initialise(x)
    patches = torch.nn.functional.unfold(x, 3).transpose(1, 2).reshape(-1, 9).double()
    kernels = model.whiten.weight[:8].flatten(1).double()
    values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
    strongest = vectors[:, 1:] / (values[1:] + values.mean()) @ vectors[:, 1:].T
    torch.testing.assert_close(kernels.T @ kernels, strongest, atol=1e-5, rtol=0)
    assert not model.whiten.weight.requires_grad
