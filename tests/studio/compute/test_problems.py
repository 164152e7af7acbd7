"""Findings of `check` as groups of numbers."""

from clearsight.studio.compute.problems import KINDS, groups


def test_a_group_is_shown_once_as_the_gravest_kind_it_is():
    found = {kind.key: [] for kind in KINDS}
    found |= {"leaks": [["train/a", "test/a"]], "duplicates": [["train/a", "test/a"], ["b", "c"]], "tiny": ["b"], "blank": ["gone"]}
    found["unreadable"] = [{"source": "x", "reason": "it is empty"}]
    rows = {"train/a": 0, "test/a": 5, "b": 1, "c": 2, "x": 3}
    told = {one["kind"]: one for one in groups(found, rows)}
    assert list(told) == ["unreadable", "leaks", "duplicates", "tiny"]
    assert told["leaks"]["groups"] == [(0, 5)] and told["duplicates"]["groups"] == [(1, 2)] and told["tiny"]["groups"] == [(1,)]
    assert told["unreadable"]["reasons"] == {3: "it is empty"} and told["tiny"]["reasons"] == {}
