"""The application: routes, and the way of a picture from body to answer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp

from .. import __version__
from ..base.errors import UnreadableImage, UsageError, plain
from ..classifier import Prediction
from . import body
from .admission import Overloaded
from .batcher import Late, Scores
from .body import Refused
from .decoding import Decoder
from .guard import Guard, State
from .metrics import Metrics
from .models import Loaded, Served
from .options import PICTURE_BYTES, Options

GONE = 499  # the client has closed the connection and does not read this answer
Value = TypeVar("Value")
PICTURE = {"requestBody": {"required": True, "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}}}


@dataclass(frozen=True)
class Asked:
    """What a request asks of an answer, as in `Classifier.classify`."""

    top: int = 5
    false_alarms: float = 0.0
    coverage: float = 0.0
    by_class: bool = False


def asked(
    top: Annotated[int, Query(ge=1, description="How many classes to list.")] = 5,
    false_alarms: Annotated[float, Query(ge=0, lt=1, description='Share of known pictures that may be "none of these".')] = 0.0,
    coverage: Annotated[float, Query(ge=0, lt=1, description="Also the set that contains the truth in this share of cases.")] = 0.0,
    by_class: Annotated[bool, Query(description="The coverage within each class.")] = False,
) -> Asked:
    """The options of a request."""
    return Asked(top, false_alarms, coverage, by_class)


class Server:
    """The models, decoder and metrics that the routes use."""

    def __init__(self, served: Mapping[str, Served], options: Options, metrics: Metrics, decoder: Decoder) -> None:
        self.served, self.options, self.metrics, self.decoder = dict(served), options, metrics, decoder
        self.state = State()

    def model(self, name: str) -> Served:
        """The model of this name; raises Refused (404)."""
        if name not in self.served:
            raise Refused(404, f"No model has this name. There is: {', '.join(self.served)}.")
        return self.served[name]

    async def scored(self, served: Served, loaded: Loaded, data: bytes) -> Scores:
        """The scores of an encoded picture within the deadline; raises Late, UnreadableImage."""
        deadline = asyncio.get_running_loop().time() + self.options.deadline
        async with asyncio.timeout_at(deadline):
            picture = await self.decoder.load(data, loaded.classifier.preprocessing)
            return await served.batcher.score(loaded.classifier, picture, deadline)

    async def answered(self, served: Served, data: bytes, what: Asked, name: str = "") -> Prediction:
        """The answer for an encoded picture; raises as `scored` does."""
        loaded = served.loaded  # of one classifier, also if it is replaced meanwhile
        limits = loaded.classifier.limits(what.false_alarms, what.coverage, what.by_class)
        try:
            scores = await self.scored(served, loaded, data)
        except UnreadableImage:
            self.metrics.failures.labels(served.name).inc()
            raise
        source = name or f"<{len(data)} bytes>"
        answer = loaded.classifier.predictions([source], scores.logits, scores.novelty, top=what.top, limits=limits)[0]
        self.metrics.answer(served.name, answer)
        return answer


async def unless_gone(request: Request, work: Coroutine[Any, Any, Value]) -> Value:
    """The result of `work`, which is cancelled when the client closes the connection; raises ClientDisconnect then."""
    task, gone = asyncio.ensure_future(work), asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        task.cancel()
        gone.cancel()


def create_app(server: Server, *, speed: str = "auto", device: str = "cpu") -> ASGIApp:
    """The ASGI application for the models of `server`."""

    @contextlib.asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        every = server.served.values()
        tasks = [asyncio.ensure_future(work) for one in every for work in (one.batcher.run(), one.watch(device, speed))]
        yield
        for task in tasks:
            task.cancel()
        for one in every:
            one.batcher.close()
        server.decoder.close()

    app = FastAPI(title="Clearsight", version=__version__, lifespan=running, redoc_url=None)
    _add_errors(app)
    _add_state(app, server)
    _add_classify(app, server)
    return Guard(app, server.options, server.state, server.metrics)


def _add_classify(app: FastAPI, server: Server) -> None:
    @app.post("/v1/models/{model}/classify", openapi_extra=PICTURE)
    async def classify(model: str, request: Request, what: Annotated[Asked, Depends(asked)]) -> Response:
        """Classify one picture, the body."""
        served = server.model(model)
        size = body.length(request, PICTURE_BYTES)
        with served.admission.admitted(1, size):
            data = await body.read(request, size)
            answer = await unless_gone(request, server.answered(served, data, what))
        return JSONResponse(asdict(answer))


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
            server.metrics.body_bytes.set(served.admission.memory.held)
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
        return 503, f"All places are taken: try again in {error.seconds} s.", {"Retry-After": str(error.seconds)}
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

    for kind in (Overloaded, Refused, HTTPException, RequestValidationError, *ANSWERS):
        app.add_exception_handler(kind, answer)
