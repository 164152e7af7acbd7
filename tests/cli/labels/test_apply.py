"""`clearsight labels apply`: what was decided, in a table that is DATA; mistakes are named."""

import json

from clearsight.datasets.decisions.journal import Decision, Journal
from clearsight.datasets.identity import identified
from clearsight.datasets.open import open_dataset
from tests.pictures import digit_folder


def test_apply(clearsight, tmp_path):
    root = digit_folder(tmp_path / "scans", per_class=6, classes=2)
    said = clearsight("labels", "apply", root)
    assert said.code == 2 and "there is no journal runs/scans-labels/journal.db: clearsight studio DATA makes one" in said.err
    data = identified(open_dataset(root), quiet=True)["all"]
    first, second = ((digest.decode(), str(name)) for digest, name in zip(data.digests[:2], data.names[:2], strict=True))
    made = [Decision("label", *first, "a\x1bb"), Decision("leave out", *second), Decision("keep", "gone", "gone.png")]
    Journal(tmp_path / "runs" / "scans-labels" / "journal.db").append(made)
    said = clearsight("labels", "apply", root)
    assert said.code == 0 and said.err == "" and "\x1b" not in said.out and "a\\x1bb" in said.out
    assert "1 labels changed, 1 pictures left out" in said.out and "no longer there: gone.png (keep)" in said.out
    found = json.loads(clearsight("labels", "apply", root, "--json", "--out", "mine.csv").out)
    assert (found["file"], found["pictures"], found["decisions"]["label"]) == ("mine.csv", 11, 1)
    assert found["no_longer_there"] == [{"picture": "gone.png", "kind": "keep", "label": ""}]
    assert len(open_dataset(tmp_path / "mine.csv")["all"]) == 11
    assert clearsight("check", tmp_path / "runs" / "scans-labels" / "corrected.csv", "--quiet").err == ""
