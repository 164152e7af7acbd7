"""Connections on a real socket: a refusal before anything is parsed, the same bytes to HTTP otherwise, and none that stays open."""

import asyncio
import json
import select
import socket
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import uvicorn
from uvicorn.server import ServerState

from clearsight.serving.server import bound
from clearsight.serving.web import gate
from clearsight.serving.web.gate import Door, Gate, Impatient
from tests.loop import run

POST = b"POST /v1/models/pets/classify HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n"


async def app(scope, receive, send):
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message["body"]), message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"6")]})
    await send({"type": "http.response.body", "body": b"%6d" % size})


def on(scenario, wait):
    """Run `scenario(reader, writer, state)` with a connection to a gate."""

    async def whole():
        config, state = uvicorn.Config(app, http=Impatient, ws="none", lifespan="off", log_config=None), ServerState()
        made, coming = [], set()

        def connected():
            made.append(Gate(lambda: Impatient(config=config, server_state=state, app_state={}), wait, state.connections, coming))
            return made[-1]

        server = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        try:
            async with asyncio.timeout(30):
                return await scenario(SimpleNamespace(reader=reader, writer=writer, state=state, made=made, coming=coming))
        finally:
            writer.close()
            server.close()

    return run(whole())


def test_a_full_server_refuses_before_it_parses():
    asked = []

    async def scenario(here):
        here.writer.write(POST)
        head = await here.reader.readuntil(b"\r\n\r\n")
        here.writer.write(bytes(100_000))  # the rest of the body does no harm
        body = await here.reader.read()
        assert head.startswith(b"HTTP/1.1 503 ") and b"Retry-After: 7\r\n" in head and b"Content-Length: %d" % len(body) in head
        assert here.state.connections == set(here.made)
        return body

    body = on(scenario, lambda: asked.append(1) or 7)
    assert json.loads(body) == {"error": "All places are taken: try again in 7 s."} and asked == [1]


def test_with_room_http_gets_every_byte_and_the_connection():
    async def scenario(here):
        here.writer.write(POST)
        await here.writer.drain()
        here.writer.write(bytes(100_000))
        answer = await here.reader.read()
        return answer, here.made[0] in here.state.connections

    answer, kept = on(scenario, lambda: 0)
    assert answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"100000") and not kept


@pytest.mark.parametrize("sent", [b"", POST[:20]])
def test_what_dawdles_is_closed(monkeypatch, sent):
    monkeypatch.setattr(gate, "HEADER_SECONDS", 0.01)

    async def scenario(here):
        here.writer.write(sent)
        return await here.reader.read(), here.state.connections

    assert on(scenario, lambda: 0) == (b"", set())


def test_the_end_of_a_server_closes_what_has_asked_nothing():
    async def scenario(here):
        while not here.state.connections:
            await asyncio.sleep(0)
        for connection in list(here.state.connections):
            connection.shutdown()
        return await here.reader.read()

    assert on(scenario, lambda: 0) == b""


ASKED = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize("asks", [True, False])
def test_the_end_of_a_server_answers_what_is_under_way_on_a_kept_connection(monkeypatch, asks):
    monkeypatch.setattr(gate, "LINGER", 20.0 if asks else 0.01)

    async def scenario(here):
        here.writer.write(ASKED)
        first = await here.reader.readuntil(b"     0")
        (connection,) = here.state.connections
        connection.shutdown()
        if asks:
            here.writer.write(ASKED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        return first, await here.reader.read()

    first, rest = on(scenario, lambda: 0)
    assert first.startswith(b"HTTP/1.1 200 ") and (rest.startswith(b"HTTP/1.1 200 ") if asks else rest == b"")


@contextmanager
def door(shed):
    """A door, and a client that is connected to it."""
    with bound("127.0.0.1", 0) as listening:
        made = Door(listening, shed, set())
    with made, socket.socket() as client:
        made.listen()
        made.setblocking(False)
        client.connect(made.getsockname())
        yield made, client


def accepted(at, client, data):
    """What `accept` returns once `data` has arrived."""
    client.sendall(data)
    select.select([at], [], [], 10)
    return at.accept()


WHOLE = b"POST /v1/models/pets/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody"


def test_a_whole_request_is_refused_where_it_is_accepted():
    with door(lambda: 7) as (here, client):
        with pytest.raises(BlockingIOError):
            accepted(here, client, WHOLE)
        answer = client.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 503 ") and answer.endswith(b'{"error": "All places are taken: try again in 7 s."}')
        assert b"Retry-After: 7\r\n" in answer and not here.coming


@pytest.mark.parametrize("data", [WHOLE[:-1], WHOLE + b"P", WHOLE.replace(b"POST", b"GET"), POST, b"POST / HTTP/1.1\r\n\r\n", b"\x16\x03"])
def test_what_is_no_whole_request_for_pictures_is_not_judged_at_the_door(data):
    with door(lambda: pytest.fail("asked for room")) as (here, client):
        connection, address = accepted(here, client, data)
        with connection:
            assert connection.recv(1000) == data and address == client.getsockname() and not here.coming


def test_a_request_that_has_room_is_coming_until_it_is_routed_or_gone():
    with door(lambda: 0) as (here, client):
        connection, address = accepted(here, client, WHOLE)
        connection.close()
        assert here.coming == {address}

    async def scenario(here):
        here.writer.write(POST)
        while not here.coming:
            await asyncio.sleep(0)
        assert here.coming == {here.writer.get_extra_info("sockname")}
        here.writer.transport.abort()
        while here.coming:
            await asyncio.sleep(0)

    on(scenario, lambda: 0)
