"""The routes of the screen Lecture, with a computation that only repeats what it was asked; exercises with the real one."""

import json

import httpx
import pytest

from clearsight.exercises.own_network import OWN
from clearsight.exercises.table import GENERATORS, generate
from clearsight.studio.compute.loop import answered
from clearsight.studio.compute.process import Failed
from clearsight.studio.compute.session import Session
from clearsight.studio.compute.worker import FUNCTIONS
from clearsight.studio.library import Library, network
from clearsight.studio.runs import Runs
from clearsight.studio.web.app import create_app
from clearsight.studio.web.lecture import BODY, SEEDS
from tests.loop import run


class Echo:
    """A stand-in for the compute process."""

    state = "ready"

    def ask(self, what, *, kind="", **arguments):
        return {"asked": what, **arguments}


@pytest.fixture
def studio(tmp_path):
    library = Library(tmp_path, runs=Runs(tmp_path / "runs"))
    library.networks = {one.id: one for one in [network("runs/pets & cats")]}
    app = create_app(library, Echo(), Echo())

    def ask(method: str, path: str, **more):
        async def go():
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://studio") as client:
                return await client.request(method, f"/api/{path}", **more)

        found = run(go())
        return found.status_code, found.json()

    ask.library, ask.network, ask.folder = library, next(iter(library.networks)), tmp_path
    return ask


def test_slides_have_their_commands_with_the_readers_network_and_picture(studio):
    rows = studio("GET", "lecture")[1]["slides"]
    assert rows[0]["commands"] == ["clearsight classify runs/lenet5 digit.png"] and rows[0]["words"]
    assert rows[0]["needs"] == {"trainings": ["clearsight train digits --model lenet5 --out lenet5"], "pictures": ["digit.png"]}
    kept = studio.library.keep(b"GIF", "my cat.jpg")
    own = studio("GET", f"lecture?network={studio.network}&picture={kept.id}")[1]
    assert own["slides"][0]["commands"] == ["clearsight classify 'runs/pets & cats' 'my cat.jpg'"]
    assert own["slides"][0]["needs"] == {"trainings": [], "pictures": []}
    assert {"word", "meaning", "here"} == set(own["words"][0])
    assert studio("GET", "lecture?network=m_0")[0] == 404 == studio("GET", "lecture?picture=p_0")[0]
    status, found = studio("GET", f"lecture/figures/maps?network={studio.network}&picture={kept.id}")
    assert (status, found["name"], found["words"], found["file"]) == (200, "maps", "runs/pets & cats", str(kept.file))


def test_an_answer_is_graded_by_the_computation(studio):
    assert studio("GET", "exercises")[1]["exercises"]["asked"] == "exercises"
    status, found = studio("GET", "exercises/cell/7")
    assert (status, found["seed"], found["command"]) == (200, 7, "clearsight exercises --only cell --seed 7 --json")
    body = json.dumps({"answer": 34, "part": "value", "solution": 1})
    status, found = studio("POST", "exercises/cell/7", content=body)
    assert (status, found["asked"], found["answer"], found["part"]) == (200, "grade", "34", "value")
    assert (found["name"], found["seed"]) == ("cell", 7)
    assert found["solution"] is False and found["run"] == ""
    for wrong in ("[]", "{", "nothing"):
        assert studio("POST", "exercises/cell/7", content=wrong)[0] == 400
    assert studio("POST", "exercises/cell/7", content="x" * (BODY + 1))[0] == 413
    for seed in (-1, SEEDS, "a"):
        assert studio("GET", f"exercises/cell/{seed}")[0] == 400


def test_a_run_is_known_by_its_id(studio):
    (studio.folder / "runs" / "race").mkdir(parents=True)
    (studio.folder / "runs" / "race" / "run.json").write_text("{}")
    (row,) = studio.library.runs.listed()
    found = studio("POST", "exercises/few-labels/0", content=json.dumps({"run": row.id, "answer": "/etc"}))[1]
    assert found["run"] == str(studio.folder / "runs" / "race")
    assert studio("POST", "exercises/few-labels/0", content=json.dumps({"run": "../../etc"}))[0] == 404


class Here:
    """The computation in this process, through the same lines of JSON."""

    state = "ready"

    def __init__(self):
        self.session = Session()

    def ask(self, what, *, kind="", **arguments):
        told = json.loads(answered(FUNCTIONS, self.session, json.dumps({"what": what, "arguments": arguments}).encode()))
        if "error" in told:
            raise Failed(told["error"], told.get("status", 422))
        return told["result"]


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    app = create_app(Library(tmp_path_factory.mktemp("graded")), Here(), Here())

    def ask(method: str, path: str, **more):
        async def go():
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://studio") as client:
                return await client.request(method, f"/api/exercises{path}", **more)

        found = run(go())
        return found.status_code, found.json()

    return ask


@pytest.mark.parametrize("kind", GENERATORS)
def test_every_answer_is_graded_over_http(graded, kind):
    for seed in (0, 1, 123456789):
        one = generate(kind, seed)
        shown = json.dumps(graded("GET", f"/{kind}/{seed}")[1])
        assert not any(json.dumps(line)[1:-1] in shown for line in one.solution)
        for part in one.parts:
            if part.kind == "run":
                continue
            for answer, right, comment in ((part.answer, True, ""), *((slip.answer, False, slip.comment) for slip in part.slips)):
                status, mark = graded("POST", f"/{kind}/{seed}", json={"answer": answer, "part": part.name})
                assert (status, mark["right"], "steps" in mark) == (200, right, right), (kind, seed, answer)
                assert not comment or part.judge or (mark["named"] and mark["because"] == comment)
    assert graded("POST", f"/{kind}/0", json={"answer": " "})[0] == 422


@pytest.mark.parametrize("kind", OWN)
def test_exercises_on_a_network_are_graded_over_http(graded, kind):
    one = graded("GET", f"/{kind}/3")[1]
    assert one["topic"] == "your network" and one["command"] == "clearsight look summary runs/lenet5 --json"
    seen = graded("POST", f"/{kind}/3", json={"answer": "1e9", "solution": True})[1]
    assert not seen["right"] and seen["steps"]
    assert graded("POST", f"/{kind}/3", json={"answer": seen["answer"].replace("−", "-")})[1]["right"]


def test_unknown_exercises_are_one_line(graded):
    for path in ("/nothing/0", "/own-nothing/0"):
        status, found = graded("GET", path)
        assert status == 422 and "exercise" in found["error"]
