"""Many pictures in a request: a row for each, in order; failures are rows."""

import asyncio
import json

import pytest

from clearsight.classifier import load
from clearsight.serving.web.many import in_turn
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
        return answer, here.first.admission

    answer, admission = on(ask, artefacts / "pets", deadline=20.0)
    rows = [json.loads(line) for line in answer.text.splitlines()]
    wanted = list(load(artefacts / "pets").faster().classify_many(bodies, top=1))
    assert answer.headers["content-type"] == "application/x-ndjson" and len(rows) == 40
    assert rows[3].keys() == {"source", "error"} and "not a picture" in rows[3]["error"]
    assert all(len(row["top"]) == 1 for row in rows if "top" in row)
    for row, theirs in zip(rows, wanted, strict=True):
        if "label" in row:
            assert row["label"] == theirs.label and row["confidence"] == pytest.approx(theirs.confidence, abs=1e-5)
    assert (admission.pictures, admission.memory.held) == (0, 0)


def test_many_pictures_take_their_places_in_the_queue(artefacts):
    async def ask(here):
        with here.first.admission.admitted(60, 0):
            return [(await here.client.post(MANY, content=framed(*[png(picture(0))] * n))).status_code for n in (1, 4, 5, 40)]

    assert on(ask, artefacts / "pets") == [200, 200, 503, 503]

    async def narrow(here):
        return (await here.client.post(MANY, content=framed(*[png(picture(0))] * 9))).status_code

    assert on(narrow, artefacts / "pets", queue=2) == 200


def test_what_is_asked_is_refused_before_anything_is_computed(artefacts):
    async def ask(here):
        return await here.client.post(MANY, content=framed(b"x"), params={"coverage": 0.99})

    answer = on(ask, artefacts / "pets")
    assert answer.status_code == 400 and "calibration answers" in answer.json()["error"]


def test_a_window_is_worked_on_and_an_error_comes_out_bare():
    now, most = 0, 0

    async def work(n):
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        if n < 0:
            raise ValueError("negative")
        return 2 * n

    assert run(in_turn(work, range(50), 7)) == [2 * n for n in range(50)] and most == 7
    with pytest.raises(ValueError, match="negative"):
        run(in_turn(work, [1, -1, 2], 2))
