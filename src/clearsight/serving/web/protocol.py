"""The Open Inference Protocol, version 2, with its binary extension: tensors of pictures in, tensors of probabilities and labels out.

Inputs are `pictures`, UINT8 `[n, height, width, channels]`, or `encoded`, BYTES `[n]`, in the binary extension only: what BYTES are in
JSON is not defined.
"""

import asyncio
import json
import math
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

import numpy as np
import torch
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from numpy.typing import NDArray

from ... import __version__
from ...base.errors import UnreadableImage
from ...classifier import Classifier
from ..options import MANY_BYTES, MANY_PICTURES
from . import body
from .answering import Server, unless_gone
from .body import Refused
from .many import in_turn, places_for

HEADER = "inference-header-content-length"
JSON_BYTES = 2**22  # of a request's JSON: numbers in text take ten times their memory
PICTURES, ENCODED = "pictures", "encoded"
Picture = bytes | NDArray[np.uint8]


def metadata(name: str, classifier: Classifier) -> dict[str, Any]:
    """The inputs and outputs of a model."""
    channels, classes = classifier.preprocessing.channels, len(classifier.classes)
    return {
        "name": name,
        "versions": ["1"],
        "platform": "clearsight",
        "inputs": [
            {"name": PICTURES, "datatype": "UINT8", "shape": [-1, -1, -1, channels]},
            {"name": ENCODED, "datatype": "BYTES", "shape": [-1]},
        ],
        "outputs": [
            {"name": "probabilities", "datatype": "FP32", "shape": [-1, classes]},
            {"name": "label", "datatype": "BYTES", "shape": [-1]},
        ],
    }


def parsed(data: bytes, header: str | None) -> tuple[dict[str, Any], list[Picture]]:
    """The JSON of a request and its pictures, `header` being the length of the JSON; raises Refused (400) for anything else."""
    if header is not None and not (header.isascii() and header.isdigit() and len(header) < 15 and int(header) <= len(data)):
        raise Refused(400, f"{HEADER} must be the length of the JSON, at most that of the body. Got {header:.40}.")
    size = len(data) if header is None else int(header)
    if size > JSON_BYTES:
        raise Refused(413, f"The JSON may have {JSON_BYTES:,} bytes: send tensors with the binary extension.")
    try:
        asked = json.loads(data[:size])
    except (ValueError, RecursionError):
        raise Refused(400, "The request is not JSON; with tensors after it, its length is in Inference-Header-Content-Length.") from None
    inputs = asked.get("inputs") if isinstance(asked, dict) else None
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise Refused(400, f"A request needs one input, {PICTURES} (UINT8) or {ENCODED} (BYTES).")
    return asked, _pictures(inputs[0], data[size:])


def _pictures(tensor: Mapping[str, Any], binary: bytes) -> list[Picture]:
    shape, kind = tensor.get("shape"), tensor.get("datatype")
    if not isinstance(shape, list) or not shape or not all(type(n) is int and 0 < n < 2**31 for n in shape):
        raise Refused(400, f"The shape of an input must be a list of whole numbers from 1 on. Got {shape!r:.60}.")
    if shape[0] > MANY_PICTURES:
        raise Refused(413, f"One request may have {MANY_PICTURES:,} pictures. Got {shape[0]:,}.")
    parameters = tensor.get("parameters")
    said = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
    if said is not None and said != len(binary):
        raise Refused(400, f"binary_data_size must be {len(binary):,}, the bytes after the JSON. Got {said!r:.40}.")
    if kind == "BYTES":
        if said is None:
            raise Refused(400, "BYTES are taken with the binary extension only: set binary_data_size.")
        return _encoded(binary, shape)
    if kind != "UINT8" or len(shape) != 4:
        raise Refused(400, f"An input is UINT8 [n, height, width, channels] or BYTES [n]. Got {kind!r:.40} {shape!r:.60}.")
    if math.prod(shape) > MANY_BYTES:
        raise Refused(413, f"An input may have {MANY_BYTES:,} values.")
    values = np.frombuffer(binary, np.uint8) if said is not None else _numbers(tensor.get("data"))
    if values.size != math.prod(shape):
        raise Refused(400, f"The shape {shape} needs {math.prod(shape):,} values. Got {values.size:,}.")
    return list(values.reshape(shape))


def _encoded(binary: bytes, shape: list[int]) -> list[Picture]:
    found: list[Picture] = []
    place = 0
    while place < len(binary) and len(found) <= MANY_PICTURES:
        size = int.from_bytes(binary[place : place + 4], "little")
        found.append(binary[place + 4 : place + 4 + size])
        place += 4 + size
    if place != len(binary) or len(found) != math.prod(shape):
        raise Refused(400, f"The shape {shape} needs {math.prod(shape):,} byte strings, each after its length in four bytes.")
    return found


