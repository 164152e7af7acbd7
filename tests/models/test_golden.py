"""What the papers and the peers say of each network: parameters, the shape of every stage, names, and numbers."""

import math
import tomllib
from pathlib import Path

import pytest
import torch

from clearsight import models

# network, input (C, H, W), classes → parameters, shape of each stage. Sources: LeCun 1998, figure 2;
# Keras, mnist_cnn; torchvision's and timm's networks of those names; alexnet-2012, -lecture, zfnet, unet: the papers' layers;
# the others counted by hand
GOLDEN = {
    ("pixels", (1, 28, 28), 10): (7_850, {}),
    ("pixels", (3, 8, 8), 2): (386, {}),
    ("histogram", (1, 28, 28), 10): (330, {}),
    ("histogram-cells", (1, 28, 28), 10): (5_130, {}),
    ("histogram-hsv", (3, 28, 28), 10): (970, {}),
    ("histogram-hsv-cells", (3, 28, 28), 10): (15_370, {}),
    ("dog", (1, 28, 28), 10): (3_930, {}),
    ("gabor", (1, 28, 28), 10): (31_370, {}),
    ("hog", (1, 28, 28), 10): (46_090, {}),  # 8×8 blocks of 2×2 cells of 18 directions
    ("hog", (3, 128, 128), 2): (41_618, {}),  # 17×17 blocks
    ("hog-unsigned", (1, 28, 28), 10): (23_050, {}),
    ("hog-hard", (1, 28, 28), 10): (12_970, {}),
    ("pixels-rbf", (1, 28, 28), 10): (40_970, {}),  # the head's: landmarks are stored, not trained
    ("hog-rbf", (1, 28, 28), 10): (40_970, {}),
    ("sift", (1, 28, 28), 10): (43_274, {}),  # and 128 words of 128 numbers
    ("lenet5", (1, 32, 32), 10): (61_706, {
        "conv1": (6, 28, 28), "pool1": (6, 14, 14), "conv2": (16, 10, 10), "pool2": (16, 5, 5), "fc1": (120,), "fc2": (84,), "fc3": (10,),
    }),
    ("lenet5", (1, 28, 28), 10): (61_706, {"conv1": (6, 28, 28), "pool2": (16, 5, 5)}),
    ("neocognitron", (1, 16, 16), 10): (29_722, {  # Fukushima 1980, figure 2
        "s1": (24, 16, 16), "c1": (24, 10, 10), "s2": (24, 8, 8), "c2": (24, 6, 6), "s3": (24, 2, 2), "c3": (24, 1, 1), "fc": (10,),
    }),
    ("neocognitron", (3, 28, 40), 5): (34_037, {"s1": (24, 28, 40), "c1": (24, 18, 25), "s3": (24, 8, 14), "c3": (24, 4, 7)}),
    ("lecun1989", (1, 16, 16), 10): (9_760, {"h1": (12, 8, 8), "h2": (12, 4, 4), "h3": (30,), "output": (10,)}),
    ("lecun1989", (3, 28, 21), 10): (21_112, {"h1": (12, 14, 11), "h2": (12, 7, 6)}),
    ("alexnet-2012", (3, 227, 227), 1000): (60_965_224, {
        "trunk.0": (96, 55, 55), "trunk.3": (96, 27, 27), "trunk.4": (256, 27, 27), "trunk.7": (256, 13, 13),
        "trunk.8": (384, 13, 13), "trunk.10": (384, 13, 13), "trunk.12": (256, 13, 13), "trunk.14": (256, 6, 6),
    }),
    ("alexnet-lecture", (3, 227, 227), 1000): (62_378_344, {
        "trunk.0": (96, 55, 55), "trunk.2": (96, 27, 27), "trunk.3": (96, 27, 27), "trunk.4": (256, 27, 27),
        "trunk.6": (256, 13, 13), "trunk.7": (256, 13, 13), "trunk.8": (384, 13, 13), "trunk.10": (384, 13, 13),
        "trunk.12": (256, 13, 13), "trunk.14": (256, 6, 6), "classifier.1": (4096,), "classifier.4": (4096,), "classifier.6": (1000,),
    }),
    ("alexnet", (3, 224, 224), 1000): (61_100_840, {"trunk.0": (64, 55, 55), "trunk.3": (192, 27, 27), "trunk.12": (256, 6, 6)}),
    ("alexnet", (1, 28, 28), 10): (23_468_746, {"trunk.0": (64, 28, 28), "trunk.12": (256, 2, 2)}),
    ("zfnet", (3, 224, 224), 1000): (62_357_608, {
        "trunk.0": (96, 110, 110), "trunk.2": (96, 55, 55), "trunk.4": (256, 26, 26), "trunk.6": (256, 13, 13), "trunk.14": (256, 6, 6),
    }),
    ("zfnet", (1, 28, 28), 10): (29_978_314, {"trunk.0": (96, 28, 28), "trunk.4": (256, 14, 14), "trunk.14": (256, 3, 3)}),
    ("squeezenet1_0", (3, 224, 224), 1000): (1_248_424, {
        "trunk.2": (96, 54, 54), "trunk.5": (256, 54, 54), "trunk.6": (256, 27, 27), "trunk.12": (512, 13, 13),
    }),
    ("squeezenet1_1", (3, 224, 224), 1000): (1_235_496, {
        "trunk.2": (64, 55, 55), "trunk.5": (128, 27, 27), "trunk.8": (256, 13, 13), "trunk.12": (512, 13, 13),
    }),
    ("squeezenet1_1", (1, 28, 28), 10): (726_474, {"trunk.0": (64, 28, 28), "trunk.12": (512, 3, 3)}),
    ("googlenet", (3, 224, 224), 1000): (13_004_888, {
        "conv1": (64, 112, 112), "maxpool1": (64, 56, 56), "conv3": (192, 56, 56), "inception3a": (256, 28, 28),
        "inception3b": (480, 28, 28), "inception4a": (512, 14, 14), "inception4d": (528, 14, 14), "inception4e": (832, 14, 14),
        "inception5b": (1024, 7, 7), "avgpool": (1024, 1, 1),
    }),
    ("googlenet", (1, 28, 28), 10): (9_951_806, {"conv1": (64, 28, 28), "inception3a": (256, 14, 14), "inception5b": (1024, 4, 4)}),
    ("unet", (1, 572, 572), 2): (31_030_658 + 2 * 1025, {  # and a head for the whole picture
        "encoder.0": (64, 572, 572), "encoder.3": (512, 71, 71), "encoder.4": (1024, 35, 35),
    }),
    **{
        (name, (3, 224, 224), 1000): (count, {"stem": (32, 112, 112), "trunk_output.block4": (width, 7, 7)})
        for name, count, width in (
            ("regnet_x_400mf", 5_495_976, 400), ("regnet_x_800mf", 7_259_656, 672), ("regnet_x_1_6gf", 9_190_136, 912),
            ("regnet_x_3_2gf", 15_296_552, 1008), ("regnet_x_8gf", 39_572_648, 1920), ("regnet_x_16gf", 54_278_536, 2048),
            ("regnet_x_32gf", 107_811_560, 2520), ("regnet_y_400mf", 4_344_144, 440), ("regnet_y_800mf", 6_432_512, 784),
            ("regnet_y_1_6gf", 11_202_430, 888), ("regnet_y_3_2gf", 19_436_338, 1512), ("regnet_y_8gf", 39_381_472, 2016),
            ("regnet_y_16gf", 83_590_140, 3024), ("regnet_y_32gf", 145_046_770, 3712), ("regnet_y_128gf", 644_812_894, 7392),
        )
    },
    ("regnet_y_400mf", (1, 28, 28), 10): (3_906_978, {"stem": (32, 28, 28), "trunk_output.block4": (440, 2, 2)}),
    **{
        (name, (3, 224, 224), 1000): (count, {"conv_proj": (width, side, side), "encoder.ln": (1 + side * side, width)})
        for name, count, width, side in (
            ("vit_s_16", 22_050_664, 384, 14), ("vit_b_16", 86_567_656, 768, 14), ("vit_b_32", 88_224_232, 768, 7),
            ("vit_l_16", 304_326_632, 1024, 14), ("vit_l_32", 306_535_400, 1024, 7), ("vit_h_14", 632_045_800, 1280, 16),
        )
    },
    ("vit_s_16", (1, 28, 28), 10): (21_324_298, {"conv_proj": (384, 7, 7), "encoder.ln": (50, 384)}),
    ("convnet", (1, 28, 28), 10): (1_199_882, {
        "conv1": (32, 26, 26), "conv2": (64, 24, 24), "pool": (64, 12, 12), "fc1": (128,), "fc2": (10,),
    }),
    ("swift", (1, 28, 28), 10): (292_624, {
        "whiten": (16, 26, 26), "group1": (32, 13, 13), "group2": (64, 6, 6), "group3": (128, 3, 3), "fc": (10,),
    }),
    ("swift", (3, 64, 64), 100): (309_472, {"whiten": (32, 62, 62), "group3": (128, 7, 7)}),
    ("swift-slim", (1, 28, 28), 10): (74_960, {"whiten": (16, 26, 26), "group1": (16, 13, 13), "group3": (64, 3, 3)}),
    ("swift-wide", (1, 28, 28), 10): (1_156_496, {"whiten": (16, 26, 26), "group1": (64, 13, 13), "group3": (256, 3, 3)}),
    ("swift-wider", (1, 28, 28), 10): (3_740_816, {"whiten": (16, 26, 26), "group1": (64, 13, 13), "group3": (512, 3, 3)}),
}  # fmt: skip


