"""The bodies of requests, read with a limit: more is refused while it comes."""

import json
from typing import Any

from fastapi import Request
from starlette.exceptions import HTTPException


async def read(request: Request, most: int, refusal: str) -> bytes:
    """The bytes of a body, at most so many; raises HTTPException with the words of the refusal."""
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > most:
            raise HTTPException(413, refusal)
    return bytes(data)


async def json_object(request: Request, most: int, refusal: str) -> dict[str, Any]:
    """The JSON object that a body is; raises HTTPException for anything else."""
    try:
        asked = json.loads(await read(request, most, refusal))
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        raise HTTPException(400, "the body is one JSON object.")
    return asked
