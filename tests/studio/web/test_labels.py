"""The routes of the screen Labels: what is written is checked first, and two windows are told apart."""

import json

import pytest

from clearsight.datasets.decisions.journal import Journal, journal_of
from clearsight.studio.compute.process import Failed
from clearsight.studio.library import Library, data, network
from clearsight.studio.web import labels
from clearsight.studio.web.app import create_app
from tests.loop import run


class Pictures:
    """In place of both processes: pictures are known by their number, and the queue is what was asked."""

    state, ready = "ready", True

    def __init__(self):
        self.asked = []

    def ask(self, what, *, kind="", **arguments):
        self.asked.append((what, arguments))
        if what == "decided":
            return [{"row": int(one["digest"][1:]), **one} for one in arguments["entries"]]
        if what == "identity":
            if max(arguments["rows"]) > 9:
                raise Failed("there is no picture 10.")
            return [{"digest": f"d{row}", "name": f"{row}.png", "was": "cat"} for row in arguments["rows"]]
        return {"sorted": True, **arguments}

    def warm(self):
        pass

    def close(self):
        pass


@pytest.fixture
def studio(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    httpx = pytest.importorskip("httpx")
    pictures = Pictures()
    sets, nets = [data("far/pets & cats")], [network("runs/pets")]
    library = Library(tmp_path, {one.id: one for one in nets}, {one.id: one for one in sets})
    app = create_app(library, pictures, pictures)

    def ask(method, path, **more):
        async def go():
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1") as client:
                answer = await client.request(method, f"/api/data/{sets[0].id}/{path}", **more)
                return answer.status_code, answer.json()

        return run(go())

    ask.journal, ask.pictures, ask.network, ask.app = Journal(journal_of("far/pets & cats")), pictures, nets[0].id, app
    return ask


def decision(row=1, kind="label", label="dog", **more):
    return {"version": "v", "since": 0, "decisions": [{"row": row, "kind": kind, "label": label, "why": "suspect 1"}], **more}


def test_a_decision_is_in_the_journal_before_it_is_answered_and_is_undone_by_a_row(studio):
    assert studio("GET", "decisions") == (200, {"seq": 0, "decided": 0, "last": []})
    assert studio("POST", "decisions", json=decision(label=" dog\n")) == (200, {"seq": 1})
    (entry,) = studio.journal.entries()
    assert (entry.digest, entry.name, entry.label, entry.was, entry.why) == ("d1", "1.png", "dog", "cat", "suspect 1")
    assert studio("GET", "decisions")[1]["last"][0]["label"] == "dog"
    status, said = studio("POST", "decisions", json=decision(kind="keep", label=""))
    assert status == 409 and "another decision about this picture" in said["error"]
    assert studio("POST", "decisions", json=decision(row=2, kind="keep", label="")) == (200, {"seq": 2})
    assert studio("POST", "decisions/undo", json={"seq": 1, "since": 2}) == (200, {"seq": 3})
    assert studio("POST", "decisions/undo", json={"seq": 1, "since": 3})[0] == 422
    assert [one["name"] for one in studio("GET", "decisions")[1]["last"]] == ["2.png"]
    assert studio.journal.path.as_posix().startswith("runs/pets-cats-labels/")


def test_decisions_are_told_with_the_numbers_of_their_pictures(studio):
    assert studio("GET", "decided?v=v") == (200, {"seq": 0, "decided": []})
    for row in (1, 2):
        studio("POST", "decisions", json=decision(row=row) | {"since": 9})
    studio("POST", "decisions/undo", json={"seq": 1, "since": 2})
    status, found = studio("GET", "decided?v=v")
    assert (status, found["seq"]) == (200, 3)
    assert [(one["row"], one["seq"], one["kind"], one["label"]) for one in found["decided"]] == [(2, 2, "label", "dog")]


BAD = [
    b"", b"[]", b"{", b"[" * 9000, b'{"decisions": {}}', b'{"decisions": []}', b'{"decisions": [1]}', b'{"decisions": [{}]}',
    json.dumps(decision(row="1")).encode(), json.dumps(decision(row=True)).encode(), json.dumps(decision(kind="undo", label="")).encode(),
    json.dumps(decision(kind="delete")).encode(), json.dumps(decision(label="")).encode(), json.dumps(decision(label=" ")).encode(),
    json.dumps(decision(label="x" * 201)).encode(), json.dumps(decision(label=["x"])).encode(), json.dumps(decision(kind="keep")).encode(),
    json.dumps(decision(since="0")).encode(), json.dumps(decision(since=-1)).encode(),
]  # fmt: skip


@pytest.mark.parametrize("body", BAD, ids=range(len(BAD)))
def test_what_is_no_decision_changes_nothing(studio, body):
    for path in ("decisions", "decisions/undo"):
        status, said = studio("POST", path, content=body)
        assert status == 400 and said["error"] and not studio.journal.path.exists()


def test_limits_and_unknown_pictures(studio):
    assert studio("POST", "decisions", content=b"x" * (labels.BODY + 1))[0] == 413
    assert studio("POST", "decisions", json=decision(row=10)) == (422, {"error": "there is no picture 10."})
    studio.journal.path.parent.mkdir(parents=True)
    studio.journal.path.write_text("not a journal " * 99)
    assert studio("POST", "decisions", json=decision())[0] == studio("GET", "decisions")[0] == 422


def test_the_queue_names_its_command(studio):
    status, found = studio("GET", f"labels?v=7&network={studio.network}&part=test&order=name")
    assert status == 200 and found["command"] == "clearsight labels errors 'far/pets & cats' --part test --from runs/pets --json"
    assert (found["version"], found["network"], found["part"], found["by_name"]) == ("7", "runs/pets", "test", True)
    assert found["apply"] == "clearsight labels apply 'far/pets & cats'"
    assert studio("GET", "labels?v=7&network=m_0")[0] == 404
    assert studio("GET", "labels/picture/3?v=7")[0] == 200 and studio.pictures.asked[-1] == (
        "picture",
        {"words": "far/pets & cats", "version": "7", "row": 3},
    )
