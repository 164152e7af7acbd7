"""The routes of the studio: its page and files, and below /api what a page asks for."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from typing import Any
from urllib.parse import unquote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from ... import __version__
from ...base.errors import plain
from ..compute.process import Compute, Failed, Superseded
from ..jobs import Jobs
from ..library import PICTURE_BYTES, Library, Network, Picture, trained_on
from ..runs import Unknown
from ..trainings import DEMO, Trainings
from .assets import PAGE, assets
from .bodies import read
from .breaking import add_breaking
from .camera import add_camera
from .data import add_data, command, named_file
from .judging import add_judging
from .labels import add_labels
from .lecture import add_lecture
from .report import add_report
from .runs import add_runs
from .space import add_spaces
from .train import add_train
from .zoo import add_zoo

NAME_BYTES = 255
# questions about a picture without options → the verb that answers the same, and what the question carries
PLAIN: dict[str, tuple[str, dict[str, int]]] = {
    "scores": ("look softmax", {}), "way": ("look preprocessing", {}), "mistakes": ("look preprocessing", {}),
    "maps": ("look features", {"most": 24}),
}  # fmt: skip

# questions about a network → the verbs of `look` that answer the same
INSIDE = {"layers": {"command": "summary", "field_command": "receptive-field"}, "filters": {"command": "filters"}}


def create_app(library: Library, compute: Compute, reading: Compute) -> FastAPI:
    """The application for what `library` knows; `compute` has torch, `reading` reads data sets."""
    jobs = Jobs()

    @contextlib.asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        first = [asyncio.ensure_future(asyncio.to_thread(_warmed, one)) for one in ((reading, compute) if library.data else (compute,))]
        yield
        await asyncio.to_thread(jobs.close)
        await asyncio.gather(*first)

    app = FastAPI(title="Clearsight studio", version=__version__, lifespan=running, docs_url=None, redoc_url=None, openapi_url=None)
    _add_errors(app)
    _add_files(app)
    add_breaking(app, library, compute, jobs)  # before the questions of any name
    for add in ROUTES:
        add(app, library, compute)
    add_data(app, library, reading, jobs)
    add_labels(app, library, compute, reading)
    add_spaces(app, library, compute)
    add_camera(app, library, compute)
    trainings = Trainings(library)
    compute.crowded = lambda: trainings.going() or jobs.going()
    add_runs(app, library, trainings)
    add_train(app, library, jobs, trainings)
    add_report(app, library, compute, reading)
    add_judging(app, library, jobs)
    add_zoo(app, library, compute)
    add_lecture(app, library, compute)
    return app


def _warmed(compute: Compute) -> None:
    with contextlib.suppress(Failed):  # the next question says it
        compute.warm()


def _add_files(app: FastAPI) -> None:
    table = assets()

    @app.get("/")
    async def page() -> Response:
        return Response(*table[PAGE][:1], media_type=table[PAGE][1])

    @app.get("/static/{name:path}")
    async def file(name: str) -> Response:
        if name not in table:
            raise HTTPException(404, "no such file.")
        return Response(table[name][0], media_type=table[name][1])


def _add_state(app: FastAPI, library: Library, compute: Compute) -> None:
    @app.get("/api/state")
    async def state() -> dict[str, Any]:
        """The version, the compute process, the networks, the data sets, and the names of the registry."""
        await asyncio.to_thread(library.look_again)
        networks = [{name: value for name, value in asdict(one).items() if name != "words"} for one in library.networks.values()]
        data = [{"id": one.id, "name": one.name} for one in library.data.values()]
        registry = [{"id": one.id, "name": one.name} for one in library.registry.values()]
        listed = {"networks": networks, "data": data, "registry": registry, "demo": {"id": DEMO.id, "name": DEMO.name}}
        return {"version": __version__, "compute": compute.state, **listed}


def _add_pictures(app: FastAPI, library: Library, compute: Compute) -> None:
    @app.post("/api/pictures")
    async def pictures(request: Request) -> dict[str, Any]:
        """Keep a picture, the body; its name is in the header X-Name, percent-encoded."""
        name = named(request.headers.get("x-name", ""))
        refusal = f"a picture has at most {PICTURE_BYTES // 2**20} MB here: open larger ones with clearsight classify."
        data = await read(request, PICTURE_BYTES, refusal)
        kept = await asyncio.to_thread(library.keep, data, name)
        try:
            shown = await asyncio.to_thread(compute.ask, "picture", file=str(kept.file), name=name)
        except Failed:
            library.forget(kept.id)
            raise
        return {"picture": kept.id, **shown}

    @app.get("/api/pictures/{p}")
    async def picture(p: str) -> dict[str, Any]:
        """A picture that was kept, as people see it."""
        kept = library.picture(p)
        return {"picture": p, **await asyncio.to_thread(compute.ask, "picture", file=str(kept.file), name=kept.name)}


def _add_questions(app: FastAPI, library: Library, compute: Compute) -> None:
    async def of(request: Request, what: str, m: str, p: str, **more: Any) -> Any:
        network, kept = library.network(m), library.picture(p)
        kind = f"{what} {request.headers.get('x-page', '')}"
        return await asyncio.to_thread(compute.ask, what, kind=kind, words=network.words, file=str(kept.file), **more)

    @app.get("/api/networks/{m}/answer/{p}")
    async def answer(m: str, p: str, request: Request) -> dict[str, Any]:
        """The answer to a picture."""
        found = await of(request, "answer", m, p, name=library.picture(p).name)
        verb = "classify" if found.get("trained", True) else "look softmax"  # which takes a network with random weights too
        options = found.pop("options")
        return {**found, **said(verb, library.network(m), library.picture(p), *options, "--json")}

    @app.get("/api/networks/{m}/unit/{p}")
    async def unit(m: str, p: str, channel: int, request: Request, layer: str = "", at: str = "", down: str = "") -> dict[str, Any]:
        """One number of a layer (of the network itself without one), then down by terms such as `3.0.2,17`: the last one taken apart."""
        path = [integers("down", term, ".") for term in down.split(",") if term]
        found: dict[str, Any] = await of(
            request, "unit", m, p, layer=layer, channel=channel, at=integers("at", at, ",") if at else None, down=path
        )
        last = found["levels"][-1]
        if "pixel" in found:
            where = f"{found['pixel']['row']},{found['pixel']['column']}"
            return {**found, **said("look preprocessing", library.network(m), library.picture(p), "--at", where, "--json")}
        if not last["layer"]:
            return found
        place = ("--at", ",".join(map(str, last["at"]))) if last["at"] else ()
        options = ("--layer", last["layer"], "--channel", str(last["channel"]), *place, "--json")
        return {**found, **said("look unit", library.network(m), library.picture(p), *options)}

    @app.get("/api/networks/{m}/whatif/{p}")
    async def whatif(m: str, p: str, request: Request, side: int, erased: str = "", fill: str = "mean") -> dict[str, Any]:
        """The answer with cells of a grid erased, such as `3.4,3.5` (row.column)."""
        cells = [integers("erased", cell, ".") for cell in erased.split(",") if cell]
        return dict(await of(request, "whatif", m, p, side=side, cells=cells, fill=fill))

    @app.get("/api/networks/{m}/why/{p}")
    async def why(
        m: str, p: str, request: Request, method: str = "grad-cam", checks: bool = True, index: int | None = None,
        against: int | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Why the network answers so, or a class, and not `against` another; with the checks that the map fails, which take longer."""
        found = await of(request, "why", m, p, method=method, checks=checks, index=index, against=against)
        named = {"--class": found["class"] if index is not None else "", "--against": found.get("against", "")}
        options = [f"{option}={plain(name)}" for option, name in named.items() if name]  # with = no name becomes an option
        return {**found, **said("look why", library.network(m), library.picture(p), "--method", method, *options, "--json")}

    @app.get("/api/networks/{m}/{what}/{p}")
    async def plain_question(m: str, what: str, p: str, request: Request) -> dict[str, Any]:
        """What needs no options: the scores, the way to the network, the maps."""
        if what not in PLAIN:
            raise HTTPException(404, f"there is no {plain(what)} of a picture.")
        verb, more = PLAIN[what]
        options = [word for name, value in more.items() for word in (f"--{name}", str(value))]
        found = await of(request, what, m, p, **more)
        while not found.pop("ready", True) and not await request.is_disconnected():  # others have their turn between its parts
            found = await of(request, what, m, p, **more)
        return {**found, **said(verb, library.network(m), library.picture(p), *options, "--json")}


