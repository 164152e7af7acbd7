"""The routes of stored answers: what they ask for, what they add, and how a refusal is told."""

import json

import pytest

from clearsight.evaluation.answers import FILE
from clearsight.studio.compute.process import Failed
from clearsight.studio.library import data
from clearsight.studio.runs import Runs
from clearsight.studio.web.report import groups
from tests.studio.test_runs import written
from tests.studio.web.test_app import studio as studio


@pytest.fixture
def runs(studio, tmp_path):
    """Two runs, and their ids."""
    for name, lr in (("a", 1), ("b", 2)):
        written(tmp_path / "runs" / name)
        (tmp_path / "runs" / name / "recipe.toml").write_text(f'model = "lenet5"\nlr = {lr}.0\n')
    studio.library.runs = Runs(tmp_path / "runs")
    return {row.name: row.id for row in studio.library.runs.listed()}


def test_answers_come_with_the_command_and_the_worst_groups(studio, runs, tmp_path, monkeypatch):
    monkeypatch.setattr(studio.compute, "ask", lambda what, folder, run: {"asked": what, "on": {"part": "val"}, "part": "validation"})
    worst = {"class": "cat", "top1": 0.5, "low": 0.3, "high": 0.7, "n": 20, "pictures": ["1.png", "2.png"], "group": 0, "chosen_by": 0.4}
    figures = {
        "test": {"subgroups": {"worst": worst, "groups": []}},
        "none": {"subgroups": None},
        "odd": 3,
        "bad": {"subgroups": {"worst": [1]}},
    }
    (tmp_path / "runs" / "a" / "stress.json").write_text(json.dumps(figures))
    status, found = studio("GET", f"/api/runs/{runs['a']}/answers")
    assert status == 200 and found["asked"] == "report" and found["name"] == "a"
    assert found["command"].startswith("clearsight evaluate ") and found["command"].endswith("a --part val --json")
    assert found["groups"] == [
        {"test": "test", "class": "cat", "pictures": ["1.png", "2.png"], "top1": 0.5, "low": 0.3, "high": 0.7, "n": 20}
    ]
    assert groups(tmp_path / "runs" / "b") == []


def test_a_refusal_is_told_with_the_command_and_a_failure_stays_one(studio, runs, monkeypatch):
    def fails(status):
        def ask(what, **_):
            raise Failed("no answers", status)

        monkeypatch.setattr(studio.compute, "ask", ask)

    fails(422)
    status, found = studio("GET", f"/api/runs/{runs['a']}/answers")
    assert status == 200 and found["refused"] == "no answers" and found["judgements"] == [] and found["network"] == ""
    status, found = studio("GET", f"/api/compare?a={runs['a']}&b={runs['b']}")
    assert status == 200 and found["refused"] == "no answers" and found["names"] == ["a", "b"] and found["settings"] == [["lr", 1.0, 2.0]]
    fails(503)
    assert studio("GET", f"/api/runs/{runs['a']}/answers") == (503, {"error": "no answers"})
    for path in ("/api/runs/r_0/answers", "/api/runs/r_0/pictures", f"/api/compare?a=r_0&b={runs['b']}", "/api/runs/..%2Fa/answers"):
        assert studio("GET", path)[0] == 404
    assert studio("GET", "/api/compare?a=r_0")[0] == 400


def test_pictures_come_from_the_runs_own_data_only_where_they_are_here(studio, runs, tmp_path, monkeypatch):
    for words in ("s3://bucket/data", "/nowhere/at/all", "", 3):
        (tmp_path / "runs" / "a" / "run.json").write_text(json.dumps({"data": words}))
        status, found = studio("GET", f"/api/runs/{runs['a']}/pictures")
        assert status == 200 and found["missing"].startswith("The pictures are not shown: ")
    assert studio.library.judged == {}
    (tmp_path / "runs" / "a" / "run.json").write_text(json.dumps({"data": "digits"}))
    asked = {}
    monkeypatch.setattr(studio.compute, "ask", lambda what, **more: asked.update(more, what=what) or {"version": "v", "rows": ["AAAA"]})
    status, found = studio("GET", f"/api/runs/{runs['a']}/pictures")
    assert (status, found) == (200, {"data": data("digits").id, "version": "v", "rows": "AAAA"})
    assert asked == {"what": "places", "words": "digits", "folders": [str(tmp_path / "runs" / "a")]}
    assert studio.library.dataset(found["data"]).words == "digits"  # small pictures are asked for by this id
    assert studio("GET", "/api/state")[1]["data"] == []  # and it is not in the list of what the studio was started with


def test_one_of_several_evaluations_is_chosen_by_its_id(studio, runs, tmp_path, monkeypatch):
    run, photos = tmp_path / "runs" / "a", data("photos")
    studio.library.data = {photos.id: photos}
    for name, on in (("digits-val-1", "digits"), ("photos-test-2", "photos")):
        other = run / "judged" / name
        other.mkdir(parents=True)
        (other / FILE).write_bytes(b"")
        (other / "evaluation.json").write_text(json.dumps({"part": name.split("-")[1], "n": 3, "judged_on": {"data": on}}))
    (run / "config.json").write_text("{}")
    asked = []

    def ask(what, **more):
        asked.append(more)
        return {"version": "v", "rows": ["AAAA"], "part": "test", "on": {"data": "photos", "part": "test"}}

    monkeypatch.setattr(studio.compute, "ask", ask)
    by_name = {one["data"]: one["id"] for one in studio("GET", f"/api/runs/{runs['a']}/answers")[1]["judgements"]}
    status, found = studio("GET", f"/api/runs/{runs['a']}/answers?of={by_name['photos']}")
    assert status == 200 and found["of"] == by_name["photos"] and found["groups"] == [] and found["network"].startswith("m_")
    assert asked[-1] == {"folder": str(run / "judged" / "photos-test-2"), "run": str(run)}
    assert found["command"] == f"clearsight evaluate {run} photos --json"
    assert studio("GET", f"/api/runs/{runs['a']}/pictures?of={by_name['photos']}")[1]["data"] == photos.id
    assert asked[-1]["words"] == "photos" and asked[-1]["folders"] == [str(run / "judged" / "photos-test-2")]
    for path in (f"/api/runs/{runs['a']}/answers?of=own", f"/api/runs/{runs['a']}/pictures?of=..%2F..%2Fb"):
        assert studio("GET", path)[0] == 404
