"""What can be watched of a training is read in pieces, and without torch; what is torn or foreign is left out or refused."""

import json
import subprocess
import sys

import numpy as np
import pytest

from clearsight.base.errors import CorruptFile
from clearsight.runs import watched
from clearsight.runs.watched import Watched, epochs_of, file_of, lines_of, packed, watched_in


def test_lines_come_once_and_torn_ones_not_at_all(tmp_path):
    assert lines_of(tmp_path) == ([], 0) and lines_of(tmp_path, 7) == ([], 7)
    path = tmp_path / "live.jsonl"
    path.write_bytes(b'\n{"step": 1}\n{"step": 2}\n{"st')
    lines, at = lines_of(tmp_path)
    assert [line["step"] for line in lines] == [1, 2] and at == path.read_bytes().rfind(b"\n") + 1
    assert lines_of(tmp_path, at) == ([], at)
    with path.open("ab") as file:
        file.write(b'\n{"step": 3}\n[]\n\xff\n')  # after a kill
    lines, end = lines_of(tmp_path, at)
    assert lines == [{"step": 3}] and end == path.stat().st_size


def test_many_lines_are_read_a_piece_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(watched, "MOST", 64)
    (tmp_path / "live.jsonl").write_text("".join(json.dumps({"step": k}) + "\n" for k in range(50)))
    found, at = [], 0
    while (piece := lines_of(tmp_path, at))[0]:
        found, at = [*found, *piece[0]], piece[1]
    assert [line["step"] for line in found] == list(range(50))


def test_an_epoch_is_read_back(tmp_path):
    assert epochs_of(tmp_path) == []
    (tmp_path / "watch").mkdir()
    wanted = Watched(np.full((2, 3), 1 / 3, np.float32), np.ones((4, 1, 5, 5), np.float16))
    for epoch in (2, 10):
        (tmp_path / "watch" / file_of(epoch)).write_bytes(packed(wanted))
    (tmp_path / "watch" / "pictures.png").write_bytes(b"")
    assert epochs_of(tmp_path) == [2, 10]
    found = watched_in(tmp_path, 10)
    assert np.array_equal(found.probabilities, wanted.probabilities) and np.array_equal(found.filters, wanted.filters)
    with pytest.raises(FileNotFoundError):
        watched_in(tmp_path, 3)


@pytest.mark.parametrize("content", [b"", b"PK", packed(Watched(np.zeros(3, np.float32), np.zeros(0, np.float16)))])
def test_another_file_is_refused(content, tmp_path):
    (tmp_path / "watch").mkdir()
    (tmp_path / "watch" / file_of(1)).write_bytes(content)
    with pytest.raises(CorruptFile, match="is not what is watched"):
        watched_in(tmp_path, 1)


def test_it_needs_no_torch():
    code = "import sys; import clearsight.runs.watched; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
