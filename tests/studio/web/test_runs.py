"""The list of runs over HTTP."""

import httpx

from clearsight.studio.library import Library
from clearsight.studio.runs import Runs
from clearsight.studio.web.app import create_app
from tests.loop import run
from tests.studio.test_runs import written


def test_runs_are_listed_without_their_folders(tmp_path):
    written(tmp_path / "runs" / "one")
    app = create_app(Library(tmp_path, runs=Runs(tmp_path / "runs")), None, None)

    async def asked():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://studio") as client:
            return await client.get("/api/runs")

    found = run(asked())
    [row] = found.json()["runs"]
    assert row["name"] == "one" and row["id"].startswith("r_") and str(tmp_path) not in found.text
