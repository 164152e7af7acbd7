"""The application: routes, and the way of a picture from body to answer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp

from ... import __version__
from ...base.errors import UnreadableImage, UsageError, plain
from ..engine.admission import Overloaded
from ..engine.batcher import Late
from ..engine.models import Road, Served
from ..options import MANY_BYTES, MANY_PICTURES, PICTURE_BYTES
from . import body, protocol
from .answering import Asked, Server, asked, unless_gone
from .body import Refused
from .frames import unpacked
from .guard import Guard
from .many import Lines, places_for, rows
from .page import add_page

GONE = 499  # the client has closed the connection and does not read this answer


def _taking(*kinds: str) -> dict[str, Any]:
    """The body of a request in the OpenAPI page."""
    return {"requestBody": {"required": True, "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in kinds}}}


def create_app(server: Server, road: Road) -> ASGIApp:
    """The ASGI application for the models of `server`, which are opened by this `road` when they change."""

    @contextlib.asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        every = server.served.values()
        tasks = [asyncio.ensure_future(work) for one in every for work in (one.batcher.run(), one.watch(road))]
        yield
        for task in tasks:
            task.cancel()
        for one in every:
            one.batcher.close()
        server.decoder.close()
        if server.journal:
            server.journal.close()

    app = FastAPI(title="Clearsight", version=__version__, lifespan=running, docs_url=None, redoc_url=None)
    _add_errors(app)
    _add_state(app, server)
    _add_classify(app, server)
    app.include_router(protocol.routes(server))
    add_page(app, server.served)
    return Guard(app, server.options, server.state, server.metrics, server.wait)


def _add_classify(app: FastAPI, server: Server) -> None:
    @app.post("/v1/models/{model}/classify", openapi_extra=_taking("image/*"))
    async def classify(model: str, request: Request, what: Annotated[Asked, Depends(asked)]) -> Response:
        """Classify one picture, the body."""
        served = server.model(model)
        size = body.length(request, PICTURE_BYTES)
        with server.memory.taken() as hold:
            data = await body.read(request, size, hold)
            with served.admission.admitted():
                answer = await unless_gone(request, server.answered(served, data, what))
        return JSONResponse(asdict(answer))

    @app.post("/v1/models/{model}/classify-many", openapi_extra=_taking("application/x-tar", "application/octet-stream"))
    async def classify_many(model: str, request: Request, what: Annotated[Asked, Depends(asked)]) -> Response:
        """Classify the pictures of a tar archive, or of frames; a line of JSON for each, in order."""
        served = server.model(model)
        size, kind = body.length(request, MANY_BYTES), request.headers.get("content-type", "").partition(";")[0].strip().lower()
        with ExitStack() as held:
            hold = held.enter_context(server.memory.taken())
            pictures = unpacked(await body.read(request, size, hold), kind, MANY_PICTURES)
            served.loaded.classifier.limits(what.false_alarms, what.coverage, what.by_class)  # refused for all of them
            window = held.enter_context(places_for(served, len(pictures)))
            return Lines(rows(server, served, pictures, what, window), held.pop_all())


def _add_state(app: FastAPI, server: Server) -> None:
    @app.get("/livez")
    async def live() -> dict[str, bool]:
        """Whether the process responds."""
        return {"live": True}

    @app.get("/readyz")
    async def ready() -> JSONResponse:
        """Whether requests should be sent here: the models have reproduced their golden samples, and the end is not near."""
        return JSONResponse({"ready": not server.state.draining}, 503 if server.state.draining else 200)

    @app.get("/v1/models")
    async def models() -> dict[str, list[dict[str, Any]]]:
        """The models, with their classes and digests."""
        return {"models": [_told(served) for served in server.served.values()]}

    @app.get("/metrics")
    async def metrics() -> Response:
        """Metrics in Prometheus' text format."""
        for name, served in server.served.items():
            server.metrics.waiting.labels(name).set(served.admission.pictures)
        server.metrics.body_bytes.set(server.memory.held)
        server.metrics.draining.set(server.state.draining)
        return Response(server.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _told(served: Served) -> dict[str, Any]:
    classifier, golden = served.loaded.classifier, served.loaded.golden
    return {
        "name": served.name, "classes": list(classifier.classes), "model": classifier.weights_digest, "precision": classifier.precision,
        "speed": classifier.speed, "golden_samples": golden, "preprocessing": classifier.preprocessing.to_dict(),
    }  # fmt: skip


ANSWERS: dict[type[Exception], int] = {UnreadableImage: 400, UsageError: 400, Late: 504, TimeoutError: 504, ClientDisconnect: GONE}
SAID = {504: "The deadline has passed.", GONE: "The client has gone."}


def failed(error: Exception) -> tuple[int, str, dict[str, str]]:
    """Status, reason in one line, and headers of the answer to a request that failed with `error`."""
    if isinstance(error, Overloaded):
        return 503, error.error, {"Retry-After": str(error.seconds)}
    if isinstance(error, Refused):
        return error.status, error.error, {}
    if isinstance(error, HTTPException):
        return error.status_code, str(error.detail), dict(error.headers or {})
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        return 400, plain(f"{first['loc'][-1]}: {first['msg']}. Got {first.get('input')!r:.100}."), {}
    status = next(status for kind, status in ANSWERS.items() if isinstance(error, kind))
    return status, SAID.get(status) or plain(error), {}


def _add_errors(app: FastAPI) -> None:
    async def answer(_: Request, error: Exception) -> JSONResponse:
        status, reason, headers = failed(error)
        return JSONResponse({"error": reason}, status, headers)

    async def bug(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": f"Unexpected {type(error).__name__}: a bug in Clearsight. The server's log has more."}, 500)

    for kind in (Overloaded, Refused, HTTPException, RequestValidationError, *ANSWERS):
        app.add_exception_handler(kind, answer)
    app.add_exception_handler(Exception, bug)
