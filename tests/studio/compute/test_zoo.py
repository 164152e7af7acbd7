"""What the screen Networks asks equals what `clearsight models` prints."""

import json

import pytest

from clearsight.base.errors import ClearsightError
from clearsight.base.result import jsonable
from clearsight.models import facts, names
from clearsight.studio.compute.zoo import FUNCTIONS
from tests.cli.conftest import clearsight as clearsight
from tests.models.formulas import ALEXNET, LECTURE


@pytest.fixture
def printed(clearsight):
    """`printed(*words)` is the JSON of `clearsight models`."""

    def of(*words: str):
        done = clearsight("models", *words, "--json")
        assert done.code == 0, done.err
        return json.loads(done.out)

    return of


def test_the_registry_and_its_tables_are_those_of_models(printed):
    told = jsonable(FUNCTIONS["zoo"](None))
    assert sorted(told["rows"], key=lambda row: row["name"]) == sorted(printed(), key=lambda row: row["name"])
    assert [row["name"] for row in told["rows"]] == names() and all(row["year"] for row in told["rows"])
    assert told["keras"] == printed("--table", "keras") and len(told["keras"]) == 26
    assert told["descent"] == printed("--table", "descent")
    assert [one["error"] for one in told["ilsvrc"]["rows"]] == [row["error"] for row in printed("--table", "ilsvrc")["winners"]]
    assert {one["word"] for one in told["words"]} > {"conv", "pool", "fc", "softmax"}


@pytest.mark.parametrize("name", ["lenet5", "googlenet", "vit_b_16", "mobilenet.keras"])
def test_a_network_is_what_models_says_of_it(printed, name):
    told, wanted = jsonable(FUNCTIONS["architecture"](None, name)), printed(name)[0]
    assert {key: told[key] for key in wanted if key not in ("blocks", "layers")} == {
        key: value for key, value in wanted.items() if key not in ("blocks", "layers")
    }
    outputs = {layer["name"]: layer["output"] for layer in wanted["layers"]}
    assert told["stages"] and all(stage["output"] == outputs.get(stage["name"], stage["output"]) for stage in told["stages"])
    assert all(stage["output"] for stage in told["stages"])
    assert told["figure"]["parameters"] == told["parameters"] == facts.facts(name).parameters


def test_only_the_registry_is_known_by_name():
    for name in ("resnet19", "@os:getcwd", LECTURE, "../runs"):
        with pytest.raises(ClearsightError, match="no network is called"):
            FUNCTIONS["architecture"](None, name)


@pytest.mark.parametrize(
    ("text", "size"), [(LECTURE, [1, 28, 28]), (ALEXNET, [3, 224, 224]), ("resnet18", None), ("conv6-5x5", [3, 32, 32])]
)
def test_what_is_typed_has_the_numbers_of_models(printed, text, size):
    told = jsonable(FUNCTIONS["typed"](None, text, size, 7))
    options = ["--input", f"{size[1]}x{size[2]}x{size[0]}"] if size else []
    wanted = printed(text, *options, "--classes", "7")[0]
    for name in ("parameters", "macs", "depth"):
        assert told[name] == told["figure"][name] == wanted[name]
    assert told["field"] == wanted["largest_field"] and told["input"] == wanted["input_size"]
    layers = {layer["name"]: layer for layer in wanted["layers"]}
    for layer in told["figure"]["layers"]:
        same = layers[layer["name"]]
        assert (layer["output"], layer["parameters"], layer["macs"]) == (same["output"], same["parameters"], same["macs"])
        assert layer.get("sees") == same.get("size")
    assert told["complete"] == (text != "conv6-5x5") and told["name"] == ("resnet18" if text == "resnet18" else "")


def test_what_is_wrong_has_its_characters():
    told = FUNCTIONS["typed"](None, "conv8 foo softmax", None, None)
    assert told["wrong"]["span"] == (6, 9) and told["wrong"]["reason"].startswith("Character 7: no layer begins with 'foo'")
    json.dumps(FUNCTIONS["typed"](None, "conv8 \ud800", None, None), ensure_ascii=False).encode()
    assert FUNCTIONS["typed"](None, "softmax", [3, 0, 1], None)["wrong"]["span"] is None
