"""A formula on the command line: trained, found again by its run folder, and pointed at where it is wrong."""

import json

from tests.pictures import digit_folder


def test_train_by_formula(clearsight, tmp_path):
    folder = digit_folder(tmp_path / "scans", per_class=12, classes=3)
    text = "(conv8 → relu)*2 pool → (fc16 → relu)*1 → softmax"
    said = clearsight("train", folder, "--model", text, "--epochs", "1", "--speed", "plain", "--json")
    assert said.code == 0, said.err
    trained = json.loads(said.out)
    assert trained["model"] == text
    answers = clearsight("classify", trained["run"], folder / "two", "--json")
    assert answers.code == 0 and len(json.loads(answers.out)) == 12
    assert json.loads(clearsight("verify", trained["run"], "--json").out)["ok"]


def test_a_mistake_in_a_formula(clearsight, tmp_path):
    said = clearsight("train", "digits", "--model", "(conv8 relv)*2 softmax")
    assert said.code == 2 and said.out == ""
    first, line, caret = said.err.rstrip("\n").splitlines()[-3:]
    assert first.startswith("clearsight: in the formula, character 8") and line[len(caret) - 1 :].startswith("relv")
