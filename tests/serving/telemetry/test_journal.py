"""The log of unsure answers: off, private, bounded, and never in the way of an answer."""

import json
import os
from types import SimpleNamespace

import pytest

from clearsight.base.errors import ClearsightError
from clearsight.base.files import digest
from clearsight.serving.options import Options
from clearsight.serving.telemetry import journal
from clearsight.serving.telemetry.journal import Journal
from clearsight.serving.telemetry.metrics import Metrics

from ..conftest import CLASSIFY, on, picture, png


def logged(artefacts, bodies, path, **options):
    async def ask(here):
        return [(await here.client.post(CLASSIFY, content=body)).status_code for body in bodies], here.server.metrics

    statuses, metrics = on(ask, artefacts / "pets", log=path, **options)
    return statuses, [json.loads(line) for line in path.read_text().splitlines()], metrics


def test_unsure_answers_are_logged_and_sure_ones_are_not(artefacts, tmp_path):
    bodies = [png(picture(n)) for n in range(4)]
    statuses, rows, _ = logged(artefacts, bodies, tmp_path / "log", unsure=1.0)
    assert statuses == [200] * 4 and [row["unsure"][0] for row in rows] == ["confidence"] * 4
    assert {"when", "name", "unsure", "label", "top", "model", "precision"} <= rows[0].keys() and "picture" not in rows[0]
    assert os.stat(tmp_path / "log").st_mode & 0o077 == 0
    _, rows, _ = logged(artefacts, [*bodies, png(255 - picture(0))], tmp_path / "novel", unsure=0.0)
    assert rows[-1]["unsure"] == ["novelty"] and len(rows) < 4


def test_pictures_are_kept_where_asked_under_their_digest(artefacts, tmp_path):
    body = png(picture(0))
    _, rows, _ = logged(artefacts, [body, body], tmp_path / "log", unsure=1.0, pictures=tmp_path / "kept")
    assert [row["picture"] for row in rows] == [digest(body)] * 2
    assert [path.read_bytes() for path in (tmp_path / "kept").iterdir()] == [body]
    assert os.stat(tmp_path / "kept").st_mode & 0o077 == 0


def test_limits_and_full_disks_do_not_stop_answers(artefacts, tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "LOG_BYTES", 1000)
    monkeypatch.setattr(journal, "PICTURES_BYTES", 10)
    bodies = [png(picture(n)) for n in range(4)]
    statuses, rows, metrics = logged(artefacts, bodies, tmp_path / "log", unsure=1.0, pictures=tmp_path / "kept")
    assert statuses == [200] * 4 and len(rows) == 1 and not list((tmp_path / "kept").iterdir())
    assert b"clearsight_unlogged_total 3.0" in metrics.text()


def test_a_set_of_one_class_is_sure(tmp_path):
    kept = Journal(Options(log=tmp_path / "log"), Metrics())
    answer = SimpleNamespace(confidence=0.9, known=None, novelty=None, labels=("cat",))
    assert kept.reasons("pets", answer) == []
    answer.labels = ("cat", "dog")
    assert kept.reasons("pets", answer) == ["set"]
    answer.known = False
    assert kept.reasons("pets", answer) == ["novelty", "set"]
    kept.close()


def test_a_log_that_cannot_be_written_is_said_at_the_start(tmp_path):
    with pytest.raises(ClearsightError, match="cannot write the log"):
        Journal(Options(log=tmp_path / "none" / "log"), Metrics())


def test_the_trace_of_a_request_is_in_its_row_if_it_is_one(artefacts, tmp_path):
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    async def ask(here):
        for told in (trace, "x" * 55, trace.upper()):
            await here.client.post(CLASSIFY, content=png(picture(0)), headers={"traceparent": told})

    on(ask, artefacts / "pets", log=tmp_path / "log", unsure=1.0)
    assert [json.loads(line).get("traceparent") for line in (tmp_path / "log").read_text().splitlines()] == [trace, None, None]
