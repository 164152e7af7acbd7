"""The way of a picture from its bytes to an answer, the same for every route."""

import asyncio
import re
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import numpy as np
from fastapi import Query, Request
from starlette.requests import ClientDisconnect

from ...base.errors import UnreadableImage
from ...classifier import Prediction
from ..engine.admission import Bytes
from ..engine.batcher import Scores
from ..engine.decoding import Decoder
from ..engine.models import Loaded, Served
from ..options import Options
from ..telemetry.journal import Journal
from ..telemetry.metrics import Metrics
from .body import Refused
from .guard import State

Value = TypeVar("Value")
TRACE = re.compile("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")  # https://www.w3.org/TR/trace-context/


@dataclass(frozen=True)
class Asked:
    """What a request asks of an answer, as in `Classifier.classify`; `trace` is its W3C `traceparent`, '' without a valid one."""

    top: int = 5
    false_alarms: float = 0.0
    coverage: float = 0.0
    by_class: bool = False
    trace: str = ""


async def asked(
    request: Request,
    top: Annotated[int, Query(ge=1, description="How many classes to list.")] = 5,
    false_alarms: Annotated[float, Query(ge=0, lt=1, description='Share of known pictures that may be "none of these".')] = 0.0,
    coverage: Annotated[float, Query(ge=0, lt=1, description="Also the set that contains the truth in this share of cases.")] = 0.0,
    by_class: Annotated[bool, Query(description="The coverage within each class.")] = False,
) -> Asked:
    """The options of a request; a coroutine, since FastAPI calls a function in a thread."""
    trace = request.headers.get("traceparent", "")
    return Asked(top, false_alarms, coverage, by_class, trace if TRACE.fullmatch(trace) else "")


class Server:
    """The models, decoder, metrics and log that the routes use."""

    def __init__(self, served: Mapping[str, Served], options: Options, metrics: Metrics, decoder: Decoder) -> None:
        self.served, self.options, self.metrics, self.decoder = dict(served), options, metrics, decoder
        self.memory = Bytes(options.memory)
        self.state = State()
        self.journal = Journal(options, metrics) if options.log else None

    def model(self, name: str) -> Served:
        """The model of this name; raises Refused (404)."""
        if name not in self.served:
            raise Refused(404, f"No model has this name. There is: {', '.join(self.served)}.")
        return self.served[name]

    def wait(self, path: str) -> int:
        """The seconds after which the model in the path of an address may have room for a picture; 0 if it has now."""
        parts = path.split("/", 4)
        served = self.served.get(parts[3]) if len(parts) == 5 and parts[2] == "models" else None
        return served.admission.wait() if served else 0

    def full(self) -> int:
        """The seconds after which some model may have room for one more than those that are coming; 0 if one has now."""
        return min(served.admission.wait(1 + len(self.state.coming)) for served in self.served.values())

    def shed(self) -> int:
        """As `full`; a refusal is counted."""
        if seconds := self.full():
            self.metrics.requests.labels("shed", 503).inc()
        return seconds

    async def scored(self, served: Served, loaded: Loaded, picture: bytes | np.ndarray) -> Scores:
        """The scores of an encoded picture, or of an array uint8 `(H, W, C)`, within the deadline; raises Late, UnreadableImage."""
        deadline = asyncio.get_running_loop().time() + self.options.deadline
        load = self.decoder.load if isinstance(picture, bytes) else self.decoder.fit
        async with asyncio.timeout_at(deadline):
            try:
                fitted = await load(picture, loaded.classifier.preprocessing)  # type: ignore[arg-type]
            except UnreadableImage:
                self.metrics.failures.labels(served.name).inc()
                served.admission.pace.left(1)  # or its time would count for the next picture, and damaged ones would keep others out
                raise
            return await served.batcher.score(loaded.classifier, fitted, deadline)

    async def answered(self, served: Served, picture: bytes, what: Asked, name: str = "") -> Prediction:
        """The answer for an encoded picture; raises as `scored` does, and UsageError where the classifier cannot give what is asked."""
        loaded = served.loaded  # of one classifier, also if it is replaced meanwhile
        limits = loaded.classifier.limits(what.false_alarms, what.coverage, what.by_class)
        scores = await self.scored(served, loaded, picture)
        source = name or f"<{len(picture)} bytes>"
        answer = loaded.classifier.predictions([source], scores.logits, scores.novelty, top=what.top, limits=limits)[0]
        self.metrics.answer(served.name, answer)
        if self.journal:
            self.journal.note(served.name, answer, picture, what.trace)
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
