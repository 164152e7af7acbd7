"""`classify` takes a faster copy by itself, of the weights as they are."""

import copy
import gc
import subprocess
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from clearsight import Classifier, Preprocessing, load, models, save
from clearsight.classifier.capture import inputs_of
from clearsight.classifier.speed import twins
from clearsight.classifier.speed.fusing import Packed
from clearsight.classifier.speed.twins import twin

PICTURE = np.random.default_rng(0).integers(0, 256, (16, 16), np.uint8)


def made(name: str = "resnet18") -> Classifier:
    return Classifier(
        models.build(name, 4, channels=1, height=16, width=16, seed=0), Preprocessing(1, 16, 16), list("abcd"), architecture=name
    )


def confidences(classifier: Classifier) -> torch.Tensor:
    return torch.tensor([choice.confidence for choice in sorted(classifier.classify(PICTURE).top, key=lambda choice: choice.index)])


def right(classifier: Classifier) -> None:
    """The answer is the network's own, which is computed without a copy, but for the order of sums."""
    torch.testing.assert_close(confidences(classifier), classifier.of_picture(PICTURE[:, :, None]), rtol=1e-4, atol=1e-6)


@pytest.fixture
def built(monkeypatch):
    """The number of copies that were made."""
    calls, faster = [], Classifier.faster
    monkeypatch.setattr(Classifier, "faster", lambda self, speed="auto": calls.append(speed) or faster(self, speed))
    return calls


def kept(classifier: Classifier) -> bool:
    return any(isinstance(module, Packed) for module in twins._KEPT[classifier.model]["auto"][1].modules())


def test_one_copy_answers_until_a_weight_changes(built):
    classifier = made()
    for _ in range(2):
        right(classifier)
    assert [found.label for found in classifier.classify_many([PICTURE] * 3)] == [classifier.classify(PICTURE).label] * 3
    assert kept(classifier) and classifier.speed == "plain" and len(built) == 1
    steps = (
        lambda: classifier.model.conv1.weight.detach().mul_(-1),
        lambda: classifier.model.conv1.weight.data.mul_(-2),  # which torch does not count
        lambda: setattr(classifier.model.head, "weight", torch.nn.Parameter(torch.randn(4, 512))),
        lambda: classifier.model.load_state_dict(made().model.state_dict()),
        lambda: setattr(classifier, "model", made().model),
    )
    for number, step in enumerate(steps, 2):
        with torch.no_grad():
            step()
        right(classifier)
        assert len(built) == number


def test_settings_are_those_of_now():
    classifier = made("lenet5")
    right(classifier)
    classifier.temperature = 0.01
    right(classifier)
    right(classifier.viewed("mirror"))


def test_a_speed_that_was_asked_for_stays(built):
    classifier = made("lenet5")
    for speed in ("plain", "folded"):
        classifier.faster(speed).classify(PICTURE)
    assert built == ["plain", "folded"] and classifier.model not in twins._KEPT


def test_a_copy_is_kept_for_each_speed(built):
    classifier = made("lenet5")
    copies = [classifier.kept(speed) for speed in ("folded", "bf16", "folded", "bf16", "plain")]
    assert built == ["folded", "bf16", "plain"] and [copy.speed for copy in copies] == ["folded", "bf16"] * 2 + ["plain"]
    assert copies[1].precision == copies[3].precision == "bfloat16" and copies[0].model is copies[2].model
    with inputs_of(classifier.model.get_submodule(classifier.last_layer)):
        assert classifier.kept("bf16").model is classifier.model and classifier.kept("bf16").speed == "plain"


def test_hooks_and_training_keep_the_network_itself():
    classifier = made("lenet5")
    with inputs_of(classifier.model.get_submodule(classifier.last_layer)) as seen:
        classifier.classify(PICTURE)
    assert len(seen) == 1
    classifier.model.train()
    assert twin(classifier.model, "auto", lambda: 1 / 0) is classifier.model


def test_the_copy_goes_with_the_network(tmp_path):
    classifier = made("lenet5")
    right(classifier)
    right(copy.deepcopy(classifier))
    save(classifier, tmp_path / "m")
    right(load(tmp_path / "m"))
    gone = weakref.ref(twins._KEPT[classifier.model]["auto"][1])
    del classifier
    gc.collect()
    assert gone() is None


def test_threads_share_one_copy(built):
    classifier = made("lenet5")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: classifier.classify(PICTURE).confidence, range(16)))
    assert len(set(answers)) == 1 and len(built) == 1


def test_neither_loading_nor_classifying_waits_for_the_compiler(tmp_path):
    save(made(), tmp_path / "m")
    script = "import sys, numpy, clearsight; clearsight.load(sys.argv[1]).classify(numpy.zeros((16, 16), 'uint8')); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "m")], capture_output=True, text=True, check=True)
    assert "clearsight" in done.stdout and not {"torch._dynamo", "sympy", "torch._inductor"} & set(done.stdout.split())