def in_files():
    """`golden/FAMILY.toml`: a key is a name, and the input and the number of classes where they are not the row's own."""
    for path in sorted((Path(__file__).parent / "golden").glob("*.toml")):
        for key, facts in tomllib.loads(path.read_text()).items():
            name, *other = key.split()
            size, classes = (tuple(map(int, other[0].split("x"))), int(other[1])) if other else models.published(name)
            yield (name, size, classes), facts


FILES = dict(in_files())

# first logits of the peers' own networks (torchvision 0.29.2, timm 1.0.31, Keras 3.15.1), weights and pictures from `filled` and `waves`
PEERS = {
    "resnet18": ((0.2401278, -0.1954689, -0.6310314), (0.2312736, -0.2144962, -0.6593249)),
    "resnet50": ((0.5455371, 0.3679195, -1.3635362), (0.5459178, 0.3662761, -1.3615246)),
    "resnext50_32x4d": ((0.5300170, 0.3875639, -1.3766109), (0.5299973, 0.3877606, -1.3768769)),
    "seresnet18": ((-1.0140030, -0.3299333, 0.9824852), (-1.0080819, -0.3184832, 0.9801920)),
    "resnetv2_50": ((-0.0910000, -0.0401754, -0.1136705), (-0.0910574, -0.0400254, -0.1138054)),
    "resnet50.keras": ((0.1134109, 0.1289939, 0.0239024), (0.1136192, 0.1284434, 0.0245795)),
    "resnet50v2.keras": ((-0.1171320, 0.0474002, 0.0493693), (-0.1172036, 0.0474869, 0.0493298)),
}


