"""The routes of a data set, with a reader that only repeats what it was asked."""

import json

import pytest

from clearsight.studio.jobs import Jobs, Told
from clearsight.studio.library import data
from tests.studio.web.test_app import studio as studio

PLACE = "runs/my data"


@pytest.fixture
def asked(studio):
    """`asked(method, path)` below /api/data/ID."""
    one = data(PLACE)
    studio.library.data = {one.id: one}

    def ask(method, path=""):
        more = {"headers": {"content-type": "application/json"}, "content": b"{}"} if method == "POST" else {}
        return studio(method, f"/api/data/{one.id}{path}", **more)

    return ask


def test_questions_about_a_data_set_carry_its_words_and_no_path_leaves(asked, studio):
    status, found = asked("GET")
    assert (status, found["asked"], found["name"], found["command"]) == (200, "data", "my data", f"clearsight check '{PLACE}' --json")
    wanted = {"/sheet?v=x&rows=3,1": ("sheet", "rows", [3, 1]), "/ahead?v=x&start=9": ("ahead", "start", 9)}
    wanted["/picture/7?v=x"] = ("picture", "row", 7)
    for path, (what, name, value) in wanted.items():
        status, found = asked("GET", path)
        assert (status, found["asked"], found["words"], found["version"], found[name]) == (200, what, PLACE, "x", value)
    assert asked("GET", "/map?v=x")[1]["asked"] == "map"
    assert [one["name"] for one in studio("GET", "/api/state")[1]["data"]] == ["my data"]
    assert PLACE not in json.dumps(studio("GET", "/api/state")[1])


def test_a_picture_is_kept_as_the_pages_own_as_it_is_stored(asked, studio, monkeypatch):
    def ask(what, **more):
        assert (what, more["row"], more["version"], more["words"]) == ("original", 7, "x", PLACE)
        return {"name": "cat/7.png", "bytes": "R0lG"}

    monkeypatch.setattr(studio.compute, "ask", ask)
    status, found = asked("POST", "/picture/7/keep?v=x")
    kept = studio.library.picture(found["picture"])
    assert status == 200 and kept.file.read_bytes() == b"GIF" and kept.name == "cat/7.png"


def test_wrong_numbers_and_unknown_data_are_one_line(asked, studio):
    for path in ("/sheet?v=x&rows=a", "/sheet?v=x&rows=", "/sheet?rows=1", "/ahead?v=x&start=a", "/picture/a?v=x"):
        status, found = asked("GET", path)
        assert status == 400 and found["error"]
    assert studio("GET", "/api/data/d_0") == (404, {"error": "this data set is not in the studio: start it with clearsight studio DATA."})


def test_problems_are_asked_for_once_and_told_when_they_are_there(asked, monkeypatch):
    states = {"start": Told("running", "fingerprints 10/20", None), "told": Told("none", "", None), "stop": Told("stopped", "", None)}
    for name in states:
        monkeypatch.setattr(Jobs, name, lambda self, *words, name=name: states[name] if words == ("check", PLACE, "--json") else None)
    assert asked("GET", "/problems")[1] == {"state": "none", "said": "", "command": f"clearsight check '{PLACE}' --json"}
    assert asked("POST", "/problems")[1]["said"] == "fingerprints 10/20"
    assert asked("POST", "/problems/stop")[1]["state"] == "stopped"
    states["told"] = Told("done", "", {"poisonous": ["a"], "warnings": [], "notes": ["b"], "more": 1})
    found = asked("GET", "/problems")[1]
    assert (found["poisonous"], found["warnings"], found["notes"]) == (["a"], [], ["b"]) and found["kinds"]["found"]["more"] == 1
