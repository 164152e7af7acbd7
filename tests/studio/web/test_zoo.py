"""The routes of the screen Networks, with a computation that only repeats what it was asked."""

import json

import pytest

from clearsight.studio.library import registry
from clearsight.studio.web.zoo import BODY
from tests.studio.web.test_app import studio as studio

JSON = {"content-type": "application/json"}


def test_the_registry_has_ids_and_commands(studio, monkeypatch):
    monkeypatch.setattr(studio.compute, "ask", lambda what: {"rows": [{"name": "resnet18"}, {"name": "own"}], "asked": what}, raising=False)
    status, found = studio("GET", "/api/zoo")
    ids = {one.name: one.id for one in registry().values()}
    assert status == 200 and found["asked"] == "zoo" and [row["id"] for row in found["rows"]] == [ids["resnet18"], ""]
    assert found["commands"]["rows"] == "clearsight models --json"
    assert found["commands"]["keras"] == "clearsight models --table keras --json"


def test_a_network_of_the_registry_is_asked_for_by_its_id(studio):
    id = next(one.id for one in registry().values() if one.name == "vgg16")
    status, found = studio("GET", f"/api/zoo/{id}", headers={"X-Page": "one"})
    assert (status, found["asked"], found["name"], found["kind"]) == (200, "architecture", "vgg16", "architecture one")
    assert found["command"] == "clearsight models vgg16 --json"
    assert studio("GET", f"/api/networks/{id}/layers")[1]["words"] == "vgg16"  # Inside shows it
    assert studio("GET", "/api/zoo/vgg16")[0] == 404
    assert {"id": id, "name": "vgg16"} in studio("GET", "/api/state")[1]["registry"]


def test_what_is_typed_is_asked_with_its_input(studio):
    asked = {"text": "conv8 'x' softmax", "size": [1, 28, 30], "classes": 7, "which": "a"}
    status, found = studio("POST", "/api/formula", content=json.dumps(asked), headers=JSON | {"X-Page": "p"})
    assert (status, found["asked"], found["text"], found["size"], found["classes"]) == (200, "typed", asked["text"], [1, 28, 30], 7)
    assert found["kind"] == "formula a p"
    assert found["command"] == """clearsight models 'conv8 '"'"'x'"'"' softmax' --input 28x30x1 --classes 7 --json"""
    assert studio("POST", "/api/formula", content=b'{"text": "softmax"}', headers=JSON)[1]["command"] == "clearsight models softmax --json"


@pytest.mark.parametrize(
    ("asked", "status", "says"),
    [
        ({"text": 3}, 400, "text: a text."),
        ({"text": "x", "which": []}, 400, "which: a text."),
        ({"text": "x", "size": [1, 2]}, 400, "size: three whole numbers"),
        ({"text": "x", "size": [1, 2, True]}, 400, "size: three whole numbers"),
        ({"text": "x", "size": "1x2x3"}, 400, "size: three whole numbers"),
        ({"text": "x", "classes": 2.5}, 400, "classes: a whole number"),
        ([], 400, "one JSON object"),
        ({"text": "x" * BODY}, 413, "a formula has at most"),
    ],
)
def test_wrong_questions_are_one_line(studio, asked, status, says):
    found = studio("POST", "/api/formula", content=json.dumps(asked), headers=JSON)
    assert found[0] == status and says in found[1]["error"] and "\n" not in found[1]["error"]
