"""The gate before every route of the studio, pages and files too: method, Host, origin, token; and the headers of every answer."""

import hmac
import json
import re
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE, METHODS = ("GET", "HEAD"), ("GET", "HEAD", "POST")
KINDS = ("application/json", "application/octet-stream")  # bodies that no form of another site can send
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
ALWAYS = {
    "content-security-policy": POLICY, "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
}  # fmt: skip
# what a page may send to a studio that is read-only: questions whose answer changes nothing, and pictures that are forgotten at the end
ASKING = re.compile(r"/api/(pictures|data/[^/]+/picture/[0-9]+/keep|camera/answer|formula|trainings/command|exercises/.*|lecture/.*)")
READ_ONLY = "This studio is read-only: it answers, and decides, takes and starts nothing."
ASK_AGAIN = "Open the address that clearsight studio printed: it has the token of this start."


class Guard:
    """An ASGI application around another that answers only the browser that has this start's token."""

    def __init__(self, app: ASGIApp, port: int, token: str, read_only: bool = False) -> None:
        self.app, self.token, self.read_only = app, token, read_only
        self.hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}
        self.cookie = f"clearsight-{port}"  # cookies do not know ports: two studios would log each other out

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        if scope["type"] != "http":
            return await send({"type": "websocket.close", "code": 1008})

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [(name.encode(), value.encode()) for name, value in ALWAYS.items()]
                message = {**message, "headers": [*message.get("headers", []), *extra]}
            await send(message)

        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        if refusal := self.refusal(scope["method"], headers):
            return await answer(sent, *refusal)
        if scope["path"] == "/" and (given := parse_qs(scope["query_string"].decode("latin-1")).get("token")):
            if not self.same(given):
                return await answer(sent, 401, ASK_AGAIN)
            cookie = f"{self.cookie}={self.token}; HttpOnly; SameSite=Strict; Path=/"
            return await answer(sent, 303, "", {"set-cookie": cookie, "location": "/"})  # the token leaves the address bar
        if not self.same(self.cookies(headers)):
            return await answer(sent, 401, ASK_AGAIN)
        if self.read_only and scope["method"] not in SAFE and not ASKING.fullmatch(scope["path"]):
            return await answer(sent, 403, READ_ONLY)
        await self.app(scope, receive, sent)

    def refusal(self, method: str, headers: dict[str, list[str]]) -> tuple[int, str] | None:
        """Status and reason for a request that is refused on every path, None for others."""
        if method not in METHODS:
            return 405, f"Allowed are {', '.join(METHODS)}."
        hosts = headers.get("host", [])
        if len(hosts) != 1 or hosts[0].lower() not in self.hosts:
            return 421, "The studio answers to its own address only."
        if any(site not in ("same-origin", "none") for site in headers.get("sec-fetch-site", [])):
            return 403, "A page of another site sent this request."
        if any(origin.lower() != f"http://{hosts[0].lower()}" for origin in headers.get("origin", [])):
            return 403, "A page of another site sent this request."
        if method not in SAFE and headers.get("content-type", [""])[0].partition(";")[0].strip().lower() not in KINDS:
            return 415, f"A body is one of {', '.join(KINDS)}."
        return None

    def cookies(self, headers: dict[str, list[str]]) -> list[str]:
        """The tokens in the cookies of a request."""
        found = []
        for line in headers.get("cookie", []):
            try:
                found += [one.value for name, one in SimpleCookie(line).items() if name == self.cookie]
            except CookieError:
                continue
        return found

    def same(self, given: list[str]) -> bool:
        """Whether exactly the token was given; the comparison takes the same time for every wrong one."""
        return len(given) == 1 and hmac.compare_digest(given[0].encode("utf-8", "surrogatepass"), self.token.encode())


async def answer(send: Send, status: int, error: str, headers: dict[str, str] | None = None) -> None:
    """Send a JSON answer with an error, or an empty one."""
    body = json.dumps({"error": error}).encode() if error else b""
    every = {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
    await send({"type": "http.response.start", "status": status, "headers": [(k.encode(), v.encode()) for k, v in every.items()]})
    await send({"type": "http.response.body", "body": body})
