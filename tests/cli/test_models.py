"""`clearsight models`: the list, its filters, and one network layer by layer."""

import json

import pytest

ALEXNET = (
    "conv96-11x11/4 relu pool3x3/2 norm conv256-5x5p2 relu pool3x3/2 norm (conv384 relu)*2 conv256 relu pool3x3/2 "
    "(dropout fc4096 relu)*2 softmax"
)


def listed(clearsight, *words) -> list[str]:
    said = clearsight("models", *words, "--json")
    assert said.code == 0, said.err
    return [row["name"] for row in json.loads(said.out)]


def test_json_has_all_of_it(clearsight):
    rows = {row["name"]: row for row in json.loads(clearsight("models", "--json").out)}
    assert rows["resnet18"] == {
        "name": "resnet18", "family": "resnet", "year": 2015, "paper": "He et al.: Deep residual learning for image recognition",
        "parameters": 11_689_512, "stored": 11_699_112, "megabytes": 44.6, "macs": 1_814_073_344, "depth": 18,
        "auxiliary": 0, "residual_sums": 8, "largest_field": 435,
        "input_size": [3, 224, 224], "classes": 1000, "recipe": "quick", "top1": 0.69758, "top5": 0.89078,
        "licence": "BSD-3-Clause",
    }  # fmt: skip
    assert rows["lenet5"]["top1"] is None


def test_the_list_is_whole_and_aligned(clearsight):
    lines = clearsight("models").out.splitlines()
    assert lines[0].split() == [
        "name",
        "year",
        "parameters",
        "stored",
        "MB",
        "MACs",
        "depth",
        "input",
        "top-1",
        "top-5",
        "licence",
        "paper",
    ]
    row = next(line for line in lines if line.startswith("resnet18 "))
    assert row.split()[:11] == ["resnet18", "2015", "11,689,512", "11,699,112", "44.6", "1.81", "G", "18", "3×224×224", "69.8%", "89.1%"]
    assert row.endswith("He et al.: Deep residual learning for image recognition") and row.index("He et al") == lines[0].index("paper")
    assert len(lines) == len(listed(clearsight)) + 1


def test_filters_and_sorts(clearsight):
    resnets = ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]
    assert listed(clearsight, *resnets[::-1], "--sort", "macs") == resnets
    assert listed(clearsight, *resnets, "--sort", "top1", "--reverse", "--max-parameters", "30M") == resnets[2::-1]
    assert listed(clearsight, *resnets, "--match", "Deep RESIDUAL", "--max-macs", "3.7G", "--sort", "depth") == resnets[:2]
    assert listed(clearsight, "--match", "one weird trick") == ["alexnet"]
    assert set(listed(clearsight, "--family", "squeezenet")) == {"squeezenet1_0", "squeezenet1_1", "squeezenet1_1.keras"}
    assert {"pixels", "lenet5"} <= set(listed(clearsight, "--max-macs", "500k"))
    years = [row["year"] for row in json.loads(clearsight("models", "--json").out)]
    assert years == sorted(years)
    assert listed(clearsight, "lenet5", "resnet18", "resnet34", "--sort", "top1", "--reverse") == ["resnet34", "resnet18", "lenet5"]
    assert listed(clearsight, "resnet18", "lenet5", "resnet34", "--sort", "top1") == ["resnet18", "resnet34", "lenet5"]
    assert listed(clearsight, "resnet50", "resnet50.keras", "--sort", "stored") == ["resnet50", "resnet50.keras"]
    assert listed(clearsight, "--match", "none such") == []
    assert clearsight("models", "--match", "none such").err == "no network is like that.\n"


