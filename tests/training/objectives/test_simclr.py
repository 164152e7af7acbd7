"""SimCLR: what a step minimises, whose features are trained, and which views fit the pictures."""

from types import SimpleNamespace

import pytest
import torch

from clearsight.models import build
from clearsight.training.objectives import simclr
from clearsight.training.objectives.ntxent import ntxent, plain_ntxent
from clearsight.training.objectives.simclr import Contrastive, SimCLR, augmentation, two_views
from clearsight.training.pretrain import pretrain
from tests.pictures import digit_arrays

DATA = digit_arrays(per_class=24)


SETTINGS = {"epochs": 2, "batch": 32, "speed": "channels-last", "seed": 3, "size": 28, "model": "swift-slim", "quiet": True, "val": 0.1}


def test_features_of_the_network_not_of_the_projection():
    network = build("swift-slim", 10, channels=1)
    wrapped = Contrastive(network, 16).eval()
    inputs = torch.randn(4, 1, 28, 28)
    with torch.no_grad():
        torch.testing.assert_close(wrapped(inputs), wrapped.projection(network.features(inputs)))
    assert wrapped(inputs).shape == (4, 16)
    wrapped(inputs).sum().backward()
    assert all(p.grad is None for p in network.head.parameters())
    assert network.group1.conv1.weight.grad is not None


def test_a_step_minimises_the_loss_of_two_views(tmp_path, monkeypatch):
    """Against its parts, put together by hand."""
    seen = []
    loss = SimCLR.loss

    def watched(self, context, net, index, pictures):
        if not seen:
            first, second = two_views(context, index, pictures, "view", context.state.counters.epoch)
            alone = two_views(context, index[3:5], pictures[3:5], "view", 0)
            found = net.net.train()(torch.cat([first, second])).detach().chunk(2)
            said = loss(self, context, net, index, pictures)[0].detach()
            seen.append((float(ntxent(*found, self.temperature)[0]), float(said), first, second, alone))
        return loss(self, context, net, index, pictures)

    monkeypatch.setattr(SimCLR, "loss", watched)
    pretrain(DATA, out=str(tmp_path / "run"), **{**SETTINGS, "epochs": 1, "optimizer": "lars", "temperature": 0.5})
    by_hand, said, first, second, alone = seen[0]
    assert said == pytest.approx(by_hand, rel=1e-5)
    assert not torch.equal(first, second)
    torch.testing.assert_close(alone[0], first[3:5])  # a view is the picture's own, whatever batch it is in
    torch.testing.assert_close(alone[1], second[3:5])


@pytest.mark.parametrize(
    ("size", "channels", "classes", "in_it", "not_in_it"),
    [(28, 1, ("0", "1"), "crop", "flip"), (28, 1, ("boot", "coat"), "flip", "hue"), (128, 3, ("cat", "dog"), "grey", "erase")],
)
def test_views_fit_the_pictures(size, channels, classes, in_it, not_in_it):
    words = augmentation(size, channels, classes)
    assert in_it in words and not_in_it not in words


@pytest.mark.parametrize(("turned", "accuracy"), [(0, 1.0), (1, 0.0)])
def test_validation_is_the_loss_and_the_share_of_views_that_find_their_partner(turned, accuracy, monkeypatch):
    eye, n, judged = torch.eye(12), 10, []
    monkeypatch.setattr(simclr, "inference", lambda *_: lambda inputs: inputs)

    def views(context, index, pictures, name, epoch):
        judged.append(index.tolist())
        return [eye[index], eye[index].roll(turned, 0)]

    monkeypatch.setattr(simclr, "two_views", views)
    context = SimpleNamespace(
        state=SimpleNamespace(model=torch.nn.Identity()),
        val=type("Val", (), {"__len__": lambda self: n, "batch": lambda self, index: eye[index]})(),
        recipe=SimpleNamespace(batch=5),
        speed=SimpleNamespace(bf16=False),
        device="cpu",
        group=SimpleNamespace(shard=lambda batch: batch, all_reduce=lambda sums: sums),
    )
    found = SimCLR(0.5, labelled=False)._contrast(context, None, SimpleNamespace(check=lambda: None))
    assert judged == [list(range(5)), list(range(5, 10))]
    losses = [plain_ntxent(eye[some], eye[some].roll(turned, 0), 0.5)[0] for some in torch.arange(n).split(5)]
    assert found["val_accuracy"] == accuracy and found["val_loss"] == pytest.approx(float(sum(losses)) / n)
