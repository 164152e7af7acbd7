"""The routes, with a computation that only repeats what it was asked."""

import json

import httpx
import pytest

from clearsight.studio.compute.process import Failed, Superseded
from clearsight.studio.jobs import Jobs
from clearsight.studio.library import Library, network
from clearsight.studio.trainings import Trainings
from clearsight.studio.web import app as routes
from clearsight.studio.web.app import create_app, named
from tests.loop import run


class Echo:
    """A stand-in for the compute process."""

    state = "ready"
    error = None
    parts = 4  # questions until the mistakes are there

    def ask(self, what, *, kind="", **arguments):
        if self.error:
            raise self.error
        self.parts -= 1
        level = {"layer": arguments.get("layer", ""), "channel": 2, "at": arguments.get("at") or []}
        more = {
            "answer": {"options": ["--none-of-these"]},
            "mistakes": {"ready": self.parts <= 0},
            "unit": {"levels": [level], **({"pixel": {"row": 5, "column": 9}} if arguments.get("down") else {})},
        }
        return {"asked": what, "kind": kind, **arguments, **more.get(what, {})}


@pytest.fixture
def studio(tmp_path):
    """`studio(method, path, ...)` is status and JSON; its library and compute are at hand."""
    library, compute = Library(tmp_path), Echo()
    library.networks = {one.id: one for one in [network("runs/pets & cats")]}
    app = create_app(library, compute, compute)

    def ask(method: str, path: str, **more):
        async def go():
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://studio") as client:
                return await client.request(method, path, **more)

        found = run(go())
        return found.status_code, found.json() if "json" in found.headers["content-type"] else found.text

    ask.library, ask.compute, ask.network = library, compute, next(iter(library.networks))
    return ask


def test_what_comes_in_parts_is_asked_until_it_is_there(studio):
    kept = studio("POST", "/api/pictures", content=b"GIF", headers={"X-Name": "a.png"})[1]
    studio.compute.parts = 4
    status, found = studio("GET", f"/api/networks/{studio.network}/mistakes/{kept['picture']}")
    assert (status, found["asked"], studio.compute.parts) == (200, "mistakes", 0) and "ready" not in found


def test_a_picture_is_kept_and_every_question_about_it_names_its_command(studio):
    status, kept = studio("POST", "/api/pictures", content=b"GIF", headers={"X-Name": "a%20b.png"})
    assert (status, kept["name"]) == (200, "a b.png") and studio.library.picture(kept["picture"]).size == 3
    assert studio("GET", f"/api/pictures/{kept['picture']}")[1]["asked"] == "picture"
    commands = {
        "answer": "clearsight classify 'runs/pets & cats' 'a b.png' --none-of-these --json",
        "scores": "clearsight look softmax 'runs/pets & cats' 'a b.png' --json",
        "way": "clearsight look preprocessing 'runs/pets & cats' 'a b.png' --json",
        "mistakes": "clearsight look preprocessing 'runs/pets & cats' 'a b.png' --json",
        "maps": "clearsight look features 'runs/pets & cats' 'a b.png' --most 24 --json",
        "unit": "clearsight look unit 'runs/pets & cats' 'a b.png' --layer conv1 --channel 2 --at 3,4 --json",
        "why": "clearsight look why 'runs/pets & cats' 'a b.png' --method saliency --json",
    }
    options = {"unit": "?layer=conv1&channel=2&at=3,4", "why": "?method=saliency&checks=false"}
    for what, command in commands.items():
        path = f"/api/networks/{studio.network}/{what}/{kept['picture']}{options.get(what, '')}"
        status, found = studio("GET", path, headers={"X-Page": "one"})
        assert (status, found["command"], found["asked"], found["kind"]) == (200, command, what, f"{what} one")
        assert found["words"] == "runs/pets & cats" and "options" not in found
    assert studio("GET", f"/api/networks/{studio.network}")[1]["asked"] == "network"
    for what, verb in {"layers": "summary", "filters": "filters"}.items():
        found = studio("GET", f"/api/networks/{studio.network}/{what}")[1]
        assert (found["asked"], found["command"]) == (what, f"clearsight look {verb} 'runs/pets & cats' --json")
    assert studio("GET", f"/api/networks/{studio.network}/layers")[1]["field_command"].startswith("clearsight look receptive-field ")


