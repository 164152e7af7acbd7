"""A stand-in for S3 in this process: moto behind a server that can fail, answer slowly and cut bodies short, and counts requests and bytes.

One write at a time, as a store decides which of two conditional writes is the first; moto looks and writes in two steps.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest

BUCKET = "clearsight-tests"


class Faulty:
    """A WSGI application around another one. `share` of the requests to read fail, in turn with 503, late, and cut short.

    Conditions of writes are looked at unless `conditional` is False, as in stores that do not know them.
    """

    KINDS = ("refused", "slow", "cut")

    def __init__(self, app) -> None:
        self.app, self.share, self.sent, self.faults = app, 0.0, 0, 0
        self.kinds, self.random, self.lock = self.KINDS, random.Random(3), threading.Lock()
        self.conditional, self.writing, self.asked = True, threading.Lock(), Counter()

    def __call__(self, environ, start_response):
        fault = ""
        if environ["REQUEST_METHOD"] == "GET":
            with self.lock:
                if self.random.random() < self.share:
                    self.faults += 1
                    fault = self.kinds[self.faults % len(self.kinds)]
        if fault == "refused":
            start_response("503 Slow Down", [("Content-Length", "0")])
            return [b""]
        if fault == "slow":
            time.sleep(0.05)
        if not self.conditional:
            environ.pop("HTTP_IF_NONE_MATCH", None)
            environ["QUERY_STRING"] = environ.get("QUERY_STRING", "").replace("ifGenerationMatch=0", "")

        def begun(status, headers, *more):  # after a body that is cut short nothing more comes
            return start_response(status, [*headers, *([("Connection", "close")] if fault == "cut" else [])], *more)

        with self.writing if environ["REQUEST_METHOD"] in ("PUT", "POST") else nullcontext():
            body = b"".join(self.app(environ, begun))
        body = body[: len(body) // 2] if fault == "cut" else body
        with self.lock:
            self.sent += len(body)
            self.asked[environ["REQUEST_METHOD"]] += 1
        return [body]


@contextmanager
def served(app) -> Iterator[tuple[Faulty, str]]:
    """A WSGI application behind one that can fail, and its address."""
    pytest.importorskip("moto.server")  # it brings the server
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Silent(WSGIRequestHandler):
        def log(self, *args) -> None:
            pass

    faulty = Faulty(app)
    server = make_server("127.0.0.1", 0, faulty, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield faulty, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@contextmanager
def serving() -> Iterator[Faulty]:
    """Serve a store with one empty bucket, and let AWS's clients of this process and its children use it."""
    moto = pytest.importorskip("moto.server")
    known = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
    with served(moto.DomainDispatcherApplication(moto.create_backend_app)) as (faulty, address), pytest.MonkeyPatch.context() as patch:
        for name, value in (known | {"AWS_ENDPOINT_URL": address, "no_proxy": "127.0.0.1"}).items():
            patch.setenv(name, value)
        import fsspec

        fsspec.filesystem("s3").mkdir(BUCKET)
        yield faulty