def test_networks_next_to_each_other_in_the_order_given(clearsight, tmp_path):
    said = clearsight("models", "vgg16", "googlenet", "alexnet-lecture", "--out", tmp_path / "networks.svg")
    assert said.code == 0, said.err
    lines = {line[:21].strip(): line[21:].split() for line in said.out.splitlines()}
    assert lines[""] == ["vgg16", "googlenet", "alexnet-lecture"] and lines["year"] == ["2014", "2014", "2012"]
    assert lines["parameters"] == ["138,357,544", "6,624,904", "62,378,344"]
    assert lines["depth"] == ["16", "22", "8"] and lines["largest field, px"] == ["212", "379", "195"]
    assert max(map(len, said.out.splitlines())) <= 80
    assert "138,357,544" in (tmp_path / "networks.svg").read_text()
    assert listed(clearsight, "vgg16", "googlenet", "alexnet") == ["vgg16", "googlenet", "alexnet"]
    assert "--out draws one network, or compares 2 to 4" in clearsight("models", "--out", tmp_path / "all.svg").err


def test_one_network_layer_by_layer(clearsight):
    said = clearsight("models", ALEXNET, "--input", "227x227x3", "--classes", "1000")
    lines = said.out.splitlines()
    assert lines[1].startswith("[227x227x3] INPUT")
    assert lines[2].startswith("[55x55x96] CONV1: 96 11x11 filters at stride 4, pad 0 ")
    assert lines[2].split()[-4:] == ["34,944", "105,415,200", "11×11", "conv1"]
    assert lines[-3].split() == ["[1000]", "FC8:", "1000", "neurons", "(class", "scores)", "4,097,000", "4,096,000", "all", "fc8"]
    assert lines[-1] == "62,378,344 parameters, 238.0 MB, 1,135,256,096 multiply-adds; 8 layers with weights deep."
    assert not any("ReLU" in line or "Dropout" in line for line in lines)


def test_the_lectures_activation_maps(clearsight):
    """32×32×3 and six filters of 5×5: 28×28×6."""
    assert "[28x28x6] CONV1: 6 5x5 filters at stride 1, pad 0" in clearsight("models", "conv6-5x5", "--input", "32x32x3").out


def test_one_network_as_json(clearsight):
    (row,) = json.loads(clearsight("models", "lenet5", "--input", "40x40x1", "--classes", "7", "--json").out)
    assert (row["name"], row["input_size"], row["classes"]) == ("lenet5", [1, 40, 40], 7)
    assert row["layers"][0] == {
        "name": "conv1", "kind": "Conv2d", "output": [6, 36, 36], "parameters": 156, "macs": 36 * 36 * 150, "layer": "conv1",
        "size": [5, 5], "stride": [1, 1], "padding": [0, 0, 0, 0], "status": "exact", "says": "CONV1: 6 5x5 filters at stride 1, pad 0",
    }  # fmt: skip
    assert sum(layer["parameters"] for layer in row["layers"]) == row["parameters"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--max-parameters", "many"), "'many' is not a number such as 25000000 or 25M"),
        (("lenet5", "--input", "32"), "'32' is not a size such as 32x32x3"),
        (("--input", "32x32"), "--input and --classes show ONE network"),
        (("resnet18", "resnet5"), "Did you mean resnet50"),
        (("resnet18", "--input", "4x4x3"), "at least 8×8 px"),
        (("--sort", "beauty"), "'beauty' is not one of"),
        (("--family", "resnt"), "no family of networks is called 'resnt'. Did you mean resnet"),
    ],
)
def test_mistakes(clearsight, words, says):
    said = clearsight("models", *words)
    assert said.code == 2 and said.out == "" and says in said.err


def test_nothing_is_drawn_without_out(clearsight, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert clearsight("models", "lenet5").code == clearsight("models", "--match", "lenet").code == 0 and not list(tmp_path.iterdir())


def test_the_json_of_every_network(clearsight):
    rows = json.loads(clearsight("models", "--json").out)
    assert {"pixels", "lenet5", "resnet18", "swift"} <= {row["name"] for row in rows}
    assert all({"name", "family", "year", "paper", "parameters", "input_size"} <= set(row) for row in rows)
