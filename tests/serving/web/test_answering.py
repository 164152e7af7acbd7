"""An error inside the network: every route answers, and says no more than its kind."""

import asyncio

import pytest

from clearsight.serving.web.answering import unless_gone
from tests.loop import run

from ..conftest import CLASSIFY, on, picture, png


def test_a_bug_is_a_500_without_its_words(artefacts):
    async def ask(here):
        async def broken(*_):
            raise RuntimeError("/secret/path")

        here.first.batcher.score = broken
        with pytest.raises(RuntimeError):  # uvicorn writes it to the log
            await here.client.post(CLASSIFY, content=png(picture(0)))
        here.client._transport.raise_app_exceptions = False
        return await here.client.post(CLASSIFY, content=png(picture(0)))

    answer = on(ask, artefacts / "pets")
    assert answer.status_code == 500 and "secret" not in answer.text and "RuntimeError" in answer.json()["error"]


def test_work_is_returned_or_its_error_raised():
    class Patient:
        async def receive(self):
            await asyncio.sleep(60)

    async def work(error):
        if error:
            raise ValueError("bad")
        return 5

    assert run(unless_gone(Patient(), work(False))) == 5
    with pytest.raises(ValueError, match="bad"):
        run(unless_gone(Patient(), work(True)))


def test_a_server_sheds_where_no_model_has_room(artefacts):
    async def ask(here):
        pets, others = here.server.served.values()
        with pets.admission.admitted(4):
            one = here.server.shed(), here.server.wait(CLASSIFY), here.server.wait("/v1/models")
            with others.admission.admitted(4):
                both = here.server.shed()
        return one, both, here.server.metrics.text()

    (one, pets, listing), both, text = on(ask, artefacts / "pets", artefacts / "others", queue=4)
    assert (one, listing) == (0, 0) and pets >= 1 and both >= 1
    assert b'clearsight_requests_total{route="shed",status="503"} 1.0' in text


def test_damaged_pictures_do_not_slow_the_pace_of_others(artefacts):
    async def ask(here):
        now, pace = [0.0], here.first.admission.pace
        pace.clock = lambda: now[0]

        async def post(body):
            now[0] += 0.01
            return (await here.client.post(CLASSIFY, content=body)).status_code

        with here.first.admission.admitted():  # there is always work
            statuses = {await post(b"none") for _ in range(150)} | {await post(png(picture(0)))}
        return statuses, pace.value

    statuses, pace = on(ask, artefacts / "pets", deadline=20.0)
    assert statuses == {400, 200} and 0.005 < pace < 0.02
