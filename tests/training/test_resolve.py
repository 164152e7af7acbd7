"""Colour statistics of training pictures: exact, of as many as are said, and never all in memory at once."""

import numpy as np
import pytest
import torch
from PIL import Image

from clearsight import models
from clearsight.base.errors import UsageError
from clearsight.base.randomness import permutation
from clearsight.datasets import survey as survey_module
from clearsight.datasets.dataset import Dataset, objects
from clearsight.datasets.loader import Held
from clearsight.datasets.survey import survey
from clearsight.images.decode import Facts
from clearsight.images.preprocess import Preprocessing
from clearsight.recipes.recipe import Recipe
from clearsight.training import resolve
from clearsight.training.transfer.pretrained import Start


@pytest.mark.parametrize("channels", [1, 3])
def test_mean_and_deviation_are_numpys(channels, monkeypatch):
    levels = torch.randint(0, 256, (200, 9, 8, channels), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    levels[..., 0] //= 3
    pictures = Held([levels], torch.zeros(200, dtype=torch.int64))
    found = resolve.with_statistics(Preprocessing(channels, 9, 8), pictures, 0)
    assert np.allclose(found.mean, levels.numpy().mean((0, 1, 2)) / 255, atol=1e-6)
    assert np.allclose(found.std, (levels.numpy() / 255).std((0, 1, 2), ddof=1), atol=1e-6)
    monkeypatch.setattr(resolve, "STATISTICS_FROM", 70)
    some = levels[permutation(0, -1, 200)[:70]].numpy() / 255
    fewer = resolve.with_statistics(Preprocessing(channels, 9, 8), pictures, 0)
    assert np.allclose((fewer.mean, fewer.std), (some.mean((0, 1, 2)), some.std((0, 1, 2), ddof=1)), atol=1e-6)


def test_of_large_pictures_fewer_are_looked_at_and_no_more_than_64_at_once():
    asked = []

    class Counted:
        def __len__(self):
            return 10_000

        def batch(self, indices):
            asked.append(len(indices))
            return torch.zeros(len(indices), 1, 2, 2, dtype=torch.uint8)

    for side, n in ((28, 4096), (128, 1024), (512, 256)):
        asked.clear()
        resolve.with_statistics(Preprocessing(1, side, side), Counted(), 0)
        assert (sum(asked), max(asked)) == (n, 64)


def test_weights_are_no_network_and_each_store_or_family_has_its_recipe():
    assert resolve._recipe("timm:resnet18") == "quick"
    assert resolve._recipe("resnet18") == models.family("resnet18").RECIPE
    for name in ("torchvision:resnet18", "keras:weights.h5"):
        with pytest.raises(UsageError, match=f"{name} is trained weights, not a network to begin with: --from {name}"):
            resolve._recipe(name)


@pytest.mark.parametrize(("shape", "grey"), [((4, 8, 6), True), ((4, 8, 6, 1), True), ((4, 8, 6, 2), False), ((4, 8, 6, 3), False)])
def test_arrays_are_grey_by_their_channels(shape, grey):
    data = Dataset(("a", "b"), np.array([0, 1, 0, 1]), objects("abcd"), pictures=np.zeros(shape, np.uint8))
    assert (resolve.side(data), survey(data).most == 1) == (6, grey)


@pytest.mark.parametrize(("n", "views"), [(2 * resolve.FEW_LABELS, True), (2 * resolve.FEW_LABELS + 1, False)])
def test_a_head_of_few_labels_answers_over_views(n, views):
    data = Dataset(("cat", "dog"), np.arange(n) % 2, objects("a" * n), pictures=np.zeros((n, 8, 8), np.uint8))
    assert bool(resolve._views(Recipe(readout="plain"), "", data)) is views


@pytest.mark.parametrize(
    ("n", "readout", "architecture", "side", "origin", "seen"),
    [
        (20, "auto", "efficientnet_lite0", 224, "package:efficientnet_lite0", 288),
        (20, "auto", "efficientnet_lite2", 260, "package:efficientnet_lite2", 320),
        (21, "auto", "efficientnet_lite0", 224, "package:efficientnet_lite0", 224),  # many labels
        (20, "", "efficientnet_lite0", 224, "package:efficientnet_lite0", 224),  # the whole network is tuned
        (20, "auto", "vit_b_16", 224, "torchvision:vit_b_16", 224),  # its positions belong to one size
        (20, "auto", "timm:resnet18", 224, "timm:resnet18", 224),
        (20, "auto", "lenet5", 28, "keras:lenet5.h5", 28),
        (20, "auto", "resnet18", 128, "runs/mine", 128),  # trained and judged at its size
    ],
)
def test_a_new_head_of_few_labels_sees_larger_pictures_of_trained_weights(n, readout, architecture, side, origin, seen):
    data = Dataset(("cat", "dog"), np.arange(n) % 2, objects("a" * n), pictures=np.zeros((n, 8, 8), np.uint8))
    start = Start(origin, torch.nn.Identity(), Preprocessing(3, side, side), ("cat", "dog"), architecture, "")
    assert resolve._start_size(Recipe(readout=readout), start, data) == seen
    views = {"": "", "auto": "" if n > 20 else "mirror" if seen > side else "ten-crop"}[readout]
    assert resolve._views(Recipe(readout=readout), "", data, start) == views
    assert resolve._views(Recipe(readout="auto", size=side), "", data, start) == ("ten-crop" if n == 20 else "")


@pytest.mark.parametrize(("classes", "new"), [(("dog", "cat"), False), (("dog", "cow"), True)])
def test_a_tuned_head_is_a_new_one_where_the_classes_are_others(classes, new):
    start = Start("somewhere", torch.nn.Identity(), Preprocessing(1, 8, 8), ("cat", "dog"), "lenet5", "")
    assert resolve._tuned(Recipe(tune="all"), start, classes).resize_head is new


@pytest.mark.parametrize(
    ("recipe", "found", "lines"),
    [
        ({"channels": 1}, {}, []),
        ({"channels": 3}, {}, []),
        ({"channels": 2}, {}, ["2 channels: all bands of each picture are read"]),
        ({"channels": 4, "bands": "4,3,2,1"}, {}, ["4 channels: the bands 4,3,2,1 of each picture are read"]),
        ({"channels": 1, "range": "0:100"}, {}, []),
        ({"channels": 1, "range": "0:100"}, {"deep": 2, "low": 0, "high": 90}, ["2 pictures beyond 8 bits"]),
        ({"channels": 1}, {"several": ["a.tif"]}, ["of 1 files with several pages"]),
    ],
)
def test_what_is_said_of_how_pictures_are_read(recipe, found, lines):
    said = resolve.told(Recipe(**recipe), survey_module.Survey(**found))
    assert len(said) == len(lines) and all(map(str.startswith, said, lines))


@pytest.mark.parametrize(
    ("pictures", "batch", "model", "epochs"),
    [(64, 64, "lenet5", 200), (65, 64, "lenet5", 100), (64 * 199, 64, "lenet5", 2), (64 * 200, 64, "lenet5", 1), (64, 64, "hog", 2000)],
)
def test_a_small_set_is_passed_over_until_there_are_200_steps(pictures, batch, model, epochs):
    assert resolve._epochs(pictures, Recipe(model=model, batch=batch)) == epochs


@pytest.mark.parametrize(
    ("side", "model", "size"),
    [(8, "lenet5", 28), (28, "lenet5", 28), (29, "lenet5", 29), (64, "lenet5", 64), (65, "lenet5", 128), (8, "hog", 8), (65, "hog", 128)],
)
def test_pictures_of_up_to_64_px_keep_their_size(side, model, size):
    assert resolve._size(side, model) == size


@pytest.mark.parametrize(
    ("size", "classes", "model", "words"),
    [
        (28, ("0", "11"), "lenet5", "crop:1"),
        (64, ("a", "b"), "lenet5", "crop:2"),
        (13, ("cat", "dog"), "lenet5", "flip crop:1"),  # at least 1 px
        (42, ("cat", "dog"), "lenet5", "flip crop:2"),
        (64, ("cat", "b"), "lenet5", "flip crop:2"),
        (65, ("cat", "dog"), "lenet5", "rrc:0.35 flip"),
        (65, ("cat", "dog"), "hog", ""),
    ],
)
def test_small_pictures_are_shifted_and_characters_never_flipped(size, classes, model, words):
    assert resolve._augmentation(size, classes, model) == words


@pytest.mark.parametrize(
    ("recipe", "given", "by"),
    [
        ({"tune": "all"}, {}, True),
        ({"tune": "all"}, {"recipe": "auto"}, True),
        ({"tune": "all"}, {"recipe": "tune"}, False),
        ({"tune": "head"}, {}, False),
        ({}, {}, False),
    ],
)
def test_the_size_of_the_set_chooses_how_a_whole_network_is_tuned(recipe, given, by):
    assert resolve.by_size(Recipe(**recipe), given) is by


def test_the_side_is_the_median_of_256_pictures_spread_over_the_files(tmp_path):
    for k, side in enumerate((10, 20, 40)):
        Image.new("L", (side, side + 3)).save(tmp_path / f"{k}.png")
    (tmp_path / "bad.png").write_bytes(b"")
    paths = objects(["0.png", "1.png", "2.png", "bad.png"])
    data = Dataset(("a",), np.zeros(4, np.int64), paths, root=tmp_path, paths=paths)
    assert resolve.side(data) == 20
    assert resolve.side(data.subset(np.array([3]))) == 128  # none can be read: as a photograph
    paths = objects(["0.png", "2.png"] * 256)
    many = Dataset(("a",), np.zeros(512, np.int64), paths, root=tmp_path, paths=paths)
    asked = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resolve, "picture_facts", lambda source: asked.append(source.name) or Facts(9, 7, "L", "PNG"))
        assert resolve.side(many) == 7 and len(asked) == 256 and asked[0] == "0.png" and asked[-1] == "2.png"
