"""Host, origin and token: who is answered."""

import pytest

from clearsight.serving.options import Options
from clearsight.serving.telemetry.metrics import Metrics
from clearsight.serving.web.guard import Guard, State, host_name

TOKEN = "a-secret-of-many-letters"


def refused(options: Options, path: str = "/v1/models", method: str = "GET", **headers: str) -> int:
    """The status of a refusal, 0 for none; `_` in names of headers stands for `-`."""
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    answer = Guard(None, options, State(), Metrics()).refusal({"path": path, "method": method, "headers": raw})
    return answer[0] if answer else 0


HOSTS = {
    "localhost": 0, "localhost:8000": 0, "LOCALHOST": 0, "localhost.": 0, "127.0.0.1": 0, "127.0.0.1:80": 0, "127.8.8.8": 0, "[::1]": 0,
    "[::1]:8000": 0, "": 421, "evil.example": 421, "evil.example:8000": 421, "localhost.evil.example": 421, "127.0.0.1.evil.example": 421,
    "evil.example@localhost": 421, "localhost@evil.example": 421, "localhost/evil": 421, "localhost?x": 421, "localhost#x": 421,
    "localhost, evil.example": 421, "localhost evil": 421, "localhost:x": 421, "localhost:99999": 421, "10.0.0.1": 421, "0.0.0.0": 421,
    "[::]": 421, "[::1": 421, "::1": 421, "2130706433": 421, "0x7f.1": 421, "127.1": 421,
    "[::ffff:127.0.0.1]": 421, "localhost\\@evil": 421, "pets.example": 421,
}  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
def test_hosts_of_a_local_server(host):
    if host == "[::ffff:127.0.0.1]":  # loopback or not, by the version of Python
        assert refused(Options(), host=host) in (0, 421)
    else:
        assert refused(Options(), host=host) == HOSTS[host]


def test_hosts_are_one_and_may_be_named():
    assert refused(Options(hosts=("pets.example",)), host="Pets.Example:443") == 0
    assert refused(Options(hosts=("pets.example",)), host="a.pets.example") == 421
    assert refused(Options()) == 421
    raw = {"path": "/v1/models", "method": "GET", "headers": [(b"host", b"localhost"), (b"host", b"evil.example")]}
    assert Guard(None, Options(), State(), Metrics()).refusal(raw)[0] == 421


def test_an_open_host_takes_addresses_and_no_names():
    options = Options(host="0.0.0.0", token=TOKEN)
    bearer = {"authorization": f"Bearer {TOKEN}"}
    assert refused(options, host="10.1.2.3:8000", **bearer) == 0
    assert refused(options, host="evil.example", **bearer) == 421


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 0), ({"origin": "http://localhost:8000"}, 0), ({"origin": "http://evil.example"}, 403), ({"origin": "null"}, 403),
        ({"origin": "http://localhost:9000"}, 403), ({"origin": "http://[bad"}, 403), ({"origin": ""}, 403),
        ({"sec_fetch_site": "same-origin"}, 0), ({"sec_fetch_site": "none"}, 0), ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403), ({"sec_fetch_site": "cross-site", "origin": "http://localhost:8000"}, 403),
    ],
)  # fmt: skip
def test_pages_of_other_sites_send_nothing(headers, status):
    assert refused(Options(), method="POST", host="localhost:8000", **headers) == status
    assert refused(Options(), method="GET", host="localhost:8000", **headers) == 0


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (f"Bearer {TOKEN}", 0), (f"bearer  {TOKEN}", 0), (None, 401), ("", 401), (TOKEN, 401), (f"Basic {TOKEN}", 401),
        (f"Bearer {TOKEN}x", 401), (f"Bearer {TOKEN[:-1]}", 401), ("Bearer", 401), ("Bearer \xff", 401),
    ],
)  # fmt: skip
def test_a_token_is_needed_where_there_is_one(said, status):
    headers = {} if said is None else {"authorization": said}
    assert refused(Options(token=TOKEN), host="localhost", **headers) == status


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probes_need_neither(path):
    assert refused(Options(token=TOKEN), path, host="evil.example") == 0
    assert refused(Options(token=TOKEN), path, method="POST", host="evil.example") == 421


def test_names_of_hosts():
    assert [host_name(host) for host in ("A.b:1", "[::1]:2", "a/b", "", "a:b")] == ["a.b", "::1", None, None, None]
