"""The list of runs over HTTP, and several side by side."""

import shlex
from types import SimpleNamespace

import httpx
import pytest

from clearsight.studio.library import Library
from clearsight.studio.runs import Runs, id_of
from clearsight.studio.web import runs
from clearsight.studio.web.app import create_app
from tests.loop import run
from tests.studio.test_runs import written


@pytest.fixture
def ask(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, lr in (("one", 0.1), ("two", 0.2)):
        (written(tmp_path / "runs" / name) / "recipe.toml").write_text(f'model = "lenet5"\nlr = {lr}\n')
    app = create_app(Library(tmp_path, runs=Runs(tmp_path / "runs")), SimpleNamespace(), None)

    def asked(path):
        async def get():
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://studio") as client:
                return await client.get(f"/api/{path}")

        return run(get())

    return asked


def test_runs_are_listed_without_their_folders(ask, tmp_path):
    found = ask("runs")
    assert {row["name"] for row in found.json()["runs"]} == {"one", "two"}
    assert all(row["id"].startswith("r_") for row in found.json()["runs"]) and str(tmp_path) not in found.text


def test_a_list_that_is_followed_is_sent_again_only_when_it_has_changed(ask, tmp_path, monkeypatch):
    looks, listed = [], Runs.listed
    monkeypatch.setattr(Runs, "listed", lambda known: looks.append(1) or listed(known))
    first = ask("runs").json()
    for _ in range(30):  # windows that ask at the same time share one look
        assert ask(f"runs?version={first['version']}").json() == {"version": first["version"]}
    assert len(looks) == 1
    monkeypatch.setattr(runs, "SHARED", -1)
    assert ask(f"runs?version={first['version']}").json() == {"version": first["version"]} and len(looks) == 2
    with open(tmp_path / "runs" / "two" / "results.csv", "a") as rows:
        rows.write("2,0.5\n")
    second = ask(f"runs?version={first['version']}").json()
    assert second["version"] != first["version"] and {row["name"]: row["epochs"] for row in second["runs"]} == {"one": 2, "two": 3}
    assert ask("runs?version=another").json() == second


def test_curves_side_by_side_and_the_settings_that_differ(ask, tmp_path):
    found = ask(f"curves?runs={id_of('one')},{id_of('two')}")
    rows = [{"epoch": 0.0, "loss": 0.5}, {"epoch": 1.0, "loss": 0.5}]
    folders = [str(tmp_path / "runs" / name) for name in ("one", "two")]
    assert found.json() == {"rows": [rows] * 2, "settings": [["lr", 0.1, 0.2]], "command": shlex.join(["clearsight", "compare", *folders])}
    assert ask(f"curves?runs={','.join([id_of('one')] * 21)}").status_code == 400
    assert ask("curves?runs=r_no").status_code == ask("runs/r_no").status_code == ask("runs/r_no/rows").status_code == 404
    assert ask(f"runs/{id_of('one')}/watch/3").status_code == 404
    assert ask(f"runs/{id_of('one')}/watch/x").status_code == 400
    assert ask(f"runs/{id_of('one')}/rows?after=x").status_code == 400
