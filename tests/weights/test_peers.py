"""End to end from the peer's own file: built by Keras, torchvision or timm at random values, saved by it, loaded here: the same logits.

Every network is compared that a peer has; one of each family always, the others, which differ in length, with -m slow.
"""

import os

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data as photographs

import clearsight
from clearsight import models, weights
from clearsight.base.errors import UsageError
from clearsight.images.preprocess import IMAGENET, KERAS_CAFFE, KERAS_TF, KERAS_TORCH
from clearsight.train.train import train
from tests.models.peers import peer, randomised
from tests.pictures import digit_arrays

QUICK = {"resnet50.keras", "resnet50v2.keras", "resnet18", "resnet50", "wide_resnet50_2", "resnext50_32x4d", "seresnet18", "resnetv2_50"}
# networks that no peer has, and those that are compared elsewhere
ALONE = {"wrn28_10", "wrn40_4"}
FAMILIES = ("resnet", "resnetv2", "vgg")
NAMES = [name for name in models.names() if models.family(name).__name__.rpartition(".")[2] in FAMILIES and name not in ALONE]
SIZES = {"vgg16.keras": (224, 224), "vgg19.keras": (224, 224)}  # whose first hidden layer is as large as what it reads
FORMS = ("model.h5", "model.weights.h5", "model.keras", "weights.h5")


def rows(wanted):
    return [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in NAMES if name.endswith(".keras") == wanted]


def keras():
    """Keras on torch; the test is skipped where it is not installed."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    pytest.importorskip("h5py")
    return pytest.importorskip("keras")


def randomise(network, seed=0):
    """Values for everything a Keras network stores, so that none is 0 or 1 by default."""
    draw = np.random.default_rng(seed)
    for variable in network.weights:
        kind, shape = variable.path.rpartition("/")[2], variable.shape
        if kind in ("moving_variance", "variance"):
            value = draw.uniform(0.5, 1.5, shape)
        elif len(shape) > 1:
            value = draw.normal(0, (2 / np.prod(shape[:2] if kind == "depthwise_kernel" else shape[:-1])) ** 0.5, shape)
        else:
            value = draw.normal(kind == "gamma", 0.1, shape)
        variable.assign(value.astype("float32"))


def save(network, path):
    """In one of Keras' forms: a whole model (two kinds), weights of Keras 3, weights as keras.applications publishes them."""
    if path.name == "weights.h5":
        import h5py
        from keras.src.legacy.saving import legacy_h5_format

        with h5py.File(path, "w") as file:
            legacy_h5_format.save_weights_to_hdf5_group(file, network)
    elif path.name == "model.weights.h5":
        network.save_weights(path)
    else:
        network.save(path)


def difference(found, expected):
    """Relative to the largest logit."""
    assert np.std(expected) > 1e-3  # the signal came through
    return np.abs(found - expected).max() / np.abs(expected).max()


def logits(loaded, x):
    with torch.no_grad():
        return loaded.model(torch.from_numpy(x)).numpy()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", rows(True))
def test_logits_are_keras(name, tmp_path):
    applications = keras().applications
    make = next(getattr(applications, made) for made in dir(applications) if f"{made.lower()}.keras" == name)
    height, width = SIZES.get(name, (97, 80))
    network = make(weights=None, classifier_activation=None, input_shape=(height, width, 3))
    randomise(network)
    x = np.random.default_rng(1).normal(size=(2, 3, height, width)).astype("float32")
    expected = np.asarray(network(np.moveaxis(x, 1, 3)).detach())
    for form in FORMS if name in QUICK else FORMS[1:2]:
        save(network, tmp_path / form)
        loaded = weights.load(f"keras:{tmp_path / form}", model="" if name in QUICK or form.endswith(".keras") else name)
        assert loaded.architecture == name
        assert difference(logits(loaded, x), expected) < 1e-5
        (tmp_path / form).unlink()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", ["model.h5", "model.weights.h5", "model.keras"])
def test_a_network_that_somebody_put_another_head_on(form, tmp_path):
    api = keras()
    base = api.applications.ResNet50V2(weights=None, include_top=False, pooling="avg", input_shape=(64, 72, 1))
    network = api.Sequential([api.Input((64, 72, 1)), base, api.layers.Dense(5, name="pets")])
    randomise(network)
    x = np.random.default_rng(1).normal(size=(2, 1, 64, 72)).astype("float32")
    save(network, tmp_path / form)
    loaded = weights.load(f"keras:{tmp_path / form}", model="resnet50v2.keras", classes=["cat", "dog", "cow", "hen", "fish"])
    assert loaded.preprocessing.channels == 1
    assert difference(logits(loaded, x), np.asarray(network(np.moveaxis(x, 1, 3)).detach())) < 1e-5