def test_the_way_down_is_an_address_and_its_command_is_that_of_the_last_number(studio):
    kept = studio("POST", "/api/pictures", content=b"GIF", headers={"X-Name": "a.png"})[1]["picture"]
    unit = f"/api/networks/{studio.network}/unit/{kept}"
    logit = studio("GET", f"{unit}?channel=2")[1]
    assert (logit["layer"], logit["at"], logit["down"]) == ("", None, []) and "command" not in logit
    vector = studio("GET", f"{unit}?layer=fc&channel=2")[1]
    assert vector["command"].endswith("--layer fc --channel 2 --json")
    pixel = studio("GET", f"{unit}?layer=fc&channel=2&down=17,3.0.2")[1]
    assert pixel["down"] == [[17], [3, 0, 2]]
    assert pixel["command"] == "clearsight look preprocessing 'runs/pets & cats' a.png --at 5,9 --json"
    erased = studio("GET", f"/api/networks/{studio.network}/whatif/{kept}?side=14&erased=3.4,3.5&fill=grey")[1]
    assert (erased["side"], erased["cells"], erased["fill"]) == (14, [[3, 4], [3, 5]], "grey")
    for wrong in ("at=1,,2", "at=-1,2", "down=a", "down=1.2.", "down=1;2", "at=%D9%A3,1", "at=1234567890,1"):
        status, found = studio("GET", f"{unit}?layer=fc&channel=2&{wrong}")
        assert status == 400 and "must be whole numbers" in found["error"]


def test_the_state_has_no_path(studio):
    found = json.dumps(studio("GET", "/api/state")[1])
    assert "runs/" not in found and "pets & cats" in found


def test_what_fails_is_one_line_with_its_status(studio, monkeypatch):
    assert studio("GET", "/api/networks/m_0")[0] == 404
    assert studio("GET", f"/api/networks/{studio.network}/answer/p_0")[0] == 404
    for path in ("../pyproject.toml", "..%2f..%2fpyproject.toml", "%2e%2e/app.py", "live/../../server.py", "nothing.js", ""):
        assert studio("GET", f"/static/{path}")[0] == 404
    status, found = studio("GET", f"/api/networks/{studio.network}/unit/p_0?layer=a&channel=x&at=1,1")
    assert status == 400 and found["error"].startswith("channel:")
    for error, wanted in ((Failed("it is no picture."), 422), (Failed("it ended.", 503), 503), (Superseded("newer."), 409)):
        studio.compute.error = error
        assert studio("GET", f"/api/networks/{studio.network}") == (wanted, {"error": str(error)})
    studio.compute.error = Failed("it is no picture.")
    assert studio("POST", "/api/pictures", content=b"rubbish")[0] == 422 and not studio.library.pictures
    monkeypatch.setattr(routes, "PICTURE_BYTES", 4)
    assert studio("POST", "/api/pictures", content=b"12345")[0] == 413


def test_the_page_and_its_files_are_served(studio):
    status, page = studio("GET", "/")
    assert status == 200 and "<title>Clearsight studio</title>" in page
    assert studio("GET", "/static/live/kit.js")[0] == 200


@pytest.mark.parametrize(("header", "name"), [("", "picture"), ("%E7%8C%AB.png", "猫.png"), ("%ED%A0%80", "���"), ("a" * 999, "a" * 255)])
def test_names_are_text_of_255_bytes(header, name):
    assert named(header) == name


def test_a_job_or_a_training_of_the_studio_leaves_the_computation_one_thread(studio, monkeypatch):
    going = dict.fromkeys((Jobs, Trainings), False)
    for kind in going:
        monkeypatch.setattr(kind, "going", lambda self: going[type(self)])
    assert not studio.compute.crowded()
    for kind in going:
        going[kind] = True
        assert studio.compute.crowded()
        going[kind] = False


def test_the_command_for_a_network_with_random_weights_is_one_that_takes_it(studio, monkeypatch):
    monkeypatch.setattr(studio.compute, "ask", lambda what, **_: {"options": [], "trained": False})
    kept = studio.library.keep(b"GIF", "-h.png").id
    found = studio("GET", f"/api/networks/{studio.network}/answer/{kept}")[1]
    assert found["command"] == "clearsight look softmax 'runs/pets & cats' ./-h.png --json"
