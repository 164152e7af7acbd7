"""`config.json`: nothing in it is believed before it was checked."""

import json

import pytest

from clearsight.base.errors import ClearsightError, CorruptFile, UsageError
from clearsight.classifier.config import (
    CONFIG,
    FORMAT,
    VERSION,
    classes_of,
    config_digest,
    facts_of,
    field_of,
    read_config,
    temperature_of,
    views_of,
    weights_digest,
)


def written(folder, **changed):
    config = {"format": FORMAT, "format_version": VERSION, "classes": ["a", "b"], **changed}
    (folder / CONFIG).write_text(json.dumps(config | {"sha256": config_digest(config)}, indent=3))
    return config


def test_what_was_written_is_read_whatever_its_spaces(tmp_path):
    config = written(tmp_path)
    assert read_config(tmp_path) == config | {"sha256": config_digest(config)}


def test_a_folder_without_a_classifier_says_what_to_do(tmp_path):
    with pytest.raises(UsageError, match=r"no classifier at .*torchvision:NAME"):
        read_config(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"config\.json is missing.*clearsight train DATA"):
        read_config(tmp_path)
    (tmp_path / "recipe.toml").touch()
    with pytest.raises(UsageError, match="its training is not finished: clearsight train --resume"):
        read_config(tmp_path)


@pytest.mark.parametrize(
    ("changed", "error", "says"),
    [
        ({"format": "another"}, CorruptFile, "does not describe a Clearsight classifier"),
        ({"format_version": "1"}, CorruptFile, "no whole number from 1 on"),
        ({"format_version": 0}, CorruptFile, "no whole number from 1 on"),
        ({"format_version": VERSION + 1}, ClearsightError, "Update Clearsight"),
    ],
)
def test_another_format_is_refused(tmp_path, changed, error, says):
    written(tmp_path, **changed)
    with pytest.raises(error, match=says):
        read_config(tmp_path)


def test_an_edit_is_noticed_and_a_link_out_of_the_folder_is_not_followed(tmp_path):
    (tmp_path / "run").mkdir()
    written(tmp_path / "run")
    path = tmp_path / "run" / CONFIG
    path.write_text(path.read_text().replace('"a"', '"c"'))
    with pytest.raises(CorruptFile, match="damaged or was edited"):
        read_config(tmp_path / "run")
    path.rename(tmp_path / "outside.json")
    path.symlink_to(tmp_path / "outside.json")
    with pytest.raises(CorruptFile, match="leads out of its folder"):
        read_config(tmp_path / "run")


def test_a_field_has_its_kind():
    assert field_of({"n": 3}, "n", int) == 3 and field_of({}, "n", int, 4) == 4
    for table in ({}, {"n": "3"}, {"n": True}, {"n": None}):
        with pytest.raises(CorruptFile, match="its 'n' is missing or of the wrong kind"):
            field_of(table, "n", int)


@pytest.mark.parametrize(
    ("read", "good", "bad"),
    [
        (classes_of, {"classes": ["a", "b"]}, [{}, {"classes": ["a", "a"]}, {"classes": ["a", 1]}, {"classes": "ab"}]),
        (weights_digest, {"weights": {"sha256": "0"}}, [{}, {"weights": "0"}, {"weights": {"sha256": 0}}]),
        (temperature_of, {"temperature": 2}, [{}, {"temperature": 0}, {"temperature": 1e7}, {"temperature": "1"}]),
        (views_of, {"views": "mirror"}, [{"views": 1}, {"mirror": "yes"}]),
        (facts_of, {"facts": {"anything": [1], "epochs": 3}}, [{"facts": []}, {"facts": {"epochs": "3"}}, {"facts": {"validation": 1}}]),
    ],
)
def test_what_is_read_again_is_checked(read, good, bad):
    read(good)
    for config in bad:
        with pytest.raises(CorruptFile):
            read(config)


def test_an_accuracy_has_an_interval_or_the_reason_why_not():
    top1 = {"value": 0.9, "low": None, "high": None, "reason": "it chose the epoch"}
    assert facts_of({"facts": {"validation": {"top1": top1, "n": 9}}})
    with pytest.raises(CorruptFile):
        facts_of({"facts": {"validation": {"top1": {**top1, "reason": None}, "n": 9}}})


def test_older_artefacts_say_mirror():
    assert (views_of({"mirror": True}), views_of({"mirror": False}), views_of({})) == ("mirror", "", "")
