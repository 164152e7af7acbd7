"""An answer explained: class, probability, map and checks; by every method, with reasons where one is not defined."""

import pytest
import torch

from clearsight import models
from clearsight.base.errors import UsageError
from clearsight.images.preprocess import Preprocessing
from clearsight.look.target import Subject
from clearsight.look.why.explanation import explain, explain_all
from clearsight.look.why.table import METHODS


@pytest.fixture(scope="module")
def subject():
    model = models.build("lenet5", 3, channels=1, height=28, width=28, seed=1)
    return Subject("lenet5", model, Preprocessing(1, 28, 28), True, ("ant", "bee", "cat"))


@pytest.fixture(scope="module")
def x():
    return torch.randn(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def test_the_first_choice_is_explained_by_the_methods_map(subject, x):
    found = explain(subject, x, "saliency", checks=False)
    with torch.no_grad():
        shares = subject.model.eval()(x).softmax(1)[0]
    best = int(shares.argmax())
    assert (found.label, found.layer, found.verdict, found.failed) == (subject.classes[best], "", None, [])
    assert found.probability == pytest.approx(float(shares[best]))
    assert torch.equal(found.heat, METHODS["saliency"].heat(subject.model, x, torch.tensor([best]))[0])


def test_another_class_and_layer(subject, x):
    found = explain(subject, x, "grad-cam", label="cat", layer="conv1", checks=False)
    assert (found.label, found.layer) == ("cat", "conv1")
    assert torch.equal(found.heat, METHODS["grad-cam"].heat(subject.model, x, torch.tensor([2]), "conv1")[0])
    assert explain(subject, x, "grad-cam", checks=False).layer == "pool2"  # the last with places


def test_json_says_what_a_map_is_worth(subject, x):
    found = explain(subject, x, "saliency")
    told = found.to_json()
    assert [check["check"] for check in told["checks"]] == [row["check"] for row in found.rows()] and told["checks"]
    assert told["misleading"] == bool(found.failed) == any(not check["ok"] for check in told["checks"])
    assert ("misleading" in found.headline()) == bool(found.failed) and found.headline().startswith(f"saliency: {found.label}")


def test_every_method_or_its_reason(subject, x):
    every = dict(explain_all(subject, x, checks=False))
    assert list(every) == list(METHODS)
    assert [name for name, one in every.items() if isinstance(one, str)] == ["rollout"] and "no attention" in every["rollout"]
    assert all(one.heat.shape == (28, 28) for one in every.values() if not isinstance(one, str))


def test_why_not_another_class_is_the_map_of_the_difference(subject, x):
    ant, bee = torch.tensor([0]), torch.tensor([1])
    signed = METHODS["input-x-gradient"]
    wanted = (signed.heat(subject.model, x, ant) - signed.heat(subject.model, x, bee)).clamp_min(0)[0]
    found = explain(subject, x, "input-x-gradient", "ant", against="bee")
    assert torch.allclose(found.heat, wanted, atol=1e-5 * float(wanted.max())) and float(wanted.max()) > 0
    assert (found.label, found.against, found.to_json()["against"]) == ("ant", "bee", "bee") and "ant" in found.headline()
    assert found.headline().partition(", not ")[2].startswith("bee")
    with torch.no_grad():
        logits = subject.model.eval()(x)[0]
    assert logits.shape == (3,)  # nothing is left at the network
    assert found.probability == pytest.approx(float(logits.softmax(0)[0]))
    share = float(logits[:2].softmax(0)[0])  # of the two classes alone, which the curves begin with
    assert float(found.verdict.curves.deletion[0]) == pytest.approx(share)
    other = explain(subject, x, "input-x-gradient", "bee", against="ant", checks=False)
    assert torch.allclose(found.verdict.other, other.heat, atol=1e-6) and found.verdict.runner_up == 1
    assert not (found.heat * other.heat).any()


def test_a_map_without_a_sign_is_no_reason_for_one_of_two(subject, x):
    found = explain(subject, x, "saliency", "ant", against="bee")
    assert "class" in found.failed and "next class, bee" in next(one.says for one in found.verdict.checks if one.check == "class")
    with pytest.raises(UsageError, match="another class than ant"):
        explain(subject, x, "saliency", "ant", against="ant")
    with pytest.raises(UsageError, match="bee"):
        explain(subject, x, "saliency", against="beee")


def test_what_there_is_not(subject, x):
    with pytest.raises(UsageError, match="Did you mean grad-cam"):
        explain(subject, x, "gradcam")
    with pytest.raises(UsageError, match="bee"):
        explain(subject, x, "saliency", label="beee")
