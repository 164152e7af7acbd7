"""Every route of the studio, as its table has them, against every kind of stranger: refused, and nothing is asked, kept or started."""

import os

import httpx
import pytest

from clearsight.studio.jobs import Jobs
from clearsight.studio.library import Library
from clearsight.studio.web.app import create_app
from clearsight.studio.web.guard import ALWAYS, Guard
from tests.loop import run

TOKEN, OWN = "a-secret-of-many-letters", "127.0.0.1:4321"
GOOD = {"host": OWN, "cookie": f"clearsight-4321={TOKEN}", "content-type": "application/json"}
STRANGERS = {  # what is other than in a good request, and the refusal
    "no token": ({"cookie": ""}, 401),
    "wrong token": ({"cookie": "clearsight-4321=wrong"}, 401),
    "another host": ({"host": "evil.example"}, 421),
    "another port": ({"host": "127.0.0.1:80"}, 421),
    "a page of another site": ({"sec-fetch-site": "cross-site"}, 403),
    "another origin": ({"origin": "http://evil.example"}, 403),
    "a file": ({"origin": "null"}, 403),
}
FORMS = {kind: ({"content-type": kind}, 415) for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data")}


class Nobody:
    """A compute process that must not be asked."""

    state = "ready"

    def ask(self, what, **_):
        pytest.fail(f"a stranger's request asked for {what}")


def test_no_stranger_gets_through_to_any_route(tmp_path, monkeypatch):
    for name in ("start", "stop", "told"):
        monkeypatch.setattr(Jobs, name, lambda *_: pytest.fail("a stranger's request reached a job"))
    monkeypatch.chdir(tmp_path)
    app = create_app(Library(tmp_path), Nobody(), Nobody())
    routes = [(method, route.path) for route in app.routes for method in sorted(route.methods & {"GET", "POST"})]
    assert len(routes) > 15 and ("POST", "/api/pictures") in routes and ("GET", "/api/data/{d}") in routes

    async def every():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(Guard(app, 4321, TOKEN)), base_url="http://studio") as client:
            for method, path in routes:
                for who, (more, wanted) in (STRANGERS | (FORMS if method == "POST" else {})).items():
                    found = await client.request(method, path, headers=GOOD | more, content=b"{}" if method == "POST" else None)
                    assert found.status_code == wanted, (method, path, who)
                    assert ALWAYS.items() <= dict(found.headers).items()

    run(every())
    assert os.listdir(tmp_path) == []
