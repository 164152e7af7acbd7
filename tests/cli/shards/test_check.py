"""`clearsight shards check`: exit code 1 and a line for each problem; `classify` takes shards as well."""

import json

from ...datasets.shards.tars import picture, samples, tar


def test_problems_are_lines_and_the_exit_code_is_1(clearsight, tmp_path):
    path = tar(tmp_path / "a.tar", {**samples(0, 3), "x.png": b"no picture", "x.cls": b"1"})
    said = clearsight("shards", "check", str(path))
    assert said.code == 1
    assert "problem: 1 pictures cannot be read, the first: cannot read a.tar/x.png" in said.out
    assert "Every shard is whole" not in said.out
    assert json.loads(clearsight("shards", "check", str(path), "--json", "-q").out)["pictures"] == 4
    path.write_bytes(path.read_bytes()[:600])
    said = clearsight("shards", "check", str(path))
    assert (said.code, said.out.count("problem: ")) == (1, 1)
    assert clearsight("shards", "check", "digits").code == 2


def test_pictures_in_shards_are_classified_by_shard_and_member(clearsight, exported, tmp_path):
    tar(tmp_path / "a.tar", {"cat/1.png": picture(1), "cat/2.png": b"no"})
    said = clearsight("classify", str(exported.folder), str(tmp_path / "a.tar"), "--json")
    rows = json.loads(said.out)
    assert [row["source"] for row in rows] == ["a.tar/cat/1.png", "a.tar/cat/2.png"]
    assert "label" in rows[0]
    assert said.code == 1
