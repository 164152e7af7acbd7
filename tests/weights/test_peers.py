"""End to end from the peer's own file: built by Keras, torchvision or timm at random values, saved by it, loaded here: the same logits.

Every network is compared that a peer has; one of each family always, the others, which differ in length, with -m slow.
"""

import inspect
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
from clearsight.training.api import train
from tests.models.peers import peer, randomised
from tests.pictures import digit_arrays
from tests.weights.keras_values import randomise, save

QUICK = {
    "resnet50.keras", "resnet50v2.keras", "resnet18", "resnet50", "wide_resnet50_2", "resnext50_32x4d", "seresnet18", "resnetv2_50",
    "densenet121", "densenet121.keras", "mobilenet.keras", "mobilenet_v2", "mobilenetv2.keras",
    "mobilenet_v3_small", "mobilenetv3small.keras", "efficientnet_b0", "efficientnetb0.keras",
    "convnext_tiny", "convnexttiny.keras", "legacy_xception", "xception.keras", "inception_v3", "inceptionv3.keras",
    "alexnet", "squeezenet1_1", "googlenet", "regnet_x_400mf", "regnet_y_400mf",
}  # fmt: skip
# networks that no peer has, and those that are compared elsewhere
ALONE = {"wrn28_10", "wrn40_4", "alexnet-2012", "alexnet-lecture", "vit_s_16", "mobilenet_v1"}
ALONE |= {"squeezenet1_1.keras", *(name for name in models.names() if name.startswith(("tf_efficientnet", "efficientnet_lite")))}
FAMILIES = (
    "alexnet", "vgg", "googlenet", "inceptionv3", "resnet", "resnetv2", "squeezenet", "inceptionresnetv2", "xception", "densenet",
    "mobilenet", "mobilenetv2", "mobilenetv3", "efficientnet", "regnet", "vit", "convnext",
)  # fmt: skip
NAMES = [name for name in models.names() if models.family(name).__name__.rpartition(".")[2] in FAMILIES and name not in ALONE]
# timm's networks whose names, or whose parameters' names, are others than here
TIMM = {
    "vit_s_16": "vit_small_patch16_224",
    "vit_b_32": "vit_base_patch32_224",
    "regnet_x_400mf": "regnetx_004_tv",
    "regnet_y_800mf": "regnety_008_tv",
    "vgg11_bn": "vgg11_bn",
    "densenet121": "densenet121",
    "mobilenet_v1": "mobilenetv1_100",
}
# the first hidden layer is as large as what it reads; a learnt vector for each place
SIZES = dict.fromkeys(("vgg16.keras", "vgg19.keras", *models.vit.TABLE), (224, 224))
FORMS = ("model.h5", "model.weights.h5", "model.keras", "weights.h5")
EVERY_FORM = {"resnet50v2.keras", "mobilenet.keras"}  # of the others in QUICK, the newest form


def rows(wanted):
    return [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in NAMES if name.endswith(".keras") == wanted]


def keras():
    """Keras on torch; the test is skipped where it is not installed."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    pytest.importorskip("h5py")
    return pytest.importorskip("keras")


def difference(found, expected):
    """Relative to the largest logit."""
    assert np.std(expected) > 1e-3  # the signal came through
    largest = np.abs(found - expected).max() / np.abs(expected).max()
    print(f"{largest:.1e}")  # pytest -s
    return largest


def logits(loaded, x):
    with torch.no_grad():
        return loaded.model(torch.from_numpy(x)).numpy()


def as_keras(name, x):
    """What Keras' network takes where it scales its pixels itself, which is preprocessing here."""
    return 255 * x if name.startswith("efficientnet") else x


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", rows(True))
def test_logits_are_keras(name, tmp_path):
    applications = keras().applications
    make = next(getattr(applications, made) for made in dir(applications) if f"{made.lower()}.keras" == name)
    height, width = SIZES.get(name, (97, 80))
    plain = {"include_preprocessing": False} if "include_preprocessing" in inspect.signature(make).parameters else {}
    network = make(weights=None, classifier_activation=None, input_shape=(height, width, 3), **plain)
    randomise(network)
    x = np.random.default_rng(1).normal(size=(2, 3, height, width)).astype("float32")
    expected = np.asarray(network(np.moveaxis(as_keras(name, x), 1, 3)).detach())
    for form in FORMS if name in EVERY_FORM else FORMS[2:3] if name in QUICK else FORMS[1:2]:
        save(network, tmp_path / form)
        loaded = weights.load(f"keras:{tmp_path / form}", model="" if name in QUICK or form.endswith(".keras") else name)
        assert loaded.architecture == name
        assert difference(logits(loaded, x), expected) < 1e-5
        (tmp_path / form).unlink()