def _numbers(data: Any) -> NDArray[np.uint8]:
    """Whole numbers from 0 to 255 in a list, flat or nested."""
    try:
        values = np.array(data)
    except ValueError:
        values = np.empty(0)
    if not np.issubdtype(values.dtype, np.integer) or not values.size or values.min() < 0 or values.max() > 255:
        raise Refused(400, "UINT8 data must be whole numbers from 0 to 255, not normalised: the preprocessing is the model's.")
    return values.astype(np.uint8).ravel()


def answer(name: str, asked: Mapping[str, Any], probabilities: NDArray[np.float32], classes: tuple[str, ...]) -> Response:
    """The response with the tensors that were `asked` for, in JSON or after it."""
    labels = [classes[i].encode() for i in probabilities.argmax(1)]
    tensors: dict[str, tuple[str, list[int], Any, bytes]] = {
        "probabilities": ("FP32", list(probabilities.shape), probabilities.ravel().tolist(), probabilities.astype("<f4").tobytes()),
        "label": (
            "BYTES", [len(labels)], [label.decode() for label in labels], b"".join(len(s).to_bytes(4, "little") + s for s in labels)
        ),
    }  # fmt: skip
    told, after = [], b""
    for output, binary in _outputs(asked, list(tensors)):
        kind, shape, data, raw = tensors[output]
        row: dict[str, Any] = {"name": output, "datatype": kind, "shape": shape}
        told.append(row | ({"parameters": {"binary_data_size": len(raw)}} if binary else {"data": data}))
        after += raw if binary else b""
    said = {"model_name": name, "model_version": "1", "outputs": told}
    said |= {"id": asked["id"]} if isinstance(asked.get("id"), str) else {}
    if not after:
        return JSONResponse(said)
    text = json.dumps(said).encode()
    return Response(text + after, media_type="application/octet-stream", headers={HEADER: str(len(text))})


def _outputs(asked: Mapping[str, Any], names: list[str]) -> list[tuple[str, bool]]:
    """Name of each output that is wanted, and whether in binary."""

    def flag(table: Any, name: str) -> bool:
        return isinstance(table, dict) and table.get(name) is True

    wanted, every = asked.get("outputs") or [{"name": name} for name in names], flag(asked.get("parameters"), "binary_data_output")
    if not isinstance(wanted, list) or not all(isinstance(one, dict) and one.get("name") in names for one in wanted):
        raise Refused(400, f"outputs must be a list of tables with a name. There is: {', '.join(names)}.")
    return [(one["name"], flag(one.get("parameters"), "binary_data") or every) for one in wanted]


def routes(server: Server) -> APIRouter:
    """The routes of the protocol."""
    router = APIRouter(prefix="/v2")

    @router.get("")
    async def about() -> dict[str, Any]:
        """The server and its extensions."""
        return {"name": "clearsight", "version": __version__, "extensions": ["binary_tensor_data"]}

    @router.get("/health/live")
    async def live() -> dict[str, bool]:
        """Whether the process responds."""
        return {"live": True}

    @router.get("/health/ready")
    async def ready() -> JSONResponse:
        """As /readyz."""
        return JSONResponse({"ready": not server.state.draining}, 503 if server.state.draining else 200)

    @router.get("/models/{model}/ready")
    async def model_ready(model: str) -> JSONResponse:
        """As /readyz, for a model."""
        server.model(model)
        return await ready()

    @router.get("/models/{model}")
    async def about_model(model: str) -> dict[str, Any]:
        """The inputs and outputs of a model."""
        return metadata(model, server.model(model).loaded.classifier)

    @router.post("/models/{model}/infer")
    async def infer(model: str, request: Request) -> Response:
        """Probabilities and labels of pictures."""
        served, size = server.model(model), body.length(request, MANY_BYTES)
        with server.memory.taken() as hold:
            data = await body.read(request, size, hold)
            asked, pictures = await asyncio.to_thread(parsed, data, request.headers.get(HEADER))
            _outputs(asked, ["probabilities", "label"])  # refused before anything is computed
            loaded = served.loaded

            async def scored(numbered: tuple[int, Picture]) -> torch.Tensor:
                try:
                    return (await server.scored(served, loaded, numbered[1])).logits
                except UnreadableImage as error:
                    raise Refused(400, f"picture {numbered[0]}: {error.reason}") from None

            async def every(window: int) -> torch.Tensor:
                async with aclosing(in_turn(scored, list(enumerate(pictures)), window)) as found:
                    return torch.cat([one async for one in found])

            with places_for(served, len(pictures)) as window:
                logits = await unless_gone(request, every(window))
        probabilities = torch.softmax(logits / loaded.classifier.temperature, 1).numpy()
        return answer(model, asked, probabilities, loaded.classifier.classes)

    return router
