"""Many pictures in a request: a row for each, in order; failures are rows."""

import asyncio
import json
from contextlib import ExitStack, aclosing

import pytest

from clearsight.classifier import load
from clearsight.serving.web import many
from clearsight.serving.web.many import Lines, in_turn
from tests.loop import run

from ..conftest import on, picture, png

MANY = "/v1/models/pets/classify-many"


def framed(*pictures: bytes) -> bytes:
    return b"".join(len(data).to_bytes(4, "big") + data for data in pictures)


def test_rows_are_in_order_and_failures_among_them(artefacts):
    bodies = [png(picture(n)) for n in range(40)]
    bodies[3] = b"no picture"

    async def ask(here):
        answer = await here.client.post(MANY, content=framed(*bodies), params={"top": 1})
        return answer, here

    answer, here = on(ask, artefacts / "pets", deadline=20.0)
    rows = [json.loads(line) for line in answer.text.splitlines()]
    wanted = list(load(artefacts / "pets").faster().classify_many(bodies, top=1))
    assert answer.headers["content-type"] == "application/x-ndjson" and len(rows) == 40
    assert rows[3].keys() == {"source", "error"} and "not a picture" in rows[3]["error"]
    assert all(len(row["top"]) == 1 for row in rows if "top" in row)
    for row, theirs in zip(rows, wanted, strict=True):
        if "label" in row:
            assert row["label"] == theirs.label and row["confidence"] == pytest.approx(theirs.confidence, abs=1e-5)
    assert (here.first.admission.pictures, here.server.memory.held) == (0, 0)


def test_many_pictures_take_their_places_in_the_queue(artefacts):
    async def ask(here):
        with here.first.admission.admitted(12):
            return [(await here.client.post(MANY, content=framed(*[png(picture(0))] * n))).status_code for n in (1, 4, 5, 40)]

    assert on(ask, artefacts / "pets") == [200, 200, 503, 503]

    async def narrow(here):
        return (await here.client.post(MANY, content=framed(*[png(picture(0))] * 9))).status_code

    assert on(narrow, artefacts / "pets", queue=2) == 200


def test_many_pictures_leave_places_for_single_ones(artefacts):
    async def ask(here):
        with here.first.admission.admitted_bulk(1000) as places:
            many = await here.client.post(MANY, content=framed(*[png(picture(0))] * 2))
            alone = await here.client.post(MANY, content=framed(png(picture(0))))
            return places, many.status_code, many.headers["retry-after"], alone.status_code

    assert on(ask, artefacts / "pets", queue=16) == (8, 503, "1", 200)


def test_what_is_asked_is_refused_before_anything_is_computed(artefacts):
    async def ask(here):
        return await here.client.post(MANY, content=framed(b"x"), params={"coverage": 0.99})

    answer = on(ask, artefacts / "pets")
    assert answer.status_code == 400 and "calibration answers" in answer.json()["error"]


def test_results_come_in_order_as_they_are_ready_a_window_at_a_time():
    now, most, begun = 0, 0, []

    async def work(n):
        nonlocal now, most
        begun.append(n)
        now += 1
        most = max(most, now)
        for _ in range(20 + n % 3):
            await asyncio.sleep(0)
        now -= 1
        if n < 0:
            raise ValueError("negative")
        return 2 * n

    async def every(things, window):
        return [one async for one in in_turn(work, things, window)]

    async def first():
        async with aclosing(in_turn(work, range(1000), 7)) as found:
            return await anext(found)

    assert run(every(range(50), 7)) == [2 * n for n in range(50)] and most == 7
    begun.clear()
    assert run(first()) == 0 and len(begun) == 7  # the others have not begun: what is not read is not computed
    with pytest.raises(ValueError, match="negative"):
        run(every([1, -1, 2], 2))


def test_rows_are_sent_as_they_come_and_a_client_that_goes_gives_back_its_places(artefacts):
    body = framed(*[png(picture(n)) for n in range(30)])

    async def ask(here):
        sent, gone = [], asyncio.Event()
        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive():
            if messages:
                return messages.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)
            if len(sent) == 4:  # the head and three rows
                gone.set()
                await asyncio.sleep(60)

        headers = [(b"host", b"localhost"), (b"content-length", str(len(body)).encode())]
        scope = {
            "type": "http", "method": "POST", "path": MANY, "raw_path": MANY.encode(), "query_string": b"", "headers": headers,
            "http_version": "1.1", "scheme": "http", "server": ("localhost", 80), "client": ("127.0.0.1", 1), "root_path": "",
        }  # fmt: skip
        await here.app(scope, receive, send)
        return sent, here

    sent, here = on(ask, artefacts / "pets", deadline=20.0)
    named = [json.loads(one["body"])["source"] for one in sent[1:]]
    assert sent[0]["status"] == 200 and named == [f"<frame at {n}>" for n in places(body)[:3]]
    assert (here.first.admission.pictures, here.server.memory.held) == (0, 0)


def test_a_client_that_does_not_read_is_disconnected(monkeypatch):
    monkeypatch.setattr(many, "BODY_SECONDS", 0.01)
    held, ended = ExitStack(), []
    held.callback(ended.append, "held")

    async def lines():
        try:
            while True:
                yield b"{}\n"
        finally:
            ended.append("lines")

    async def stuck(*_):
        await asyncio.sleep(60)

    run(Lines(lines(), held)({"type": "http"}, stuck, stuck))
    assert ended == ["held"]  # its head was not read, so no line was begun


def places(body: bytes) -> list[int]:
    """Where the frames begin."""
    found, place = [], 0
    while place < len(body):
        found.append(place)
        place += 4 + int.from_bytes(body[place : place + 4], "big")
    return found
