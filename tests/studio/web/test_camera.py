"""The routes of the camera: names become folders below ./runs and nothing else, and no file is left behind."""

import json
import os

import pytest

from clearsight.studio.web.camera import PICTURE, slug
from tests.studio.web.test_app import studio as studio


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("My Toys", "my-toys"), ("../../etc/passwd", "etc-passwd"), ("", "classes"), ("..", "classes"), ("/", "classes"),
        ("é 1", "é-1"), ("x" * 99, "x" * 40), ("a\0b\nc", "a-b-c"),
    ],
)  # fmt: skip
def test_a_name_is_never_a_path(name, wanted):
    assert slug(name) == wanted


def test_pictures_go_to_the_computation_as_a_file_that_is_gone_afterwards(studio):
    headers = {"X-Set": "..%2FToys", "X-Name": "cat%2F..", "X-Page": "p", "X-Network": studio.network}
    status, found = studio("POST", "/api/camera/picture", content=b"PNG", headers=headers)
    assert (status, found["asked"], found["folder"], found["label"]) == (200, "camera_add", "runs/camera-toys", "cat/..")
    assert found["command"] == "clearsight train runs/camera-toys --from 'runs/pets & cats'"
    status, found = studio("POST", "/api/camera/answer", content=b"PNG", headers=headers)
    assert (found["asked"], found["kind"]) == ("camera_answer", "camera p")
    assert os.listdir(studio.library.folder) == []
    assert studio("POST", "/api/camera/answer", content=b"x" * (PICTURE + 1), headers=headers)[0] == 413
    status, found = studio("GET", "/api/camera?name=toys")
    assert (status, found["command"], found["words"]) == (200, "clearsight train runs/camera-toys", "")


@pytest.mark.parametrize(
    "asked", [b"", b"[]", {"name": 1}, {"name": "a", "network": "", "count": 0}, {"name": "a", "network": "", "count": True}]
)
def test_an_undo_that_is_none_is_refused(studio, asked):
    content = asked if isinstance(asked, bytes) else json.dumps(asked).encode()
    assert studio("POST", "/api/camera/undo", content=content)[0] == 400
    fine = json.dumps({"name": "a", "network": "", "count": 3}).encode()
    assert studio("POST", "/api/camera/undo", content=fine)[1]["count"] == 3
