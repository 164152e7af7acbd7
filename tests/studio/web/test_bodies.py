"""Bodies have a limit, and are one JSON object where one is expected."""

import pytest
from starlette.exceptions import HTTPException

from clearsight.studio.web.bodies import json_object, read
from tests.loop import run


class Sent:
    """A request whose body comes in parts."""

    def __init__(self, *parts: bytes) -> None:
        self.parts, self.taken = parts, 0

    async def stream(self):
        for part in self.parts:
            self.taken += 1
            yield part


def test_a_body_of_many_parts_is_one():
    assert run(read(Sent(b"ab", b"", b"c"), 3, "")) == b"abc"
    assert run(json_object(Sent(b'{"a"', b": 1}"), 99, "")) == {"a": 1}


def test_too_much_is_refused_while_it_comes():
    sent = Sent(*[b"x" * 10] * 1000)
    with pytest.raises(HTTPException) as caught:
        run(read(sent, 25, "at most 25 letters."))
    assert (caught.value.status_code, caught.value.detail, sent.taken) == (413, "at most 25 letters.", 3)


@pytest.mark.parametrize("body", [b"", b"[1]", b"1", b"{", b"\xff", b"[" * 100_000, b"null"])
def test_what_is_no_object_is_refused(body):
    with pytest.raises(HTTPException) as caught:
        run(json_object(Sent(body), 10**6, ""))
    assert caught.value.status_code == 400
