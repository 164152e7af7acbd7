"""Bodies that come slowly, or not as announced; the other cases are in test_app.py."""

import asyncio

import pytest

from clearsight.serving.web import body
from clearsight.serving.web.body import Refused
from tests.loop import run


class Slow:
    """A request of which a byte comes every hundredth of a second."""

    async def stream(self):
        while True:
            await asyncio.sleep(0.01)
            yield b"x"


def test_a_slow_body_is_given_up(monkeypatch):
    monkeypatch.setattr(body, "BODY_SECONDS", 0.05)
    held = []
    with pytest.raises(Refused, match=r"did not arrive within 0 s: \d of 1,000 bytes came") as refused:
        run(body.read(Slow(), 1000, held.append))
    assert refused.value.status == 408 and held and set(held) == {1}


def test_a_body_longer_than_announced_is_not_read_on():
    with pytest.raises(Refused, match="another length") as refused:
        run(body.read(Slow(), 3, lambda size: None))
    assert refused.value.status == 400
