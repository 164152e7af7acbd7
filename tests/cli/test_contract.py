"""The JSON that other programs rely on, and the whole road on a folder of pictures."""

import json

import pytest
from PIL import Image

from tests.pictures import digit_folder

ROAD = ("--model", "pixels", "--epochs", "6", "--lr", "0.02", "--speed", "plain")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return digit_folder(tmp_path_factory.mktemp("digits") / "scans", per_class=30, classes=4)


@pytest.fixture
def trained(trained_once, folder, tmp_path):
    return json.loads(trained_once(tmp_path, folder, *ROAD, "--out", "first", "--json"))


def interval(accuracy: dict) -> bool:
    return set(accuracy) == {"value", "low", "high"} and 0 <= accuracy["low"] <= accuracy["value"] <= accuracy["high"] <= 1


def test_train(trained, tmp_path):
    assert set(trained) == {"run", "model", "parameters", "epochs", "seconds", "pictures_per_second", "validation"}
    assert (trained["model"], trained["epochs"]) == ("pixels", 6)
    assert trained["parameters"] == 16 * 16 * 4 + 4
    top1 = trained["validation"]["top1"]
    assert (set(top1), top1["low"], top1["high"]) == ({"value", "low", "high", "reason"}, None, None)
    assert top1["reason"] == "these pictures chose the epoch" and "epoch" in trained["validation"]["decided"]
    left = {path.name for path in (tmp_path / trained["run"]).iterdir()}
    assert left >= {
        "config.json", "model.safetensors", "README.md", "golden", "recipe.toml", "results.csv", "split.csv", "events", "checkpoints",
        "report.html",
    }  # fmt: skip


def test_evaluate(clearsight, trained, folder):
    said = clearsight("evaluate", trained["run"], folder, "--json", "--table", "predictions.csv")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert {"n", "top1", "top5", "nll", "ece", "per_class", "confusion"} <= set(found)
    assert found["n"] == 24
    assert interval(found["top1"]) and interval(found["macro"])
    assert found["top5"] == {"value": 1.0, "low": None, "high": None, "reason": "by definition: there are no more classes"}
    assert found["top5_error"]["value"] == 0 and found["top5_error"]["low"] is None
    assert "by definition" in clearsight("evaluate", trained["run"]).out
    assert found["top1"]["value"] > 0.8
    assert [set(row) for row in found["per_class"]] == [{"label", "n", "precision", "recall", "f1"}] * 4
    assert sum(map(sum, found["confusion"])) == found["n"]
    assert clearsight("evaluate", trained["run"], "--json").out == said.out or json.loads(said.out)["top1"] == found["top1"]


def test_what_chose_the_epoch_is_judged_without_an_interval(clearsight, trained, folder):
    for data in ((), (folder,)):
        found = json.loads(clearsight("evaluate", trained["run"], *data, "--part", "val", "--json", "--out", "val").out)
        assert [found[key]["low"] for key in ("top1", "macro")] == [None, None]
        assert found["top1"]["reason"] == "these pictures chose the epoch"
    said = clearsight("evaluate", trained["run"], "--part", "val", "--out", "val")
    assert "(no interval: these pictures chose the epoch)" in said.out


def test_classify_answers_in_order_and_goes_on_after_a_bad_picture(clearsight, trained, folder, tmp_path):
    good = sorted((folder / "three").glob("*.png"))[:2]
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    said = clearsight("classify", trained["run"], good[0], bad, good[1], tmp_path / "missing.png", "--json")
    assert said.code == 1
    answers = json.loads(said.out)
    assert [answer["source"] for answer in answers] == [str(p) for p in (good[0], bad, good[1], tmp_path / "missing.png")]
    assert set(answers[1]) == {"source", "error"} == set(answers[3])
    assert set(answers[0]) == {"source", "label", "index", "confidence", "top"}
    assert set(answers[0]["top"][0]) == {"label", "index", "confidence"}
    assert answers[0]["top"][0]["label"] == answers[0]["label"]


def test_classify_folder_glob_and_batch_size_agree(clearsight, trained, folder):
    a = json.loads(clearsight("classify", trained["run"], folder / "two", "--json").out)
    b = json.loads(clearsight("classify", trained["run"], f"{folder}/two/*.png", "--batch", "3", "--json").out)
    assert [x["source"] for x in a] == [x["source"] for x in b] and len(a) == 30
    assert [x["confidence"] for x in a] == pytest.approx([x["confidence"] for x in b], abs=1e-5)


def test_models(clearsight):
    rows = json.loads(clearsight("models", "--json").out)
    assert {"pixels", "lenet5", "resnet18", "swift"} <= {row["name"] for row in rows}
    assert all({"name", "family", "year", "paper", "parameters", "input_size"} <= set(row) for row in rows)


def test_check_finds_what_poisons(clearsight, folder, tmp_path):
    clean = clearsight("check", folder, "--json")
    assert clean.code == 0, clean.out
    assert json.loads(clean.out)["pictures"] == 120
    bad = digit_folder(tmp_path / "bad", per_class=5, classes=3)
    (bad / "one" / "empty.png").touch()
    Image.open(bad / "two" / "0010.png").save(bad / "one" / "copy.png")
    said = clearsight("check", bad, "--json")
    found = json.loads(said.out)
    assert said.code == 1
    assert [row["source"].endswith("one/empty.png") for row in found["unreadable"]] == [True]
    assert {"pictures", "classes", "unreadable", "duplicates", "leaks"} <= set(found)
    assert any({"one/copy.png", "two/0010.png"} <= set(group) for group in found["duplicates"])


def test_verify_and_compare(clearsight, trained, folder, tmp_path):
    said = clearsight("verify", trained["run"], "--json")
    assert said.code == 0 and json.loads(said.out)["ok"]
    clearsight("train", folder, *ROAD, "--out", "second", "--seed", "0", "--augment", "crop:1", "--json")
    compared = clearsight("compare", trained["run"], "runs/second")
    assert compared.code == 0, compared.err
    weights = tmp_path / trained["run"] / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    broken = clearsight("verify", trained["run"])
    assert broken.code == 1 and "damaged" in broken.err


def test_resume_a_finished_run_changes_nothing(clearsight, trained, tmp_path):
    before = (tmp_path / trained["run"] / "model.safetensors").read_bytes()
    said = clearsight("train", "--resume", trained["run"], "--json")
    assert said.code == 0, said.err
    assert (tmp_path / trained["run"] / "model.safetensors").read_bytes() == before