def shapes(model: torch.nn.Module, size: tuple[int, int, int], device: str) -> dict[str, tuple[int, ...]]:
    """The output of every stage, without the batch."""
    found: dict[str, tuple[int, ...]] = {}
    for stage in model.STAGES:
        model.get_submodule(stage).register_forward_hook(lambda _, __, y, stage=stage: found.update({stage: tuple(y.shape[1:])}))
    model.eval()(torch.zeros(2, *size, device=device))
    return found


@pytest.mark.parametrize(("row", "expected"), GOLDEN.items(), ids=lambda x: f"{x[0]}-{x[1][1]}px" if isinstance(x[0], str) else "")
def test_parameters_and_stages(row, expected):
    (name, size, classes), (parameters, stages) = row, expected
    with torch.device("meta"):
        model = models.build(name, classes, channels=size[0], height=size[1], width=size[2])
    assert sum(p.numel() for p in model.parameters()) == parameters
    found = shapes(model, size, "meta")
    assert tuple(found) == model.STAGES  # in the order of computation
    assert {stage: found[stage] for stage in stages} == stages


@pytest.mark.parametrize(("row", "expected"), FILES.items(), ids=lambda x: f"{x[0]}-{x[1][1]}px" if isinstance(x, tuple) else "")
def test_counts_and_stages(row, expected):
    name, size, classes = row
    with torch.device("meta"):
        model = models.build(name, classes, channels=size[0], height=size[1], width=size[2])
    assert (sum(p.numel() for p in model.parameters()), models.stored(model)) == (expected["parameters"], expected["stored"])
    assert {stage: list(shape) for stage, shape in shapes(model, size, "meta").items()} == expected["stages"]


