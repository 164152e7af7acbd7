"""Routes in this process: the answer of the classifier, and an error in one line for everything else."""

import asyncio
from dataclasses import asdict
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from clearsight.classifier import load
from tests.loop import until
from tests.rubbish.bad import EITHER, REFUSED

from ..conftest import CLASSIFY, on, picture, png


def test_it_answers_as_the_classifier_does(artefacts):
    asked = {"top": 2, "coverage": 0.9, "false_alarms": 0.05}

    async def ask(here):
        return [await here.client.post(CLASSIFY, content=png(picture(n)), params=asked) for n in range(4)]

    ours = load(artefacts / "pets").faster()
    for n, answer in enumerate(on(ask, artefacts / "pets")):
        assert answer.status_code == 200
        wanted = asdict(ours.classify(png(picture(n)), **asked))
        found = answer.json()
        assert found.keys() == wanted.keys() and found["labels"] == list(wanted["labels"])
        assert found["confidence"] == pytest.approx(wanted["confidence"], abs=1e-5)
        assert [one["label"] for one in found["top"]] == [one["label"] for one in wanted["top"]]


WRONG = [
    (CLASSIFY, b"hello", {}, 400, "it looks like text"),
    (CLASSIFY, b"", {}, 400, "The body is empty"),
    (CLASSIFY, b"x", {"content-type": "multipart/form-data; boundary=x"}, 415, "curl --data-binary"),
    (CLASSIFY, b"x", {"content-length": "99999999"}, 413, "20,971,520 bytes"),
    (CLASSIFY, b"x", {"content-length": "9" * 30}, 413, "Got 9999"),
    (CLASSIFY, b"x", {"content-length": "-1"}, 411, "Content-Length"),
    (CLASSIFY, b"x", {"content-length": "٣".encode()}, 411, "Content-Length"),
    (CLASSIFY, b"xx", {"content-length": "1"}, 400, "another length"),
    (CLASSIFY, b"x", {"content-length": "2"}, 400, "another length"),
    (f"{CLASSIFY}?top=0", b"x", {}, 400, "greater than or equal to 1. Got '0'"),
    (f"{CLASSIFY}?coverage=90%25", b"x", {}, 400, "coverage"),
    (f"{CLASSIFY}?coverage=0.99", b"x", {}, 400, "needs 99 calibration answers"),
    ("/v1/models/dogs/classify", b"x", {}, 404, "There is: pets"),
    ("/v1/models/../../etc/passwd", b"x", {}, 404, ""),
    ("/nowhere", b"x", {}, 404, ""),
]  # fmt: skip


def test_what_is_wrong_is_said_in_a_line(artefacts):
    async def ask(here):
        return [await here.client.post(path, content=body, headers=headers) for path, body, headers, _, _ in WRONG]

    for answer, (*_, status, says) in zip(on(ask, artefacts / "pets"), WRONG, strict=True):
        assert answer.status_code == status and says in answer.json()["error"]
        assert "\n" not in answer.json()["error"] and str(artefacts) not in answer.text


def test_a_body_without_a_length_is_refused(artefacts):
    async def chunks():
        yield b"x"

    async def ask(here):
        return await here.client.post(CLASSIFY, content=chunks())

    assert on(ask, artefacts / "pets").status_code == 411


@pytest.mark.parametrize("every", [9, pytest.param(1, marks=pytest.mark.slow)])
def test_the_hostile_corpus_gets_400(artefacts, every):
    async def ask(here):
        names = list(REFUSED)[::every]
        refused = {name: (await here.client.post(CLASSIFY, content=REFUSED[name][0] or b" ")).status_code for name in names}
        either = {name: (await here.client.post(CLASSIFY, content=EITHER[name]())).status_code for name in EITHER if every == 1}
        return refused, either, here

    refused, either, here = on(ask, artefacts / "pets", deadline=30.0)
    assert refused and {name: status for name, status in refused.items() if status not in (400, 413)} == {}
    assert {name: status for name, status in either.items() if status not in (200, 400)} == {}
    assert (here.first.admission.pictures, here.server.memory.held) == (0, 0)


