"""Neighbours and the map by features equal what the command line prints, and come in steps."""

import base64
import json

import numpy as np
import pytest
from PIL import Image

from clearsight.base.errors import ClearsightError, UsageError
from clearsight.classifier import load
from clearsight.datasets.open import open_dataset
from clearsight.look.target import subject
from clearsight.studio.compute import reader
from clearsight.studio.compute.reader import Reader
from clearsight.studio.compute.session import Session
from clearsight.studio.compute.space import Space, neighbours, novelty, space_map
from tests.cli.conftest import clearsight as clearsight
from tests.pictures import digit_folder


@pytest.fixture
def scans(tmp_path):
    root = digit_folder(tmp_path / "scans", per_class=8, classes=3)
    (root / "one" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return root


def ready(question, *given):
    """The answer when it is there."""
    for _ in range(100):
        found = question(*given)
        if found["ready"]:
            return found
    raise AssertionError("it is never ready")


def test_neighbours_are_those_of_the_command_line(clearsight, scans, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session, file = Session(), str(min((scans / "two").iterdir()))
    found = ready(neighbours, session, "lenet5", file, "scans", "", 2000)
    assert found["total"] == 25 and found["unreadable"] == 1 and found["novelty"] is None
    wanted = json.loads(clearsight("look", "neighbours", "lenet5", file, "scans", "--json").out)
    assert [(one["name"], one["label"]) for one in found["near"]] == [(one["name"], one["label"]) for one in wanted]
    assert [one["cosine"] for one in found["near"]] == pytest.approx([one["cosine"] for one in wanted], abs=1e-5)
    assert file.endswith(found["near"][0]["name"]) and found["near"][0]["part"] == "all"
    names = open_dataset(scans)["all"].names
    assert [str(names[one["row"]]) for one in found["near"]] == [one["name"] for one in wanted]
    assert len(found["sheet"]["boxes"]) == 11
    with pytest.raises(UsageError, match="part"):
        neighbours(session, "lenet5", file, "scans", "test", 2000)


def test_the_map_is_that_of_the_command_line(clearsight, scans, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    version = reader.data(Reader(), "scans")["version"]
    session = Session()
    found = ready(space_map, session, "lenet5", "scans", version, "", 2000)
    said = json.loads(clearsight("look", "embedding", "lenet5", "scans", "--pictures", "2000", "--json").out)
    places = np.frombuffer(base64.b64decode(found["places"]), "<f4").reshape(-1, 2)
    assert np.allclose(places, [[one["x"], one["y"]] for one in said["pictures"]], atol=1e-4)
    rows = np.frombuffer(base64.b64decode(found["rows"]), "<u4")
    assert [str(open_dataset(scans)["all"].names[row]) for row in rows] == [one["name"] for one in said["pictures"]]
    assert (found["purity"], found["chance"], found["dimensions"]) == pytest.approx((said["purity"], said["chance"], said["dimensions"]))
    assert 0 < found["share"] <= 1 and len(session.spaces) == 1
    with pytest.raises(ClearsightError, match="load it again"):
        space_map(session, "lenet5", "scans", "another", "", 2000)


def test_a_space_is_filled_in_steps(scans):
    one = Space(subject("lenet5"), str(scans), "", 2000)
    places = [one.step(0) for _ in range(22)]
    assert [place["done"] for place in places] == list(range(4, 26))  # as few as there can be, where there is no time
    assert [place["ready"] for place in places] == [False] * 21 + [True]


def test_novelty_is_that_of_classify(exported, tmp_path):
    file = tmp_path / "noise.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32), np.uint8)).save(file)
    classifier = load(exported.folder)
    found, scores = novelty(Session(), str(exported.folder), str(file)), classifier.reference.novelty.scores
    assert found["value"] == classifier.classify(str(file)).novelty
    assert found["n"] == len(scores) and found["higher"] == int((scores >= found["value"]).sum())
