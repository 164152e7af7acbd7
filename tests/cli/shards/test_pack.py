"""`clearsight shards pack`: shards of a data set, and one line for what cannot be."""

import json

import pytest


def test_a_data_set_is_packed_and_named_by_its_shards(clearsight, tmp_path):
    said = clearsight("shards", "pack", "digits", "shards", "--size", "400KB", "--json", "-q")
    assert (said.code, said.err) == (0, "")
    found = json.loads(said.out)
    assert [shard["name"] for shard in found["shards"] if shard["part"] == "test"] == ["test-00000.tar", "test-00001.tar", "test-00002.tar"]
    again = clearsight("shards", "pack", "digits", "shards", "--size", "400KB")
    n = len(found["shards"])
    assert f"1,797 pictures of 10 classes in {n} shards, {n} of them from an earlier try" in again.out
    assert again.out.endswith("next  clearsight shards check shards\n")
    checked = clearsight("shards", "check", "shards")
    assert checked.code == 0
    assert "Every shard is whole.\n" in checked.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("digits", "out", "--size", "big"), "a size is a number of bytes, as in 256MB"),
        (("digits", "out", "--size", "1KB"), "at least 100,000 bytes"),
        (("none", "out"), "there is no data called 'none'"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(clearsight, words, says):
    said = clearsight("shards", "pack", *words)
    assert said.code == 2
    assert says in said.err
    assert said.err.count("\n") == 1