def pictures(tmp_path):
    """Photographs as files. From 512 to 224 px centres fall between pixels, and Pillow takes another nearest one than torch."""
    for name, picture in (("wide", photographs.chelsea()), ("high", photographs.astronaut()[:509, 100:311])):
        path = tmp_path / f"{name}.png"
        Image.fromarray(picture).save(path)
        yield path


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", ["resnet50", "resnet50v2", "densenet121"])
def test_a_picture_becomes_keras_tensor(mode, tmp_path):
    """Keras' caffe, tf and torch, after its `load_img`."""
    api = keras()
    settings = {"resnet50": KERAS_CAFFE, "resnet50v2": KERAS_TF, "densenet121": KERAS_TORCH}[mode]
    module = {"resnet50": "resnet", "resnet50v2": "resnet_v2", "densenet121": "densenet"}[mode]
    for path in pictures(tmp_path):
        image = api.utils.img_to_array(api.utils.load_img(path, target_size=(224, 224)))
        expected = getattr(api.applications, module).preprocess_input(image[None])
        ours = settings.normalise(settings.load(path)[None]).permute(0, 2, 3, 1)
        np.testing.assert_allclose(ours.numpy(), expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.filterwarnings("ignore")
def test_a_picture_becomes_torchvisions_tensor(tmp_path):
    """Exactly by its second transforms; its first, on which the published weights were judged, leave rounding to Pillow: one grey level."""
    peer("torchvision")
    from torchvision.transforms import v2
    from torchvision.transforms._presets import ImageClassification

    first = ImageClassification(crop_size=224)
    second = v2.Compose([v2.Resize(256), v2.CenterCrop(224), v2.ToDtype(torch.float32, scale=True), v2.Normalize(first.mean, first.std)])
    for path in pictures(tmp_path):
        ours = IMAGENET.normalise(IMAGENET.load(path))
        image = Image.open(path).convert("RGB")
        torch.testing.assert_close(ours, second(torch.from_numpy(np.array(image)).permute(2, 0, 1)), atol=1e-5, rtol=0)
        assert (ours - first(image)).abs().max() <= 1.01 / 255 / 0.224


def of_peer(name):
    """The store that has the network, and its untrained network."""
    torchvision = peer("torchvision")
    if name in torchvision.models.list_models():
        return "torchvision", torchvision.models.get_model(name, weights=None)
    return "timm", peer("timm").create_model(name, pretrained=False)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", rows(False))
def test_logits_are_torchvisions_or_timms(name, tmp_path):
    store, network = of_peer(name)
    x = np.random.default_rng(1).normal(size=(2, 3, 97, 80)).astype("float32")
    with torch.no_grad():
        expected = randomised(network)(torch.from_numpy(x)).numpy()
    torch.save(network.state_dict(), tmp_path / f"{name}-0a1b2c3d.pth")
    loaded = weights.load(f"{store}:{tmp_path / name}-0a1b2c3d.pth")
    assert loaded.architecture == name and loaded.classes[:2] == ("tench", "goldfish")
    assert difference(logits(loaded, x), expected) < 1e-5


def published(create, made, **odd):
    """timm's `create_model`; what it would fetch is random, kept in `made`, and configured as a repository may."""

    def instead(name, pretrained=False, **more):
        if not pretrained:
            return create(name, **more)
        made.append(randomised(create(name.removeprefix("hf-hub:somebody/"), **more, **odd)))
        return made[-1]

    return instead


@pytest.mark.filterwarnings("ignore")
def test_a_network_of_timm_is_trained_saved_and_loaded(monkeypatch, tmp_path):
    timm = peer("timm")
    create, made = timm.create_model, []
    monkeypatch.setattr(timm, "create_model", published(create, made))
    data = digit_arrays(per_class=3)
    still = {
        "lr": 0.0,
        "weight_decay": 0.0,
        "optimizer": "sgd",
        "epochs": 1,
        "speed": "plain",
        "size": 32,
        "quiet": True,
        "resize_head": True,
    }
    for i, (origin, name) in enumerate(
        (("timm:mobilenetv3_small_050", "timm:mobilenetv3_small_050"), ("hf:somebody/test_vit", "timm:test_vit"))
    ):
        size = {} if "mobile" in origin else {"size": 160}  # that network takes its own alone
        trained = train(data, out=str(tmp_path / str(i)), from_=origin, **{**still, **size})
        assert trained.classifier.architecture == name and clearsight.verify(trained.run).ok
        found, theirs = clearsight.load(trained.run).model.state_dict(), made[-1].state_dict()
        same = [key for key in theirs if key.endswith(("weight", "bias")) and "classifier" not in key and "head" not in key]
        assert len(same) > 40 and sum(torch.equal(found[f"net.{key}"], theirs[key]) for key in same) == len(same) - 1  # the first is grey
    with pytest.raises(
        UsageError, match=r"test_vit was trained on 160×160 px, and at 96×96 px .* has another net.pos_embed.*Leave out --size"
    ):
        train(data, from_="timm:test_vit", **{**still, "size": 96})
    clearsight.save(clearsight.load("timm:mobilenetv3_small_050"), tmp_path / "as-it-is", [data[0][0][..., None]])
    assert clearsight.verify(tmp_path / "as-it-is").ok
    monkeypatch.setattr(timm, "create_model", published(create, made, act_layer="gelu"))
    assert weights.load("hf:somebody/mobilenetv3_small_050").architecture == ""
    with pytest.raises(UsageError, match="changes timm's network"):
        train(data, from_="hf:somebody/mobilenetv3_small_050", **still)


def test_only_networks_that_timm_has_itself_are_built():
    peer("timm")
    with pytest.raises(UsageError, match="timm has no network called 'hf-hub:somebody/x'"):
        weights.build("timm:hf-hub:somebody/x", 3)


@pytest.mark.filterwarnings("ignore")
def test_any_network_of_timm_opens(monkeypatch):
    timm = peer("timm")
    create, made = timm.create_model, []
    monkeypatch.setattr(timm, "create_model", published(create, made))
    loaded = weights.load("timm:ghostnet_100.in1k")
    x = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert torch.equal(loaded.model(x), made[0](x))
        assert torch.equal(loaded.model.head(loaded.model.features(x)), made[0](x))
    assert (
        loaded.architecture == "timm:ghostnet_100.in1k"
        and loaded.preprocessing.mean == (0.485, 0.456, 0.406)
        and len(loaded.classes) == 1000
    )
    assert all(loaded.model.get_submodule(stage) is not None for stage in loaded.model.STAGES)
