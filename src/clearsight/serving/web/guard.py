"""The gate before every route: Host, origin and token, and the headers of every answer."""

import hmac
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..engine.admission import Overloaded
from ..options import Options, as_address, is_loopback
from ..telemetry.metrics import Metrics

OPEN = ("/livez", "/readyz", "/v2/health/live", "/v2/health/ready")  # for probes: no token, any Host
SAFE = ("GET", "HEAD")
ALWAYS = [(b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store")]


@dataclass
class State:
    """Whether the server is about to end, and the addresses of clients whose request is there and not yet routed.

    A turn of the event loop accepts several connections: without `coming` all of them would see the same free place, and all but one would
    be refused by a route, which costs ten times as much.
    """

    draining: bool = False
    coming: set[tuple[str, int]] = field(default_factory=set)


class Guard:
    """An ASGI application around another that refuses requests of strangers before anything is read.

    `wait(path)` is the number of seconds after which there may be room for a request, 0 if there is now: under overload a refusal has to be
    cheap, and one by the routes costs ten times as much.
    """

    def __init__(self, app: ASGIApp, options: Options, state: State, metrics: Metrics, wait: Callable[[str], int] = lambda path: 0) -> None:
        self.app, self.options, self.state, self.metrics, self.wait = app, options, state, metrics, wait
        self.token = options.token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        if scope["type"] != "http":
            return await send({"type": "websocket.close", "code": 1008})
        start, status = time.monotonic(), 0
        self.state.coming.discard(scope.get("client"))  # from here to its place in the queue nothing waits

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                closing = [(b"connection", b"close")] if self.state.draining else []
                message = {**message, "headers": [*message["headers"], *ALWAYS, *closing]}
            await send(message)

        try:
            if refusal := self.refusal(scope):
                await refuse(sent, *refusal)
            elif scope["method"] == "POST" and (seconds := self.wait(scope["path"])):
                await refuse(sent, 503, Overloaded(seconds).error, seconds)
            else:
                if scope["method"] == "HEAD":  # as GET; uvicorn leaves the body out, by its own scope
                    scope = {**scope, "method": "GET"}
                await self.app(scope, receive, sent)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            self.metrics.requests.labels(route, status or 500).inc()
            self.metrics.seconds.labels(route).observe(time.monotonic() - start)

    def refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and reason for a request that is not answered, None for others."""
        if scope["path"] in OPEN and scope["method"] in SAFE:
            return None
        headers: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name, []).append(value)
        hosts = headers.get(b"host", [])
        if len(hosts) != 1 or not self.known(hosts[0].decode("latin-1")):
            return 421, "This server does not answer to this Host. Other names are allowed with --allow-host NAME."
        if scope["method"] not in SAFE and foreign(headers, hosts[0].decode("latin-1")):
            return 403, "A page of another site sent this request."
        if self.token and not self.has_token(headers.get(b"authorization", [])):
            return 401, "A token is needed, in the header Authorization: Bearer TOKEN."
        return None

    def known(self, host: str) -> bool:
        """Whether a Host header names this server: loopback, its own host, a name allowed; on an open host any address, but no name."""
        name = host_name(host)
        if name is None:
            return False
        if is_loopback(name) or name in {self.options.host.lower(), *map(str.lower, self.options.hosts)}:
            return True
        return not self.options.local and as_address(name) is not None  # DNS rebinding needs a name

    def has_token(self, said: Iterable[bytes]) -> bool:
        """Whether a request carries the token; the comparison takes the same time for every wrong one."""
        words = [value.partition(b" ") for value in said]
        return len(words) == 1 and words[0][0].lower() == b"bearer" and hmac.compare_digest(words[0][2].strip(), self.token)


def host_name(host: str) -> str | None:
    """The name in a Host header, without its port and in lower case; None for anything else."""
    if not host or any(letter in host for letter in "/\\@?# \t,"):
        return None
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # raises for a port that is no number
    except ValueError:
        return None
    return (parts.hostname or "").rstrip(".") or None


def foreign(headers: dict[bytes, list[bytes]], host: str) -> bool:
    """Whether a browser sent the request for a page of another site."""
    site = headers.get(b"sec-fetch-site", [])
    if site:
        return site not in ([b"same-origin"], [b"none"])
    origins = [value.decode("latin-1") for value in headers.get(b"origin", [])]
    return bool(origins) and [urlsplit_host(origin) for origin in origins] != [host.lower()]


def urlsplit_host(origin: str) -> str:
    """Host and port of an Origin header, '' for `null` and others without."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


async def refuse(send: Send, status: int, error: str, seconds: int = 0) -> None:
    """Send a JSON answer with an error, and with the seconds to wait if there are any."""
    body = json.dumps({"error": error}).encode()
    headers: list[tuple[bytes, Any]] = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if seconds:
        headers.append((b"retry-after", str(seconds).encode()))
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
