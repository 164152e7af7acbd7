"""Trainings over HTTP: what may be asked, what is refused in one line, and nothing by path."""

import json
from types import SimpleNamespace

import httpx
import pytest

from clearsight.studio import trainings
from clearsight.studio.jobs import Jobs, Told
from clearsight.studio.library import Library, network
from clearsight.studio.runs import Runs, id_of
from clearsight.studio.trainings import DEMO
from clearsight.studio.web.app import create_app
from tests.loop import run
from tests.studio.test_runs import written


@pytest.fixture
def studio(tmp_path, monkeypatch):
    monkeypatch.setenv("CLEARSIGHT_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    started = []

    class Process:
        pid = 1

        def __init__(self, words, **_):
            started.append(words[3:])

        def poll(self):
            return None

    monkeypatch.setattr(trainings.subprocess, "Popen", Process)
    monkeypatch.setattr(trainings.os, "setpriority", lambda *_: None)
    one = network("package:net")
    app = create_app(Library(tmp_path, networks={one.id: one}, runs=Runs(tmp_path / "runs")), SimpleNamespace(), None)

    def ask(method, path, body=None):
        async def asked():
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://studio") as client:
                headers = {"content-type": "application/json"}
                return await client.request(method, f"/api/{path}", content=None if body is None else json.dumps(body), headers=headers)

        found = run(asked())
        return found.status_code, found.json()

    ask.started, ask.network, ask.folder = started, one.id, tmp_path
    return ask


def test_the_form_and_a_training(studio):
    status, found = studio("GET", "recipe")
    assert status == 200 and found["data"] == [{"id": DEMO.id, "name": "digits"}] and len(found["sections"]) > 5
    asked = {"data": DEMO.id, "start": studio.network, "settings": {"epochs": 3, "model": "lenet5"}}
    assert studio("POST", "trainings/command", asked) == (
        200,
        {"command": "clearsight train --from package:net --epochs 3 --model lenet5 digits"},
    )
    assert studio.started == []
    status, found = studio("POST", "trainings", asked)
    assert status == 200 and found["run"] == id_of("digits-lenet5") and studio.started[0][0] == "train"
    status, told = studio("GET", f"runs/{found['run']}/rows")
    assert status == 200 and told["state"] == "starting" and told["rows"] == []
    assert studio("GET", f"runs/{found['run']}")[1]["state"] == "starting"


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ({"data": "/etc"}, 422, "not in the studio"),
        ({"data": 3}, 400, "ids"),
        ({"data": DEMO.id, "start": "/etc/passwd"}, 400, "start: the id"),
        ({"data": DEMO.id, "start": "m_no"}, 404, "not in the studio"),
        ({"data": DEMO.id, "settings": []}, 400, "an object"),
        ({"data": DEMO.id, "settings": {"epochs": 0}}, 422, "at least 1"),
        ({"data": DEMO.id, "settings": {"model": "@os:system"}}, 422, "command line only"),
    ],
)
@pytest.mark.parametrize("path", ["trainings", "trainings/command", "trainings/forecast"])
def test_what_is_refused(path, asked, status, words, studio):
    found = studio("POST", path, asked)
    assert found[0] == status and words in found[1]["error"] and studio.started == []


def test_a_forecast_is_what_the_doctor_finds(studio, monkeypatch):
    asked = []
    monkeypatch.setattr(Jobs, "start", lambda self, *words: asked.append(words) or Told("done", "", {"findings": []}))
    status, found = studio("POST", "trainings/forecast", {"data": DEMO.id, "settings": {"epochs": 2}})
    assert status == 200 and found["state"] == "done" and found["result"] == {"findings": []}
    assert asked == [("train", "--epochs", "2", "--doctor", "--json", "-q", "digits")]


def test_stop_go_on_and_longer(studio):
    folder = written(studio.folder / "runs" / "one")
    id = id_of("one")
    assert studio("POST", f"runs/{id}/stop", {}) == (422, {"error": "no training of this user on this machine runs there."})
    assert studio("POST", f"runs/{id}/longer", {"epochs": 0})[0] == 400
    assert studio("POST", f"runs/{id}/longer", {"epochs": 2})[0] == 422
    status, found = studio("POST", f"runs/{id}/resume", {})
    assert status == 200 and found["run"] == id and found["command"].startswith("clearsight train --resume")
    assert studio("POST", f"runs/{id}/resume", {})[0] == 422
    (folder / "config.json").write_text("{}")
    assert studio("POST", f"runs/{id}/longer", {"epochs": 2})[1]["run"] == id_of("one-longer")
    assert studio("POST", "runs/r_no/resume", {})[0] == 404
