"""The gate: who is answered, for every kind of request that another page or program could send."""

import itertools

import pytest

from clearsight.studio.web.guard import ALWAYS, Guard
from tests.loop import run

TOKEN, PORT = "a-secret-of-many-letters", 4321
OWN = f"127.0.0.1:{PORT}"


async def inner(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"inside"})


def asked(
    method: str = "GET", path: str = "/", query: str = "", read_only: bool = False, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body; `_` in the names of headers stands for `-`."""
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": raw}
    sent = []

    async def send(message):
        sent.append(message)

    run(Guard(inner, PORT, TOKEN, read_only)(scope, None, send))
    return sent[0]["status"], {k.decode(): v.decode() for k, v in sent[0]["headers"]}, sent[1]["body"]


COOKIE = f"clearsight-{PORT}={TOKEN}"


def test_the_token_of_the_address_becomes_a_cookie_and_leaves_the_address():
    status, headers, _ = asked(query=f"token={TOKEN}", host=OWN)
    assert (status, headers["location"]) == (303, "/")
    assert headers["set-cookie"] == f"{COOKIE}; HttpOnly; SameSite=Strict; Path=/"
    assert asked(host=OWN, cookie=f"other=1; {COOKIE}")[0::2] == (200, b"inside")
    for query in ("token=wrong", "token=", f"token={TOKEN}&token={TOKEN}", "token=%ff"):
        assert asked(query=query, host=OWN)[0] == 401


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/api/state", "/api/pictures"])
def test_strangers_are_refused_on_every_path_with_the_same_headers(path):
    hosts = {OWN: 0, f"localhost:{PORT}": 0, f"LocalHost:{PORT}": 0, f"[::1]:{PORT}": 0, "127.0.0.1": 421, f"127.0.0.1:{PORT + 1}": 421,
             "evil.example": 421, f"evil.example:{PORT}": 421, f"localhost.evil.example:{PORT}": 421, "": 421}  # fmt: skip
    sites = {"same-origin": 0, "none": 0, "same-site": 403, "cross-site": 403, "": 403}
    origins = {f"http://{OWN}": 0, "null": 403, "http://evil.example": 403, f"https://{OWN}": 403, "http://127.0.0.1": 403}
    cookies = {COOKIE: 0, "": 401, f"clearsight-{PORT}=wrong": 401, f"clearsight-{PORT + 1}={TOKEN}": 401, "a;;=": 401}
    for (host, a), (site, b), (cookie, c) in itertools.product(hosts.items(), sites.items(), cookies.items()):
        status, headers, _ = asked(path=path, host=host, sec_fetch_site=site, cookie=cookie)
        assert status == (a or b or c or 200), (host, site, cookie)
        assert ALWAYS.items() <= headers.items()
    for origin, expected in origins.items():
        kind = "application/json"
        assert asked("POST", path, host=OWN, origin=origin, cookie=COOKIE, content_type=kind)[0] == (expected or 200)


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""])
def test_a_body_that_a_form_could_send_is_refused(kind):
    assert asked("POST", host=OWN, cookie=COOKIE, content_type=kind)[0] == 415


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "BREW"])
def test_other_methods_are_refused(method):
    assert asked(method, host=OWN, cookie=COOKIE)[0] == 405


def test_a_read_only_studio_answers_and_changes_nothing():
    good = {"host": OWN, "cookie": COOKIE, "content_type": "application/json", "read_only": True}
    for path in (
        "/api/data/d_1/decisions", "/api/data/d_1/problems", "/api/camera/picture", "/api/camera/undo", "/api/runs", "/api/new",
        "/api/runs/r_1/judging",
    ):  # fmt: skip
        status, headers, body = asked("POST", path, **good)
        assert status == 403 and b"read-only" in body and ALWAYS.items() <= headers.items()
        assert asked("GET", path, **good)[0] == 200 == asked("POST", path, **good | {"read_only": False})[0]
    for path in ("/api/pictures", "/api/data/d_1/picture/7/keep", "/api/camera/answer"):
        assert asked("POST", path, **good)[0] == 200
    assert asked("POST", "/api/runs", **good | {"cookie": ""})[0] == 401  # strangers learn nothing


def test_a_web_socket_is_closed():
    sent = []

    async def send(message):
        sent.append(message)

    run(Guard(inner, PORT, TOKEN)({"type": "websocket"}, None, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]