def test_every_network_has_a_golden_row():
    assert set(models.names()) == {name for name, _, _ in GOLDEN | FILES}


# the "Parameters" of Keras' own table of applications, which counts running statistics as well
KERAS = {
    "vgg16": 138_357_544, "vgg19": 143_667_240, "resnet50": 25_636_712, "resnet101": 44_707_176, "resnet152": 60_419_944,
    "resnet50v2": 25_613_800, "resnet101v2": 44_675_560, "resnet152v2": 60_380_648, "xception": 22_910_480, "inceptionv3": 23_851_784,
    "inceptionresnetv2": 55_873_736, "mobilenet": 4_253_864, "mobilenetv2": 3_538_984, "densenet121": 8_062_504,
    "densenet169": 14_307_880, "densenet201": 20_242_984, "nasnetmobile": 5_326_716, "nasnetlarge": 88_949_818,
    "efficientnetb0": 5_330_571, "efficientnetb1": 7_856_239, "efficientnetb2": 9_177_569, "efficientnetb3": 12_320_535,
    "efficientnetb4": 19_466_823, "efficientnetb5": 30_562_527, "efficientnetb6": 43_265_143, "efficientnetb7": 66_658_687,
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in models.names() if name.removesuffix(".keras") in KERAS and name.endswith(".keras")])
def test_stored_values_are_those_of_keras_table(name):
    assert models.row(name).stored == KERAS[name.removesuffix(".keras")]


def filled(model: torch.nn.Module) -> torch.nn.Module:
    """The model with weights that any library can make: sines."""
    with torch.no_grad():
        for i, (name, value) in enumerate(model.state_dict().items()):
            if not value.is_floating_point():
                continue
            wave = torch.sin(torch.arange(value.numel(), dtype=torch.float64) * (0.37 + 0.01 * (i % 7)) + i).view(value.shape)
            if value.ndim > 1:
                wave = wave * math.sqrt(2 / (value.numel() / len(value)))
            elif name.endswith(("running_var", "weight")):
                wave = 1 + wave / 4
            else:
                wave = wave / 10
            value.copy_(wave)
    return model.eval()


def waves(*shape: int) -> torch.Tensor:
    return torch.sin(torch.arange(math.prod(shape), dtype=torch.float64) * 0.013).view(shape).float()


@pytest.mark.parametrize("name", PEERS)
def test_the_logits_are_the_peers(name):
    model = filled(models.build(name, 1000, channels=3, height=96, width=80))
    with torch.no_grad():
        logits = model(waves(2, 3, 96, 80))
    assert torch.allclose(logits[:, :3], torch.tensor(PEERS[name]), atol=2e-4)


def test_parameter_names_are_torchvisions():
    with torch.device("meta"):
        names = list(models.build("resnet50", 1000).state_dict())
    assert names[:2] == ["conv1.weight", "bn1.weight"] and names[-2:] == ["fc.weight", "fc.bias"]
    assert {"layer1.0.conv3.weight", "layer1.0.downsample.0.weight", "layer1.0.downsample.1.running_var", "layer4.2.bn3.bias"} < set(names)
    assert len(names) == 320
