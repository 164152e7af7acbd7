"""An ensemble is one classifier: the mean of its members' probabilities, saved and loaded as any other."""

import json

import numpy as np
import pytest
import torch

from clearsight import Classifier, Preprocessing, UsageError, load, models, save, verify
from clearsight.base.errors import CorruptFile
from clearsight.classifier.config import config_digest
from clearsight.classifier.ensemble import join, members, named

CLASSES = ("a", "b", "c", "d")
BATCH = torch.randint(0, 256, (6, 1, 12, 12), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def classifier(name: str = "lenet5", seed: int = 0, *, side: int = 12, classes=CLASSES, mean=0.5, std=0.5, **settings) -> Classifier:
    model = models.build(name, len(classes), channels=1, height=side, width=side, seed=seed)
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(seed)
        model.head.weight.normal_()
    preprocessing = Preprocessing(1, side, side, mean=(mean,), std=(std,))
    return Classifier(model, preprocessing, classes, architecture=name, **settings)


def various() -> list[Classifier]:
    """Of other networks, temperatures, normalisations, and orders of the classes."""
    return [
        classifier("pixels", 0, temperature=2.0),
        classifier("convnet", 1, temperature=0.5, mean=0.3, std=0.2),
        classifier("pixels", 2, classes=("d", "b", "a", "c"), mean=0.0, std=1.0),
    ]


def by_hand(every: list[Classifier]) -> torch.Tensor:
    rows = [one.probabilities(BATCH)[:, [one.classes.index(label) for label in every[0].classes]] for one in every]
    return torch.stack(rows).double().mean(0).float()


def test_its_probabilities_are_the_mean_of_the_members():
    every = various()
    whole = join(every)
    assert whole.architecture == "1 × pixels + 1 × convnet + 1 × pixels" and whole.classes == CLASSES
    assert torch.allclose(whole.probabilities(BATCH), by_hand(every), atol=1e-5)
    assert not torch.allclose(whole.probabilities(BATCH), every[0].probabilities(BATCH), atol=1e-2)


def test_one_member_is_the_member():
    one = classifier(temperature=1.7, views="mirror")
    alone = join([one])
    assert alone.views == "mirror"
    assert torch.allclose(alone.probabilities(BATCH), one.probabilities(BATCH), atol=1e-6)


def test_saved_and_loaded_it_is_the_same_bit_for_bit(tmp_path):
    whole = join(various())
    whole.model.to(memory_format=torch.channels_last)  # as it is loaded: another layout has other kernels
    save(
        whole,
        tmp_path / "m",
        golden_samples=[np.random.default_rng(i).integers(0, 256, (20, 12), dtype=np.uint8)[..., None] for i in range(3)],
    )
    again = load(tmp_path / "m")
    assert again.architecture == whole.architecture
    assert torch.equal(again.probabilities(BATCH), whole.probabilities(BATCH))
    found = verify(tmp_path / "m")
    assert (found.ok, found.n) == (True, 3)


@pytest.mark.parametrize(("speed", "near"), [("folded", 1e-5), ("bf16", 0.05)])
def test_it_can_be_made_faster(speed, near):
    every = [classifier("swift", seed, side=16, mean=0.4 + seed / 10) for seed in range(2)]
    whole = join(every)
    batch = torch.nn.functional.pad(BATCH, (2, 2, 2, 2))
    quick = whole.faster(speed)
    assert quick.speed == speed and type(quick.model) is not type(whole.model)  # its graph was followed
    assert torch.allclose(quick.probabilities(batch), whole.probabilities(batch), atol=near)
    assert next(whole.model.parameters()).dtype == torch.float32


def test_batch_and_device_are_those_of_any_classifier():
    whole = join(various())
    assert whole.batch == various()[0].batch and whole.to("cpu") is whole and whole.device == torch.device("cpu")


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (lambda: classifier(side=14), "other|preprocess differently: height 12 and 14"),
        (lambda: classifier(classes=("a", "b", "c", "e")), "only one of them has d, e"),
        (lambda: classifier(views="mirror"), "views: '' and 'mirror'"),
        (lambda: join([classifier()]), "is an ensemble"),
        (lambda: classifier().faster("folded"), "as they were loaded"),
    ],
)
def test_what_does_not_fit_together_is_refused(other, said):
    with pytest.raises(UsageError, match=said):
        join([classifier(), other()])


def test_a_border_filled_with_the_mean_needs_the_same_mean():
    def padded(mean: float) -> Classifier:
        one = classifier(mean=mean)
        one.preprocessing = Preprocessing(1, 12, 12, fit="pad", mean=(mean,), std=(0.5,))
        return one

    assert len(join([padded(0.5), padded(0.5001)]).model.members) == 2
    with pytest.raises(UsageError, match="preprocess differently: mean"):
        join([padded(0.5), padded(0.3)])


def test_a_border_is_compared_in_the_colours_that_it_has():
    def padded(*mean: float) -> Classifier:
        fit = Preprocessing(3, 12, 12, fit="pad", mean=mean, std=(0.5,) * 3, order="bgr")
        return Classifier(models.build("pixels", 4, channels=3, height=12, width=12, seed=0), fit, CLASSES, architecture="pixels")

    every = [padded(0.1, 0.4, 0.8), padded(0.1, 0.4, 0.8004)]
    whole = join(every)
    wide = whole.preprocessing.fit_picture(np.full((4, 12, 3), 200, np.uint8))[None]
    assert wide[0, :, 0, 0].tolist() == [204, 102, 26]
    assert torch.allclose(whole.probabilities(wide), sum(one.probabilities(wide) for one in every) / 2, atol=1e-6)
    with pytest.raises(UsageError, match=r"preprocess differently: mean \[204, 102, 26\] and \[26, 102, 204\]"):
        join([every[0], padded(0.8, 0.4, 0.1)])


def test_names_say_the_networks():
    every = ["swift", "swift", "resnet18", "swift"]
    assert named(every) == "2 × swift + 1 × resnet18 + 1 × swift" and members(named(every)) == every
    assert members("[(conv32 relu)*2 pool]*3 softmax") == members("resnet18") == members("timm:resnet18") == []


def test_a_file_cannot_ask_for_any_number_of_networks(tmp_path):
    save(join([classifier("pixels")]), tmp_path / "m")
    config = json.loads((tmp_path / "m/config.json").read_text())
    config["architecture"]["name"] = "9999 × pixels"
    config["sha256"] = config_digest(config)
    (tmp_path / "m/config.json").write_text(json.dumps(config))
    with pytest.raises(CorruptFile, match="up to 100 members"):
        load(tmp_path / "m")
