"""Contract tests for what you bring: a network, a loss, an attack, an augmentation, a dataset class.

Each raises AssertionError with the reason.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .api.sources import LabelledPictures
from .attacks.own import OwnAttack, adapted
from .attacks.task import Task
from .base.errors import ClearsightError
from .base.randomness import generators_kept, seeded
from .datasets.open import open_dataset
from .images.decode import decode
from .models.own import Build, Family, Lent
from .training.api import Loss, per_picture

SEED, PICTURES, MOST = 0, 4, 100


@generators_kept()
def check_model(model: nn.Module | Build, *, classes: int = 3, channels: int = 3, size: int = 32) -> None:
    """Check a network of your own on random pictures `(4, channels, size, size)`: a module, its class, or a function that builds one.

    It gives finite logits `(4, classes)` that do not depend on the batch in eval mode, its last linear layer makes them, every parameter
    has a gradient, and a state dict brings them back.

    >>> import clearsight.testing
    >>> from torch import nn
    >>> clearsight.testing.check_model(nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 3)))
    """
    make = Lent(model) if isinstance(model, nn.Module) else model
    try:
        with seeded(SEED):
            net, other = (Family(make).build("the network", classes, channels, size, size, None) for _ in range(2))
    except ClearsightError as error:
        raise AssertionError(str(error)) from error
    net.eval()
    x = _pictures(channels, size)
    logits = net(x)
    assert logits.isfinite().all(), "the logits are not finite"
    alone = torch.cat([net(one[None]) for one in x])
    assert torch.allclose(logits, alone, atol=1e-4), "the logits of a picture depend on the other pictures of the batch in eval mode"
    with torch.no_grad():
        again = net.head(net.features(x))
    assert torch.allclose(logits, again, atol=1e-4), "the logits are not those of the last nn.Linear: it must be the last layer"
    logits.logsumexp(1).sum().backward()
    without = [name for name, p in net.named_parameters() if p.requires_grad and p.grad is None]
    assert not without, f"no gradient reaches {', '.join(without)}"
    other.load_state_dict(net.state_dict())
    assert torch.allclose(other.eval()(x), logits, atol=1e-5), "a state dict does not bring the logits back: what it computes is not in it"


@generators_kept()
def check_objective(loss: Loss, *, classes: int = 3) -> None:
    """Check a loss function of your own on random logits `(4, classes)`: finite losses `(4,)`, each of its own picture, with gradients.

    >>> import clearsight.testing
    >>> from torch.nn import functional as F
    >>> clearsight.testing.check_objective(lambda logits, labels: F.cross_entropy(logits, labels, reduction="none") ** 2)
    """
    with seeded(SEED):
        logits = torch.randn(PICTURES, classes, requires_grad=True)
    labels = torch.arange(PICTURES) % classes
    before = logits.detach().clone(), labels.clone()
    try:
        losses = per_picture(loss(logits, labels), labels, "of your own")
    except ClearsightError as error:
        raise AssertionError(str(error)) from error
    assert torch.equal(logits, before[0]) and torch.equal(labels, before[1]), "the loss changes its inputs: copy them first"
    alone = torch.cat([loss(logits[i : i + 1], labels[i : i + 1]) for i in range(PICTURES)])
    assert torch.allclose(losses, alone, atol=1e-5), "the loss of a picture depends on the other pictures of the batch"
    (gradient,) = torch.autograd.grad(losses.sum(), logits)
    assert losses.isfinite().all() and gradient.isfinite().all(), "the losses or their gradients are not finite"
    assert gradient.any(), "the losses do not depend on the logits"


@generators_kept()
def check_attack(attack: OwnAttack, *, norm: str = "linf", epsilon: float = 0.1) -> None:
    """Check an attack of your own on a small random network: shape, range, ε (0 too), and inputs that are left as they are.

    >>> import clearsight.testing
    >>> clearsight.testing.check_attack(lambda scores, pictures, labels, epsilon: (pictures + epsilon).clamp(0, 1))
    """
    with seeded(SEED):
        net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 10 * 10, 3)).eval().requires_grad_(False)
    pictures, labels = _pictures(3, 12), torch.arange(PICTURES) % 3
    for bound in (epsilon, 0.0):
        task = Task(net, pictures, labels, bound, torch.arange(PICTURES))
        before = pictures.clone(), labels.clone()
        try:
            changed = adapted("own", attack, norm, "").run(task)
        except ClearsightError as error:
            raise AssertionError(str(error)) from error
        assert changed.isfinite().all(), "the changed pictures are not finite"
        assert torch.equal(pictures, before[0]) and torch.equal(labels, before[1]), "the attack changes its inputs: copy them first"


@generators_kept()
def check_augmentation(change: Callable[[Tensor], Tensor], *, channels: int = 3, size: int = 32) -> None:
    """Check an augmentation of your own: uint8 `(C, H, W)` to the same, its input left as it is, the same again from the same seeds.

    >>> import clearsight.testing
    >>> clearsight.testing.check_augmentation(lambda picture: picture.flip(2))
    """
    picture = (_pictures(channels, size)[0] * 255).to(torch.uint8)
    kept, made = picture.clone(), []
    for _ in range(2):
        with seeded(SEED):
            np.random.seed(SEED)
            made.append(change(picture))
    first, second = made
    assert isinstance(first, Tensor), f"it returns {type(first).__name__}, not a tensor"
    expected = f"uint8 {tuple(picture.shape)}"
    assert first.dtype == torch.uint8 and first.shape == picture.shape, f"it returns {first.dtype} {tuple(first.shape)}, not {expected}"
    assert torch.equal(picture, kept), "it changes its input in place: copy it first"
    assert torch.equal(first, second), "it draws from other generators than those of torch, random and NumPy"


def check_dataset(data: LabelledPictures) -> None:
    """Check a dataset class of your own: `(picture, class)` by index, the same each time, pictures that can be read.

    >>> import clearsight.testing
    >>> import numpy as np
    >>> class Greys:
    ...     def __len__(self):
    ...         return 4
    ...     def __getitem__(self, index):
    ...         return np.full((8, 8), 60 * index, np.uint8), "dark" if index < 2 else "bright"
    >>> clearsight.testing.check_dataset(Greys())
    """
    try:
        first, second = (open_dataset(data)["all"] for _ in range(2))
        for i in range(min(len(first), MOST)):
            assert np.array_equal(_decoded(first, i), _decoded(second, i)), f"picture {i} is another when it is read again"
    except ClearsightError as error:
        raise AssertionError(str(error)) from error
    assert np.array_equal(first.labels, second.labels), "labels are others when they are read again"
    assert len(first.classes) > 1, f"a classifier needs at least 2 classes. Got {', '.join(first.classes)}"


def _decoded(data: Any, i: int) -> np.ndarray[Any, Any]:
    return np.asarray(decode(data.source(i)))


def _pictures(channels: int, size: int) -> Tensor:
    generator = torch.Generator().manual_seed(SEED)
    return torch.rand(PICTURES, channels, size, size, generator=generator)
