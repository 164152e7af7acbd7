"""One real process on a real socket: signals, slow clients, the end."""

import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from clearsight.base.errors import ClearsightError
from clearsight.serving.server import bound
from clearsight.serving.web.gate import Door
from tests.loop import sends_at_once

from .conftest import CLASSES, CLASSIFY, picture, png


@pytest.fixture(scope="module")
def process(artefacts):
    words = [sys.executable, "-m", "clearsight", "serve", str(artefacts / "pets"), "--port", "0", "--lame-duck", "0.2"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as running:
        lines = []
        for line in running.stderr:
            lines.append(line)
            if found := re.search(r"ready at (http://127\.0\.0\.1:\d+)", line):
                running.address = found[1]
                break
        assert lines[0].startswith("clearsight: pets: ") and "3 golden samples are reproduced" in lines[0]
        yield running
        running.kill()


def test_the_client_of_the_page_runs(process, artefacts, tmp_path, monkeypatch, capsys):
    (tmp_path / "cat.jpg").write_bytes(png(picture(0)))
    monkeypatch.chdir(tmp_path)
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "serve.md").read_text(encoding="utf-8")
    client, golden = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, object] = {}
    exec(client.replace("http://127.0.0.1:8000", process.address), names)
    assert capsys.readouterr().out.strip() in CLASSES
    exec(golden.replace("runs/pets", str(artefacts / "pets")), names)
    assert capsys.readouterr().out.startswith("3 golden samples get")


def test_the_commands_of_the_page_run(process, tmp_path):
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    (tmp_path / "cats").mkdir()
    for path in (tmp_path / "cat.jpg", tmp_path / "cats" / "cat.jpg"):
        path.write_bytes(png(picture(0)))
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "serve.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if "localhost:8000/" in line and re.match("curl|tar", line)]
    assert len(lines) == 2
    for line in lines:
        words = ["sh", "-c", line.replace("localhost:8000", process.address)]
        answer = json.loads(subprocess.run(words, cwd=tmp_path, capture_output=True, check=True, timeout=60).stdout)
        assert answer["label"] in CLASSES


def test_it_answers_closes_dawdlers_and_ends_after_the_last_answer(process):
    body, host = png(picture(0)), process.address.removeprefix("http://").split(":")
    dawdler = socket.create_connection((host[0], int(host[1])))
    dawdler.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    statuses, ended = [], threading.Event()

    def load():
        with httpx.Client(base_url=process.address) as client:
            while not ended.is_set():
                try:
                    statuses.append(client.post(CLASSIFY, content=body).status_code)
                except (httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError):  # closed: the port, or what had asked nothing yet
                    return

    clients = [threading.Thread(target=load) for _ in range(3)]
    for client in clients:
        client.start()
    while len(statuses) < 30:
        time.sleep(0.01)
    process.terminate()
    said = process.stderr.read()
    assert process.wait(30) == 0
    ended.set()
    for client in clients:
        client.join()
    assert set(statuses) == {200}
    assert "draining: answering for 0.2 s more" in said and "every admitted picture was answered" in said
    with dawdler:
        dawdler.settimeout(10)
        assert dawdler.recv(100) == b""


def test_answers_are_sent_without_delay():
    with bound("127.0.0.1", 0) as listening:
        assert sends_at_once(Door(listening, lambda: 0, set()))


def test_an_address_in_use_is_said():
    with bound("127.0.0.1", 0) as first:
        first.listen()
        with pytest.raises(ClearsightError, match=r"cannot listen at 127\.0\.0\.1:\d+: .*Choose another --port"):
            bound("127.0.0.1", first.getsockname()[1])