@pytest.mark.filterwarnings("ignore")
def test_efficientnet_as_keras_publishes_it(tmp_path, monkeypatch):
    """There deviations stand for variances, and the network, when Keras fetches the weights itself, divides by their root once more."""
    api = keras()
    path = tmp_path / "efficientnetb0.h5"
    network = api.applications.EfficientNetB0(weights=None)
    randomise(network)
    colours = next(layer for layer in network.layers if isinstance(layer, api.layers.Normalization))
    colours.adapt_mean.assign(IMAGENET.mean)
    colours.adapt_variance.assign(IMAGENET.std)
    save(network, tmp_path / "weights.h5")
    (tmp_path / "weights.h5").rename(path)
    monkeypatch.setattr("keras.src.applications.efficientnet.file_utils.get_file", lambda *_, **__: str(path))
    network = api.applications.EfficientNetB0(classifier_activation=None)
    x = np.random.default_rng(1).random((1, 3, 224, 224), "float32")
    loaded = weights.load(f"keras:{path}")
    assert difference(logits(loaded, x), np.asarray(network(255 * np.moveaxis(x, 1, 3)).detach())) < 1e-5


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
@pytest.mark.parametrize("name", ["resnet50", "mobilenet_v2", *(f"efficientnet_b{i}" for i in range(8))])
def test_a_picture_becomes_torchvisions_tensor(name, tmp_path):
    """Exactly by its second transforms; its first, on which the published weights were judged, leave rounding to Pillow.

    That is one grey level, and two where bicubic weights, some of them below 0, carry what was rounded after the first axis on.
    """
    torchvision = peer("torchvision")
    from torchvision.transforms import v2

    first = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"].transforms()
    resize = v2.Resize(first.resize_size, first.interpolation)
    second = v2.Compose(
        [resize, v2.CenterCrop(first.crop_size), v2.ToDtype(torch.float32, scale=True), v2.Normalize(first.mean, first.std)]
    )
    settings = models.preprocessing(name)
    for path in pictures(tmp_path):
        ours = settings.normalise(settings.load(path))
        image = Image.open(path).convert("RGB")
        torch.testing.assert_close(ours, second(torch.from_numpy(np.array(image)).permute(2, 0, 1)), atol=1e-5, rtol=0)
        levels = 2 if settings.interpolation == "bicubic" else 1
        assert (ours - first(image)).abs().max() <= 1.01 * levels / 255 / 0.224


def torchvisions(name, **options):
    if name in ("googlenet", "inception_v3"):
        options["init_weights"] = False  # which takes a minute
    return peer("torchvision").models.get_model(name, weights=None, **options)


def loaded_like(store, name, network, folder):
    """The relative difference of logits after the file of `network`, at random weights, was loaded."""
    x = np.random.default_rng(1).normal(size=(2, 3, *SIZES.get(name, (97, 80)))).astype("float32")
    with torch.no_grad():
        expected = randomised(network)(torch.from_numpy(x)).numpy()
    torch.save(network.state_dict(), folder / f"{name}-0a1b2c3d.pth")
    loaded = weights.load(f"{store}:{folder / name}-0a1b2c3d.pth")
    assert loaded.architecture == name and loaded.classes[:2] == ("tench", "goldfish")
    return difference(logits(loaded, x), expected)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", rows(False))
def test_logits_are_torchvisions_or_timms(name, tmp_path):
    if name in peer("torchvision").models.list_models():
        assert loaded_like("torchvision", name, torchvisions(name), tmp_path) < 1e-5
    else:
        assert loaded_like("timm", name, peer("timm").create_model(name), tmp_path) < 1e-5


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", TIMM)
def test_logits_are_timms(name, tmp_path):
    assert loaded_like("timm", name, peer("timm").create_model(TIMM[name]), tmp_path) < 1e-5


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "theirs"), [("tf_efficientnet_b1", "tf_efficientnet_b1"), ("efficientnet_lite1", "tf_efficientnet_lite1")]
)
def test_tensorflows_efficientnets_are_timms(name, theirs):
    """timm has other names for the same values, in the same order."""
    network = randomised(peer("timm").create_model(theirs))
    ours = models.build(name, 1000, height=97, width=80).eval()
    ours.load_state_dict(dict(zip(ours.state_dict(), network.state_dict().values(), strict=True)))
    x = torch.randn(2, 3, 97, 80, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert difference(ours(x).numpy(), network(x).numpy()) < 1e-5


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "side", "words", "heads"),
    [
        ("googlenet", 224, {"dropout_aux": 0.0}, ("logits", "aux_logits1", "aux_logits2")),
        ("inception_v3", 299, {}, ("logits", "aux_logits")),
    ],
)
def test_in_training_the_auxiliary_heads_are_torchvisions(name, side, words, heads, tmp_path):
    theirs = randomised(torchvisions(name, dropout=0.0, **words))
    torch.save(theirs.state_dict(), tmp_path / "saved.pth")
    ours = weights.read(f"torchvision:{tmp_path / 'saved.pth'}", model=name).model
    for module in ours.modules():
        module.p = 0.0  # no dropout
    x = torch.randn(2, 3, side, side, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected, found = theirs.train()(x), ours.train()(x)
    torch.testing.assert_close(found, torch.stack([getattr(expected, head) for head in heads]), rtol=1e-4, atol=1e-4)


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
        first = next(key for key, value in theirs.items() if value.ndim == 4)
        theirs[first] = theirs[first].sum(1, keepdim=True)  # the digits are grey
        same = [key for key in theirs if key.endswith(("weight", "bias")) and "classifier" not in key and "head" not in key]
        assert len(same) > 40 and all(torch.equal(found[f"net.{key}"], theirs[key]) for key in same)
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
