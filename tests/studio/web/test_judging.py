"""A run is judged by a job: on validation unless the test is asked for by name; no page names a path."""

import pytest

from clearsight.evaluation.answers import FILE
from clearsight.studio.jobs import Jobs, Told
from clearsight.studio.library import data
from tests.studio.web.test_app import studio as studio
from tests.studio.web.test_report import runs as runs


@pytest.fixture
def asked(monkeypatch):
    """The commands that jobs were asked for, each of them done at once."""
    lines = []
    for name in ("start", "stop", "told"):
        monkeypatch.setattr(Jobs, name, lambda self, *words, name=name: lines.append((name, *words)) or Told("done", "", {"n": 3}))
    return lines


def test_validation_is_meant_unless_the_test_is_named(studio, runs, tmp_path, asked):
    folder, photos = str(tmp_path / "runs" / "a"), data("-photos")
    studio.library.data = {photos.id: photos}
    address = f"/api/runs/{runs['a']}/judging"
    status, found = studio("POST", address, json={})
    assert status == 200 and asked == [("start", "evaluate", "--part", "val", "--json", folder)]
    assert found == {"state": "done", "said": "", "result": {"n": 3}, "command": f"clearsight evaluate --part val --json {folder}"}
    (tmp_path / "runs" / "a" / FILE).write_bytes(b"")
    assert studio("GET", f"{address}?part=test")[1]["of"] == "own" and asked[-1][:4] == ("told", "evaluate", "--part", "test")
    studio("POST", f"{address}/stop?part=test&data={photos.id}", json={})
    assert asked[-1] == ("stop", "evaluate", "--part", "test", "--json", "--", folder, "-photos")


def test_what_is_no_part_no_run_or_no_data_is_refused(studio, runs, asked):
    for query, wanted in (("part=train", 400), ("part=--out", 400), ("data=d_0", 404), ("data=%2Fetc", 404)):
        assert studio("POST", f"/api/runs/{runs['a']}/judging?{query}", json={})[0] == wanted
    assert studio("POST", "/api/runs/..%2Fa/judging", json={})[0] == 404 and asked == []
