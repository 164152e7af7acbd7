"""Every network has a golden row, which its family's test compares, and stores what Keras counts."""

import pytest

from clearsight import models
from tests.models import expected


def family(module) -> str:
    return module.__name__.rsplit(".", 1)[-1]


def test_every_network_has_a_golden_row():
    assert {path.stem for path in expected.GOLDEN.glob("*.toml")} == {family(module) for module in models.FAMILIES}
    for module in models.FAMILIES:
        assert set(module.TABLE) == {name for name, _, _ in expected.facts(family(module))}


def test_every_family_compares_its_rows():
    for module in models.FAMILIES:
        path = expected.GOLDEN.parent.joinpath(*module.__name__.split(".")[2:-1], f"test_{family(module)}.py")
        assert f'@rows("{family(module)}")' in path.read_text(), path


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