def test_overload_is_refused_and_deadlines_are_kept(artefacts):
    async def ask(here):
        gate = asyncio.Event()
        compute = here.first.batcher._compute

        async def held(tickets):
            await gate.wait()
            await compute(tickets)

        here.first.batcher._compute = held
        waiting = [asyncio.ensure_future(here.client.post(CLASSIFY, content=png(picture(n)))) for n in range(4)]
        await until(lambda: here.first.admission.pictures == 4)
        refused = await here.client.post(CLASSIFY, content=png(picture(9)))
        late = await asyncio.gather(*waiting)
        gate.set()
        await until(lambda: not here.first.batcher.lost())  # the pictures that were held are computed first, for clients that have gone
        after = await here.client.post(CLASSIFY, content=png(picture(9)))
        return refused, late, after

    refused, late, after = on(ask, artefacts / "pets", queue=4, deadline=2.0)
    assert refused.status_code == 503 and int(refused.headers["retry-after"]) >= 1
    assert [one.status_code for one in late] == [504] * 4
    assert after.status_code == 200


def test_readiness_ends_with_draining(artefacts):
    async def ask(here):
        before = await here.client.get("/readyz"), await here.client.get("/livez")
        here.server.state.draining = True
        after = await here.client.get("/readyz"), await here.client.get("/livez")
        still = await here.client.post(CLASSIFY, content=png(picture(0)))
        return before, after, still

    before, after, still = on(ask, artefacts / "pets")
    assert [one.status_code for one in before] == [200, 200]
    assert [one.status_code for one in after] == [503, 200]
    assert still.status_code == 200 and still.headers["connection"] == "close"


def test_a_client_that_has_gone_is_not_computed_for(artefacts):
    async def ask(here):
        body, sent = png(picture(0)), []
        messages = [{"type": "http.request", "body": body, "more_body": False}, {"type": "http.disconnect"}]

        async def receive():
            return messages.pop(0) if messages else await asyncio.sleep(60)

        async def send(message):
            sent.append(message)

        here.first.batcher._arrived = asyncio.Event()  # the batcher sleeps
        headers = [(b"host", b"localhost"), (b"content-length", str(len(body)).encode())]
        scope = {
            "type": "http", "method": "POST", "path": CLASSIFY, "raw_path": CLASSIFY.encode(), "query_string": b"", "headers": headers,
            "http_version": "1.1", "scheme": "http", "server": ("localhost", 80), "client": ("127.0.0.1", 1), "root_path": "",
        }  # fmt: skip
        await here.app(scope, receive, send)
        return sent[0]["status"], here.first.batcher._next(), here.first.admission.pictures

    assert on(ask, artefacts / "pets") == (499, [], 0)


def test_models_and_openapi_are_listed(artefacts):
    async def ask(here):
        return await here.client.get("/v1/models"), await here.client.get("/openapi.json")

    models, openapi = on(ask, artefacts / "pets", artefacts / "others")
    told = models.json()["models"]
    assert [one["name"] for one in told] == ["pets", "others"]
    assert told[0]["golden_samples"] == 3 and told[0]["classes"] == ["cat", "dog", "eel"] and len(told[0]["model"]) == 64
    assert "/v1/models/{model}/classify" in openapi.json()["paths"]


def test_head_has_the_status_of_get_and_none_of_post(artefacts):
    async def ask(here):
        paths = ("/readyz", "/livez", "/metrics", "/v1/models", "/v2/health/ready", "/docs", CLASSIFY)
        return [(await here.client.head(path)).status_code for path in paths]

    assert on(ask, artefacts / "pets") == [200] * 6 + [405]


def test_large_pictures_of_all_formats_are_fitted_as_ever(artefacts):
    colour = Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8))
    bodies = {}
    for kind in ("JPEG", "PNG", "WEBP", "BMP", "TIFF"):
        stream = BytesIO()
        colour.save(stream, kind)
        bodies[kind] = stream.getvalue()

    async def ask(here):
        return {kind: (await here.client.post(CLASSIFY, content=data)).json()["confidence"] for kind, data in bodies.items()}

    ours = load(artefacts / "pets")
    assert on(ask, artefacts / "pets") == pytest.approx({kind: ours.classify(data).confidence for kind, data in bodies.items()}, abs=1e-5)
