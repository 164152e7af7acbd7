"""The worker's lines: ready, counts, what is done, what cannot be read, what is refused."""

import io
import json
from dataclasses import replace

from clearsight.batch.parquet import rows_of
from clearsight.batch.plan import plan
from clearsight.batch.task import Job, packed
from clearsight.batch.worker import serve


def lines(job, out, *tasks):
    replies = io.BytesIO()
    serve(io.BytesIO("".join(f"{line}\n" for line in (json.dumps({"out": str(out)}), packed(job), *map(packed, tasks))).encode()), replies)
    replies.seek(0)
    while line := replies.readline():
        found = json.loads(line)
        yield found, replies.read(found.get("length", 0))


def test_lines(model, tars, tmp_path):
    task = plan([str(tars / "train-0001.tar")], [])[0]
    gone = replace(task, shard=replace(task.shard, address=str(tmp_path / "gone.tar")))
    found = list(lines(Job(str(model), asked={"top": 1}), tmp_path / "out", task, replace(task, start=1, stop=3, tries=1), gone))
    kinds = [line["kind"] for line, _ in found]
    assert kinds[0] == "ready" and [kind for kind in kinds if kind not in ("ready", "at")] == ["done", "done", "unread"]
    (whole, nothing), (part, data) = [(line, data) for line, data in found if line["kind"] == "done"]
    assert whole["counts"]["pictures"] == 4 and nothing == b"" and (tmp_path / "out" / f"{task.key}.parquet").is_file()
    assert part["counts"]["pictures"] == 2 and [row["member"] for row in rows_of(data)] == ["11.png", "12.png"]
    assert {"kind": "at", "n": 0, "of": 4} in [line for line, _ in found]
    assert "gone.tar" in found[-1][0]["error"]


def test_what_is_refused(model, tars, tmp_path):
    ((line, _),) = lines(Job(str(tmp_path / "none")), tmp_path)
    assert (line["kind"], line["code"]) == ("refused", 2) and "no classifier" in line["error"]
    (tmp_path / "file").write_bytes(b"")
    *_, (line, _) = lines(Job(str(model)), tmp_path / "file", plan([str(tars / "train-0000.tar")], [])[0])
    assert line["kind"] == "refused" and "cannot write" in line["error"]
