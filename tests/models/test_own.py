"""Networks of your own are built, trained, stored with where they are imported from, and loaded only when that is allowed."""

import sys
import textwrap

import pytest
import torch
from torch import nn

import clearsight as cs
from clearsight.base import code
from clearsight.base.errors import UsageError
from clearsight.models import own
from tests.cli.conftest import clearsight

__all__ = ["clearsight"]

SOURCE = """
    from torch import nn

    class Tiny(nn.Module):
        def __init__(self, num_classes, in_channels=1, width=4):
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(in_channels, width, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten())
            self.fc = nn.Linear(16 * width, num_classes)

        def forward(self, x):
            return self.fc(self.body(x))

    def headless(classes):
        return nn.Sequential(nn.Flatten(), nn.ReLU())

    def wrong(classes, channels, height, width):
        return nn.Sequential(nn.Flatten(), nn.Linear(channels * height * width, classes + 1))

    def needy(classes, depth):
        return nn.Linear(depth, classes)
"""


@pytest.fixture
def nets(tmp_path, monkeypatch):
    """A module `mynets` that can be imported, a fresh working folder, and no code that is allowed."""
    (tmp_path / "mynets.py").write_text(textwrap.dedent(SOURCE))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(code, "_ALLOWED", set())
    monkeypatch.setattr(own, "REGISTERED", {})
    import mynets

    yield mynets
    sys.modules.pop("mynets", None)


def test_a_class_is_trained_judged_attacked_and_looked_into(nets):
    run = cs.train("digits", model=nets.Tiny, epochs=1, size=28, out="tiny", quiet=True)
    picture = cs.open_dataset("digits")["test"].source(0)
    assert run.classifier.architecture == "@mynets:Tiny" and type(run.classifier.model.net) is nets.Tiny
    assert run.classifier.model.net.body[0].out_channels == 4  # `width` alone is not the picture's
    assert len(cs.evaluate(run, quiet=True)) == 382
    assert len(cs.attack(run, method="fgsm", n=8, check=False, curve=False).robust) == 8
    assert cs.recompute(run, picture, layer="net.body.0", channel=1).equal
    explained = cs.explain(run, picture, checks=False)
    assert explained.layer == "net.body.2"
    assert repr(explained) == f"Explanation({explained.headline()})"  # and not every pixel of its map
    assert "Classifier(@mynets:Tiny, input 1×28×28, 10 classes)" in repr(run) and "Dataset(1,285 pictures, 10 classes)" in repr(run)


def test_code_is_imported_only_when_that_is_allowed(nets, clearsight):
    cs.train("digits", model=nets.Tiny, epochs=1, size=28, out="tiny", quiet=True)
    code._ALLOWED.clear()
    for refused in (cs.load, cs.verify, cs.resume, lambda run: cs.evaluate(run, quiet=True)):
        with pytest.raises(UsageError, match=r"names code to run: @mynets:Tiny.*allow_code=True"):
            refused("runs/tiny")
    assert cs.verify("runs/tiny", allow_code=True).ok
    code._ALLOWED.clear()
    for _ in range(2):  # what one command allows, the next does not
        refused = clearsight("verify", "runs/tiny")
        assert refused.code == 2 and "--allow-code" in refused.err
        assert clearsight("verify", "runs/tiny", "--allow-code").code == 0
        assert code._EVERY not in code._ALLOWED
        code._ALLOWED.clear()


def test_a_module_is_trained_from_the_weights_that_it_has(nets):
    net = nets.Tiny(10, width=6)
    first = net.fc.weight.detach().clone()
    run = cs.train("digits", model=net, epochs=1, lr=0.0, size=28, out="own", quiet=True)
    assert torch.equal(run.classifier.model.net.fc.weight, first) and run.classifier.model.net.fc is not net.fc
    assert torch.equal(cs.load("runs/own").model.net.fc.weight, first)  # in this process it is known


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("headless", "no linear layer"),
        ("wrong", r"logits \(2, 10\). Got \(2, 11\)"),
        ("needy", "needs depth"),
        ("lost", "cannot be imported"),
    ],
)
def test_what_breaks_the_protocol_is_named(nets, name, says):
    with pytest.raises(UsageError, match=says):
        cs.train("digits", model=f"@mynets:{name}", epochs=1, quiet=True)


def test_what_cannot_be_imported_again_is_refused(nets):
    class Inner(nn.Module):
        pass

    for model in (Inner, Inner(), lambda classes: nn.Linear(2, classes)):
        with pytest.raises(UsageError, match="at the top of a module"):
            cs.train("digits", model=model, quiet=True)


def test_a_registered_network_has_its_name_everywhere(nets):
    cs.models.register("tiny", nets.Tiny)
    assert cs.models.names()[-1] == "tiny"
    assert cs.models.build("tiny", 3, channels=3, height=32, width=32).head.out_features == 3
    assert cs.train("digits", model="tiny", epochs=1, size=28, out="t", quiet=True).classifier.architecture == "tiny"
    with pytest.raises(UsageError, match="the name of a network"):
        cs.models.register("@x:y", nets.Tiny)


def test_build_imports_code_that_is_allowed(nets):
    code._ALLOWED.clear()
    with pytest.raises(UsageError, match=r"names code to run: @mynets:Tiny.*allow_code=True"):
        cs.models.build("@mynets:Tiny", 4, channels=1, height=28, width=28)
    made = cs.models.build("@mynets:Tiny", 4, channels=1, height=28, width=28, allow_code=True)
    assert made.head.out_features == 4


def test_a_bare_module_is_saved_so_that_it_loads(nets, tmp_path):
    net, preprocessing = nets.Tiny(3), cs.Preprocessing(1, 28, 28)
    bare = cs.Classifier(net, preprocessing, ("a", "b", "c"), architecture="@mynets:Tiny")
    cs.save(bare, tmp_path / "bare")
    again = cs.load(tmp_path / "bare", allow_code=True)
    assert torch.equal(again.model.net.fc.weight, net.fc.weight)
    pictures = torch.randint(0, 256, (2, 1, 28, 28), dtype=torch.uint8)
    torch.testing.assert_close(again.probabilities(pictures), bare.probabilities(pictures))
    with pytest.raises(UsageError, match="no linear layer"):
        cs.save(cs.Classifier(nets.headless(3), preprocessing, ("a", "b", "c"), architecture="@mynets:headless"), tmp_path / "headless")
    assert not (tmp_path / "headless").exists()


def test_a_registered_network_of_another_process_says_to_register_it(nets, tmp_path, monkeypatch):
    cs.models.register("tiny", nets.Tiny)
    model = cs.models.build("tiny", 3, channels=1, height=28, width=28)
    cs.save(cs.Classifier(model, cs.Preprocessing(1, 28, 28), ("a", "b", "c"), architecture="tiny"), tmp_path / "tiny")
    own.REGISTERED.clear()
    with pytest.raises(cs.ClearsightError, match=r"register it first: clearsight\.models\.register\('tiny', build\)"):
        cs.load(tmp_path / "tiny")
    cs.models.register("tiny", nets.Tiny)
    assert cs.load(tmp_path / "tiny").classes == ("a", "b", "c")