def _add_inside(app: FastAPI, library: Library, compute: Compute) -> None:
    @app.get("/api/networks/{m}")
    async def network(m: str) -> dict[str, Any]:
        """What a network is."""
        found, own = library.network(m), trained_on(library.network(m))
        told = {"name": found.name, "data": {"id": own.id, "name": own.name} if own else None}
        return {**told, **await asyncio.to_thread(compute.ask, "network", words=found.words)}

    def asked(what: str, verbs: dict[str, str]) -> None:
        @app.get(f"/api/networks/{{m}}/{what}", name=what)
        async def of_network(m: str) -> dict[str, Any]:
            words = library.network(m).words
            commands = {name: command(("look", verb, words, "--json")) for name, verb in verbs.items()}
            return {**await asyncio.to_thread(compute.ask, what, words=words), **commands}

    for what, verbs in INSIDE.items():
        asked(what, verbs)


def said(verb: str, network: Network, picture: Picture, *options: str) -> dict[str, str]:
    """The command that does the same."""
    return {"command": command((*verb.split(), network.words, named_file(picture.name), *options))}


def integers(name: str, text: str, separator: str) -> list[int]:
    """Numbers in an address; raises HTTPException."""
    parts = text.split(separator)
    if not all(part.isascii() and part.isdecimal() and len(part) < 10 for part in parts):
        raise HTTPException(400, f"{name} must be whole numbers with {separator} between them. Got {plain(text)!r}.")
    return [int(part) for part in parts]


def named(header: str) -> str:
    """The name of a picture from its header; it is shown, and never used as a path."""
    return unquote(header, errors="replace").encode("utf-8", "replace")[:NAME_BYTES].decode("utf-8", "ignore") or "picture"


# what each screen adds to the application: a function of it, the library and the compute process
ROUTES: tuple[Callable[[FastAPI, Library, Compute], None], ...] = (_add_state, _add_pictures, _add_questions, _add_inside)
STATUS: dict[type[Exception], int] = {Unknown: 404, Superseded: 409, ClientDisconnect: 499}


def _add_errors(app: FastAPI) -> None:
    async def told(_: Request, error: Exception) -> JSONResponse:
        if isinstance(error, HTTPException):
            return JSONResponse({"error": str(error.detail)}, error.status_code)
        if isinstance(error, RequestValidationError):
            first = error.errors()[0]
            return JSONResponse({"error": plain(f"{first['loc'][-1]}: {first['msg']}.")}, 400)
        status = error.status if isinstance(error, Failed) else STATUS[type(error)]
        return JSONResponse({"error": plain(error)}, status)

    for kind in (HTTPException, RequestValidationError, Failed, *STATUS):
        app.add_exception_handler(kind, told)
