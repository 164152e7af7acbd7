"""Bodies of requests: their announced length, and their bytes within a time limit."""

import asyncio
from collections.abc import Callable

from fastapi import Request

from ..options import BODY_SECONDS


class Refused(Exception):
    """A request that is answered with `status` and one line."""

    def __init__(self, status: int, error: str) -> None:
        self.status, self.error = status, error
        super().__init__(error)


def length(request: Request, most: int) -> int:
    """The Content-Length; raises Refused without one (411), and for more than `most` (413)."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        raise Refused(415, "Send the picture itself as the body, not a form: curl --data-binary @cat.jpg ADDRESS")
    said = request.headers.getlist("content-length")
    if "transfer-encoding" in request.headers or len(said) != 1 or not (said[0].isascii() and said[0].isdigit()):
        raise Refused(411, "A request needs a Content-Length, and no Transfer-Encoding.")
    if len(said[0]) > 15 or int(said[0]) > most:
        raise Refused(413, f"A body may have {most:,} bytes. Got {said[0]:.20}.")
    if not int(said[0]):
        raise Refused(400, "The body is empty; it must be the picture, as in: curl --data-binary @cat.jpg ADDRESS")
    return int(said[0])


async def read(request: Request, size: int, hold: Callable[[int], None]) -> bytes:
    """The body of `size` bytes, each part told to `hold`; raises Refused where it takes too long (408) or has another length (400)."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                hold(len(chunk))
                body += chunk
                if len(body) > size:
                    break
    except TimeoutError:
        raise Refused(408, f"The body did not arrive within {BODY_SECONDS:.0f} s: {len(body):,} of {size:,} bytes came.") from None
    if len(body) != size:
        raise Refused(400, f"The body has another length than its Content-Length of {size:,} bytes.")
    return bytes(body)
