"""What the studio shows of a data set is what is in it: sheets, sizes, one picture, problems."""

import base64
import io
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from clearsight.base.errors import ClearsightError
from clearsight.datasets.check import check
from clearsight.datasets.identity import pixel_digest
from clearsight.datasets.open import open_dataset
from clearsight.evaluation.answers import save
from clearsight.evaluation.recorded import recorded
from clearsight.studio.compute.reader import FUNCTIONS, Reader, Stale
from tests.evaluation.test_answers import random

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two classes, one of a hostile name; a copy, a blank, a wide one, one that cannot be read."""
    root, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    for label in ("cat", HOSTILE):
        (root / label).mkdir()
        for k in range(20):
            Image.fromarray(rng.integers(0, 256, (40, 30, 3), np.uint8)).save(root / label / f"{k:02}.png")
    Image.open(root / "cat" / "00.png").save(root / HOSTILE / "copy.png")
    Image.new("RGB", (30, 30), (9, 9, 9)).save(root / "cat" / "blank.png")
    Image.fromarray(rng.integers(0, 256, (20, 400, 3), np.uint8)).save(root / "cat" / "wide.png")
    (root / "cat" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return str(root)


@pytest.fixture(scope="module")
def reader():
    return Reader()


def opened(reader, words):
    told = FUNCTIONS["data"](reader, words)
    return told, np.frombuffer(base64.b64decode(told["labels"]), "<u2")


def read_ahead(reader, words, told):
    start, found = 0, {"width": [], "height": [], "format": []}
    while start < told["pictures"]:
        chunk = FUNCTIONS["ahead"](reader, words, told["version"], start)
        assert chunk["start"] == start < chunk["stop"]
        for name, kind in (("width", "<u4"), ("height", "<u4"), ("format", "u1")):
            found[name] += np.frombuffer(base64.b64decode(chunk[name]), kind).tolist()
        start = chunk["stop"]
    return found, chunk["formats"]


@pytest.mark.parametrize("what", ["sheet", "map"])
def test_what_many_windows_ask_for_is_computed_once(monkeypatch, what):
    reader = Reader()
    told, _ = opened(reader, "digits")
    read_ahead(reader, "digits", told)
    asked = {"rows": list(range(20))} if what == "sheet" else {}
    first = FUNCTIONS[what](reader, "digits", told["version"], **asked)
    monkeypatch.setattr("clearsight.studio.compute.reader." + ("tiled" if what == "sheet" else "directions"), None)
    assert FUNCTIONS[what](reader, "digits", told["version"], **asked) is first


def test_a_picture_that_was_changed_is_drawn_again(tmp_path):
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        for k in range(2):
            Image.new("RGB", (40, 40), (k, 0, 0)).save(tmp_path / label / f"{k}.png")
    reader = Reader()
    told, _ = opened(reader, str(tmp_path))
    before, again = (FUNCTIONS["sheet"](reader, str(tmp_path), told["version"], [0, 1]) for _ in range(2))
    Image.new("RGB", (40, 40), (0, 0, 255)).save(tmp_path / "cat" / "0.png")
    after = FUNCTIONS["sheet"](reader, str(tmp_path), told["version"], [0, 1])
    assert again is before and after["image"] != before["image"]


def test_the_numbers_of_the_page_are_those_of_the_data(reader, folder):
    told, labels = opened(reader, folder)
    whole = open_dataset(folder)
    assert (told["pictures"], told["parts"], told["classes"]) == (44, {"all": 44}, list(whole.classes))
    assert labels.tolist() == whole["all"].labels.tolist()
    found, formats = read_ahead(reader, folder, told)
    names = whole["all"].names.tolist()
    assert formats == ["PNG"] and [names[row] for row, kind in enumerate(found["format"]) if not kind] == ["cat/broken.png"]
    assert (found["width"][names.index("cat/wide.png")], found["height"][names.index("cat/wide.png")]) == (400, 20)
    again = FUNCTIONS["ahead"](reader, folder, told["version"], 0)  # for another window: nothing is read twice
    assert again["stop"] == 44 and np.frombuffer(base64.b64decode(again["width"]), "<u4").tolist() == found["width"]
    places = FUNCTIONS["map"](reader, folder, told["version"])
    rows = np.frombuffer(base64.b64decode(places["rows"]), "<u4")
    assert len(rows) == 43 and len(base64.b64decode(places["places"])) == 8 * 43 and 0 < places["share"] < 1


def test_a_sheet_has_each_picture_in_its_cell(reader):
    told, _ = opened(reader, "digits")
    rows = [1500, 3, 99]
    sheet = FUNCTIONS["sheet"](reader, "digits", told["version"], rows)
    cells = np.asarray(Image.open(io.BytesIO(base64.b64decode(sheet["image"]))))
    whole = open_dataset("digits")
    for k, row in enumerate(rows):
        part, i = ("test", row - 1415) if row >= 1415 else ("train", row)
        assert np.array_equal(cells[:8, 8 * k : 8 * k + 8], whole[part].pictures[i])
        assert sheet["names"][k] == whole[part].names[i] and sheet["boxes"][k] == [0, 0, 8, 8]
    large = FUNCTIONS["picture"](reader, "digits", told["version"], 3)
    assert large["digest"] == pixel_digest(whole["train"].pictures[3]).decode() and large["group"] == "sheet-01"
    assert (large["label"], large["part"], large["size"], large["format"]) == (whole["train"].label(3), "train", [8, 8], "array")


def test_what_cannot_be_read_is_said_and_the_rest_is_shown(reader, folder):
    told, _ = opened(reader, folder)
    names = open_dataset(folder)["all"].names.tolist()
    broken = names.index("cat/broken.png")
    sheet = FUNCTIONS["sheet"](reader, folder, told["version"], list(range(44)))
    assert list(sheet["unreadable"]) == [broken] and sheet["side"] == 64 and sheet["boxes"][names.index("cat/wide.png")][2:] == [64, 3]
    assert "damaged" in FUNCTIONS["picture"](reader, folder, told["version"], broken)["error"]
    with pytest.raises(Stale, match="load it again"):
        FUNCTIONS["sheet"](reader, folder, "another", [0])
    for rows in ([], [44], [-1], list(range(257))):
        with pytest.raises(ClearsightError, match=r"there is no picture|a sheet has 1 to 256"):
            FUNCTIONS["sheet"](reader, folder, told["version"], rows)


def test_problems_are_those_of_check_with_the_gravest_first(reader, folder):
    found = json.loads(json.dumps(check(open_dataset(folder), quiet=True, cache="off").to_json()))
    names = open_dataset(folder)["all"].names.tolist()
    told = {one["kind"]: one for one in FUNCTIONS["problems"](reader, folder, found)}
    assert list(told)[:2] == ["unreadable", "conflicts"] and "duplicates" not in told  # the copy is shown once, as what it is
    assert [[names[row] for row in group] for group in told["conflicts"]["groups"]] == [[f"{HOSTILE}/copy.png", "cat/00.png"]]
    assert told["unreadable"]["reasons"] == {names.index("cat/broken.png"): found["unreadable"][0]["reason"]}
    assert [names[group[0]] for group in told["blank"]["groups"]] == ["cat/blank.png"]


def test_decisions_are_found_by_digest_and_name(reader, folder):
    told, _ = opened(reader, folder)
    names = open_dataset(folder)["all"].names.tolist()
    rows = [names.index(name) for name in (f"{HOSTILE}/copy.png", "cat/broken.png")]
    known = FUNCTIONS["identity"](reader, folder, told["version"], rows)
    entries = [{**one, "seq": 4 + k, "kind": "keep", "label": ""} for k, one in enumerate(known)]
    others = [
        {**entries[0], "digest": entries[1]["digest"]},
        {**entries[0], "digest": "none", "name": "gone.png"},
    ]  # another picture by now; none
    found = FUNCTIONS["decided"](reader, folder, told["version"], [*entries, *others])
    assert found == [{"row": row, "seq": 4 + k, "kind": "keep", "label": ""} for k, row in enumerate(rows)]


def test_a_decision_follows_a_picture_that_was_moved(reader, tmp_path):
    for name in ("a/1.png", "a/2.png", "b/3.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((4, 4), 60 * int(name[2]), np.uint8)).save(tmp_path / name)
    words = str(tmp_path)
    version = opened(reader, words)[0]["version"]
    entries = [
        {**one, "seq": 1 + k, "kind": "keep", "label": ""} for k, one in enumerate(FUNCTIONS["identity"](reader, words, version, [0, 2]))
    ]
    (tmp_path / "b" / "3.png").rename(tmp_path / "a" / "0.png")
    Image.fromarray(np.full((4, 4), 9, np.uint8)).save(tmp_path / "b" / "3.png")  # another picture has its name now
    reader.opened.clear()
    found = FUNCTIONS["decided"](reader, words, opened(reader, words)[0]["version"], entries)
    assert [(one["row"], one["seq"]) for one in found] == [(0, 2), (1, 1)]


def test_values_beyond_8_bits_are_read_by_their_range(reader, tmp_path):
    values = np.linspace(0, 1, 4 * 8 * 8, dtype=np.float32).reshape(4, 8, 8)
    np.savez(tmp_path / "deep.npz", pictures=values, labels=np.arange(4) % 2)
    words = str(tmp_path / "deep.npz")
    told, _ = opened(reader, words)
    assert read_ahead(reader, words, told)[0]["width"] == [8] * 4
    sheet = FUNCTIONS["sheet"](reader, words, told["version"], [0, 3])
    cells = np.asarray(Image.open(io.BytesIO(base64.b64decode(sheet["image"]))))
    assert sheet["unreadable"] == {} and (cells[0, 0], cells[7, 15]) == (0, 255)


def test_reading_needs_no_torch():
    code = "import sys; import clearsight.studio.compute.reader; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_pictures_of_stored_answers_are_found_by_name_and_part(tmp_path):
    for part in ("train", "test"):
        for k in range(2):
            (tmp_path / "data" / part / "cat").mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8), (k, 0, 0)).save(tmp_path / "data" / part / "cat" / f"{k}.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "data" / "test" / "cat" / "only.png")
    reader, words = Reader(), str(tmp_path / "data")
    parts = open_dataset(words).parts
    names = [*map(str, parts["test"].names), "gone.png"]
    answers = random(len(names), 3)
    for part, name in (("test", "a"), ("val", "b")):
        stored = replace(recorded(answers, part), names=np.array(names, object), stamp={"judged_on": {"part": part}})
        (tmp_path / name).mkdir()
        save(tmp_path / name, stored)
    found = FUNCTIONS["places"](reader, words, [str(tmp_path / "a"), str(tmp_path / "b")])
    first, second = (np.frombuffer(base64.b64decode(rows), "<i4").tolist() for rows in found["rows"])
    start = list(parts).index("test") and len(parts["train"])
    assert first == [*range(start, start + 3), -1]
    shared = set(map(str, parts["train"].names))
    assert second == [
        -1 if name in shared or name == "gone.png" else row for name, row in zip(names, first, strict=True)
    ]  # two have it: neither
    assert found["version"] == reader.data(words).digest


def test_a_picture_is_given_as_it_is_stored(tmp_path):
    (tmp_path / "data" / "cat").mkdir(parents=True)
    Image.new("RGB", (8, 8), (1, 2, 3)).save(tmp_path / "data" / "cat" / "a.png")
    np.savez(tmp_path / "deep.npz", images=np.zeros((2, 4, 4), np.uint16), labels=np.array([0, 1]))
    reader, words = Reader(), str(tmp_path / "data")
    found = FUNCTIONS["original"](reader, words, reader.data(words).digest, 0)
    assert base64.b64decode(found["bytes"]) == (tmp_path / "data" / "cat" / "a.png").read_bytes() and found["name"].endswith("a.png")
    with pytest.raises(ClearsightError, match="no array of 8-bit grey or colours"):
        FUNCTIONS["original"](reader, str(tmp_path / "deep.npz"), "", 1)
    with pytest.raises(Stale):
        FUNCTIONS["original"](reader, words, "another", 0)
