"""An error inside the network: every route answers, and says no more than its kind."""

import asyncio

import pytest

from clearsight.serving.answering import unless_gone

from .conftest import CLASSIFY, on, picture, png


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

    assert asyncio.run(unless_gone(Patient(), work(False))) == 5
    with pytest.raises(ValueError, match="bad"):
        asyncio.run(unless_gone(Patient(), work(True)))
